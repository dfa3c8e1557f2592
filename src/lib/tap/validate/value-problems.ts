import {KegError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import type {Values} from '../../values/values.js'
import type {FilePlace, TapFolder, TapProblem} from '../../tap-folder/model.js'

/**
 * Problems of the values that a tap's own files set, and of the templates in its actions. Values from elsewhere, such as the
 * shell, are not the files' problem.
 */
export function valueProblems(files: TapFolder, values: Values): TapProblem[] {
  return [...templateProblems(files, values), ...warningProblems(files, values)]
}

function templateProblems({actions, dotenv, values: written}: TapFolder, values: Values): TapProblem[] {
  // The highest of several files decides the value.
  const highest = new Map([...written, ...(dotenv === undefined ? [] : [dotenv])].flatMap((file) => [...file.values]))
  const ofValues = [...highest].flatMap(([name, place]) => {
    if (!isAt(place, values.origin(name)?.place ?? '')) return []
    // Other values are for programs and dependencies that need not exist on each machine.
    return attempt(place, /^(KEG|DOC)_/.test(name) ? 'error' : 'warning', () => values.text(name))
  })
  const ofActions = [...actions.values()].flatMap((action) =>
    [...action.commands, action.location ?? ''].flatMap((text) =>
      attempt(action, 'error', () => values.expand(text, placeText(action))),
    ),
  )
  return [...ofValues, ...ofActions]
}

/** Runs work that fails for an invalid text, and turns its error into a problem at that place. */
function attempt(place: FilePlace, severity: TapProblem['severity'], work: () => unknown): TapProblem[] {
  try {
    work()
    return []
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    // The error's own place is removed.
    const message = error.message.replace(/^[^\n]*?:\d+(:\d+)?: /, '')
    const isCircular = property(error.data, 'chain') !== undefined
    return [problemAt(place, isCircular ? 'error' : severity, message, error.hint ?? '')]
  }
}

/** The resolver's warnings about places in the tap's files. */
function warningProblems({dotenv, values: written}: TapFolder, {warnings}: Values): TapProblem[] {
  const places = [...written, ...(dotenv === undefined ? [] : [dotenv])].flatMap(({values}) => [...values.values()])
  return warnings.flatMap((warning) => {
    const place = places.find((each) => isAt(each, warning))
    if (place === undefined) return []
    // The line already begins with the place.
    const placeSuffixes = [` It is set in ${placeText(place)}.`, ` (${placeText(place)})`]
    return [
      problemAt(
        place,
        'warning',
        placeSuffixes.reduce((text, part) => text.replace(part, ''), warning),
        '',
      ),
    ]
  })
}

function isAt(place: FilePlace, text: string): boolean {
  const shown = placeText(place)
  const start = text.indexOf(shown)
  return start !== -1 && !/\d/.test(text[start + shown.length] ?? '')
}

function placeText({file, line}: FilePlace): string {
  return `${file}:${line}`
}

function problemAt(
  {column, file, line}: FilePlace,
  severity: TapProblem['severity'],
  message: string,
  hint: string,
): TapProblem {
  return {file, line, column, severity, message, hint}
}
