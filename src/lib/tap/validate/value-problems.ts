import {KegError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import type {Values} from '../../environment/values.js'
import type {FilePlace, TapFolder, TapProblem} from '../folder/tap-folder.js'

/**
 * What is wrong with the values that a tap's own files set, and with what is to be filled into its actions. What others set, such
 * as the shell, is no business of the files.
 */
export function valueProblems(files: TapFolder, values: Values): TapProblem[] {
  return [...templateProblems(files, values), ...doubts(files, values)]
}

function templateProblems({actions, dotenv, values: written}: TapFolder, values: Values): TapProblem[] {
  // Of several files the highest decides what a value is.
  const highest = new Map([...written, ...(dotenv === undefined ? [] : [dotenv])].flatMap((file) => [...file.values]))
  const ofValues = [...highest].flatMap(([name, place]) => {
    if (!isAt(place, values.origin(name)?.place ?? '')) return []
    // Other values are for programs and dependencies that need not be on each machine.
    return attempt(place, /^(KEG|DOC)_/.test(name) ? 'error' : 'warning', () => values.text(name))
  })
  const ofActions = [...actions.values()].flatMap((action) =>
    [...action.commands, action.location ?? ''].flatMap((text) =>
      attempt(action, 'error', () => values.expand(text, placeText(action))),
    ),
  )
  return [...ofValues, ...ofActions]
}

/** Runs what needs a text whole, and takes its error for a problem of the place. */
function attempt(place: FilePlace, severity: TapProblem['severity'], work: () => unknown): TapProblem[] {
  try {
    work()
    return []
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    // The error itself says where, as long as nobody else does.
    const message = error.message.replace(/^[^\n]*?:\d+(:\d+)?: /, '')
    const isCircular = property(error.data, 'chain') !== undefined
    return [problemAt(place, isCircular ? 'error' : severity, message, error.hint ?? '')]
  }
}

/** What the resolver warns of, where it names a place of the tap's files. */
function doubts({dotenv, values: written}: TapFolder, {warnings}: Values): TapProblem[] {
  const places = [...written, ...(dotenv === undefined ? [] : [dotenv])].flatMap(({values}) => [...values.values()])
  return warnings.flatMap((warning) => {
    const place = places.find((each) => isAt(each, warning))
    if (place === undefined) return []
    // The line begins with the place already.
    const said = [` It is set in ${placeText(place)}.`, ` (${placeText(place)})`]
    return [
      problemAt(
        place,
        'warning',
        said.reduce((text, part) => text.replace(part, ''), warning),
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
