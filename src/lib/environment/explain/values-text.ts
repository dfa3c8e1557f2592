import {printable, shellLine} from '../../terminal/text.js'
import type {Origin} from '../values.js'
import type {ShownValue} from './tap-values.js'

const MASK = '***'

/** Lines that a shell can read: `NAME=VALUE`, secrets as comments, without what cannot be used. */
export function valuesText(values: readonly ShownValue[]): string {
  return values.flatMap(shellLines).join('\n')
}

function shellLines({name, problem, secret, value}: ShownValue): string[] {
  if (secret) return [`# ${name}=${MASK}`]
  return value === null || value === '' || problem !== null ? [] : [`${name}=${quoted(value)}`]
}

/** One value alone, as it is. */
export function valueText({secret, value}: ShownValue): string {
  return secret ? MASK : printable(value ?? '', {keepLines: true})
}

/** All that is known of each value: what it is, who says so, what that hides, what it means. */
export function explanationText(values: readonly ShownValue[]): string {
  return values.map(explanation).join('\n')
}

function explanation(value: ShownValue): string {
  const {hides, meaning, name, origin, otherwise, problem} = value
  return [
    `${name}${origin === null ? '' : `=${asText(value)}`}`,
    ...(origin === null ? [`  is set by nobody${otherwise === null ? '' : `; what counts then: ${otherwise}`}`] : []),
    ...(origin === null ? [] : [`  from ${placeOf(origin)}`]),
    ...hides.map((hidden) => `  hides ${asText({...value, value: hidden.value})} from ${placeOf(hidden.origin)}`),
    ...(problem === null ? [] : [`  cannot be used: ${printable(problem)}`]),
    `  ${meaning ?? (name.startsWith('KEG_') ? 'Nothing that keg knows.' : "One of the tap's own.")}`,
  ].join('\n')
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
