import {UsageError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {cutColumns} from '../../terminal/columns.js'
import {printable} from '../../terminal/text.js'

/** Returns the similar word of a list, if any; see closestWord. */
export type FindClosest = (typed: string, words: readonly string[]) => string | undefined

const OTHER_BRACES = `Braces of another program are written {{ '{{' }}.`

interface NotDefinedOptions {
  readonly expression: string
  readonly place: string
  /** All names that exist. */
  readonly known: readonly string[]
  readonly findClosest: FindClosest
}

/** The error for a template with an unknown name. Shows nothing of the text around it, which can be secret. */
export function notDefined({expression, findClosest, known, place}: NotDefinedOptions): UsageError {
  const template = `{{ ${cutColumns(expression, 100)} }}`
  const inEnvs = `envs.${expression.replace(/^(?:\$?envs?|process\.env)\./, '')}`
  const closest = known.includes(inEnvs) ? inEnvs : findClosest(expression, known)
  const hints = [
    ...(closest === undefined ? [] : [`Did you mean {{ ${closest} }}?`]),
    OTHER_BRACES,
    hintFor(expression),
  ]
  return new UsageError(`${printable(place)}: ${printable(template)} is not defined.`, {
    code: 'value-template',
    hint: printable(hints.join(' ')),
    data: {place, template},
  })
}

/** The error for `{{` without `}}`. */
export function unclosed(expression: string, place: string): UsageError {
  const template = `{{ ${cutColumns(expression, 40)}`
  return new UsageError(`${printable(place)}: ${printable(template)} is never closed.`, {
    code: 'value-template',
    hint: `Close it with }}. ${OTHER_BRACES}`,
    data: {place, template},
  })
}

function hintFor(expression: string): string {
  const tap = /^cli\.taps\.([\w-]+)\.path$/.exec(expression)?.[1]
  if (tap !== undefined) return `Link a tap under that name with: ${commandLine`keg tap link PATH --name ${tap}`}`
  const path = /^cli\.paths\.([\w-]+)$/.exec(expression)?.[1]
  if (path !== undefined) return `Set a path of that name with: ${commandLine`keg config set paths.${path} PATH`}`
  if (/^docker\.(?:namespace|providerUrl)$/.test(expression))
    return `It is part of the setting registry. Set it with: ${commandLine`keg config set registry HOST/NAMESPACE`}`
  return 'It may be envs.NAME, cli.taps.NAME.path or cli.paths.NAME.'
}

/** The error for values that contain each other. @param chain from the first one to where it closes */
export function circular(chain: readonly {readonly name: string; readonly place: string}[]): UsageError {
  const shown = chain.map(({name}) => name)
  const places = [...new Set(chain.map(({place}) => place).filter((place) => place !== ''))]
  const [first = ''] = places
  const isClosed = new Set(shown).size < shown.length
  const problem = isClosed ? 'refers to itself' : 'refers to too many others'
  return new UsageError(`${printable(first)}: ${shown[0] ?? ''} ${problem}: ${printable(shown.join(' -> '))}`, {
    code: 'value-template',
    hint: `Write one of them without a template. They stand in ${printable(places.join(', '))}.`,
    data: {place: first, chain: shown},
  })
}

/** The error for a text longer than a variable can be. */
export function tooLong(place: string, maxLength: number): UsageError {
  return new UsageError(`${printable(place)}: with its templates filled in it has more than ${maxLength} characters.`, {
    code: 'value-template',
    hint: 'That is too long for a program. Check what its templates refer to.',
    data: {place},
  })
}
