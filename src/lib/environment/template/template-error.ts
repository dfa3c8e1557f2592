import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** The word of a list that may have been meant; see closestWord. */
export type FindClosest = (written: string, words: readonly string[]) => string | undefined

const OTHER_BRACES = `Braces of another program are written {{ '{{' }}.`

interface NothingNamed {
  readonly expression: string
  readonly place: string
  /** All that could have been named. */
  readonly known: readonly string[]
  readonly findClosest: FindClosest
}

/** The error for a template that names nothing. Of the text around it nothing is shown: it may hold a secret. */
export function namesNothing({expression, findClosest, known, place}: NothingNamed): UsageError {
  const template = `{{ ${expression.slice(0, 100)} }}`
  const inEnvs = `envs.${expression.replace(/^(?:\$?envs?|process\.env)\./, '')}`
  const meant = known.includes(inEnvs) ? inEnvs : findClosest(expression, known)
  const hints = [...(meant === undefined ? [] : [`Did you mean {{ ${meant} }}?`]), adviceOn(expression), OTHER_BRACES]
  return new UsageError(`${printable(place)}: ${printable(template)} names nothing.`, {
    code: 'value-template',
    hint: printable(hints.join(' ')),
    data: {place, template},
  })
}

/** The error for `{{` without `}}`. */
export function unclosed(expression: string, place: string): UsageError {
  const template = `{{ ${expression.slice(0, 40)}`
  return new UsageError(`${printable(place)}: ${printable(template)} is never closed.`, {
    code: 'value-template',
    hint: `Close it with }}. ${OTHER_BRACES}`,
    data: {place, template},
  })
}

function adviceOn(expression: string): string {
  const tap = /^cli\.taps\.([\w-]+)\.path$/.exec(expression)?.[1]
  if (tap !== undefined) return `A tap is linked under that name by: keg tap link PATH --name ${tap}`
  const path = /^cli\.paths\.([\w-]+)$/.exec(expression)?.[1]
  if (path !== undefined) return `A path gets that name by: keg config set paths.${path} PATH`
  if (/^docker\.(?:namespace|providerUrl)$/.test(expression))
    return 'It is part of the setting registry: keg config set registry HOST/NAMESPACE'
  return 'It may be envs.NAME, cli.taps.NAME.path or cli.paths.NAME.'
}

/** The error for values that are made of each other. @param chain from the first one to where it closes */
export function circular(chain: readonly {readonly name: string; readonly place: string}[]): UsageError {
  const shown = chain.map(({name}) => name)
  const places = [...new Set(chain.map(({place}) => place).filter((place) => place !== ''))]
  const [first = ''] = places
  const isClosed = new Set(shown).size < shown.length
  const problem = isClosed ? 'is made of itself' : 'is made of too many others'
  return new UsageError(`${printable(first)}: ${shown[0] ?? ''} ${problem}: ${printable(shown.join(' -> '))}`, {
    code: 'value-template',
    hint: `Write one of them without a template. They stand in ${printable(places.join(', '))}.`,
    data: {place: first, chain: shown},
  })
}

/** The error for a text that grows beyond what a program can be given. */
export function tooLong(place: string, longest: number): UsageError {
  return new UsageError(`${printable(place)}: with its templates filled in it has more than ${longest} characters.`, {
    code: 'value-template',
    hint: 'No program could be given it. Look at what its templates name.',
    data: {place},
  })
}
