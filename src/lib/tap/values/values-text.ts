import {printable, shellLine} from '../../terminal/text.js'
import {wrapText} from '../../terminal/wrap-text.js'
import type {Origin} from '../../values/values.js'
import type {ShownValue} from './tap-values.js'

const MASK = '***'

/** Lines that a shell can read: `NAME=VALUE`, secrets as comments, without unusable ones. */
export function valuesText(values: readonly ShownValue[]): string {
  return values.flatMap(shellLines).join('\n')
}

function shellLines({name, problem, secret, value}: ShownValue): string[] {
  if (secret) return [`# ${name}=${MASK}`]
  return value === null || value === '' || problem !== null ? [] : [`${name}=${quoted(value)}`]
}

/** A single value, unchanged. */
export function valueText({secret, value}: ShownValue): string {
  return secret ? MASK : printable(value ?? '', {keepLines: true})
}

/**
 * Everything about each value: the value, where it is set, what it overrides, its purpose.
 * @param width columns of the terminal, except for the values themselves; undefined for no limit
 */
export function explanationText(values: readonly ShownValue[], width: number | undefined): string {
  return values.map((value) => explanation(value, width)).join('\n')
}

function explanation(value: ShownValue, width: number | undefined): string {
  const {hides, meaning, name, origin, otherwise, problem} = value
  const notes = [
    ...(origin === null ? [`  is not set${otherwise === null ? '' : `; the default is: ${otherwise}`}`] : []),
    ...(origin === null ? [] : [`  from ${placeOf(origin)}`]),
    ...hides.map((hidden) => `  overrides ${asText({...value, value: hidden.value})} from ${placeOf(hidden.origin)}`),
    ...(problem === null ? [] : [`  cannot be used: ${printable(problem)}`]),
    `  ${meaning ?? (name.startsWith('KEG_') ? 'Not known to keg.' : 'A value of the tap itself.')}`,
  ]
  const head = `${name}${origin === null ? '' : `=${asText(value)}`}`
  return [head, ...notes.flatMap((note) => wrapText(note, width, {keepsWords: true}))].join('\n')
}

function asText({secret, value}: Pick<ShownValue, 'secret' | 'value'>): string {
  return secret ? MASK : quoted(value ?? '')
}

function quoted(text: string): string {
  return text === '' ? '' : printable(shellLine([text]), {keepLines: true})
}

function placeOf({kind, place}: Origin): string {
  if (kind === 'environment') return 'the environment'
  return kind === 'default' && place === 'keg' ? "keg's own default" : printable(place)
}
