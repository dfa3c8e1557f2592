import {FailedError} from '../error/keg-error.js'
import {commandLine} from '../terminal/command-line.js'
import {parseJson} from '../json/json.js'

/** One service, as `docker compose config --format json` prints it; fields that keg does not use are kept. */
export type ComposeService = Readonly<Record<string, unknown>>

/** A whole model, with absolute paths and interpolated variables, so that a literal `$` is written `$$`. */
export interface ComposeModel {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks?: Readonly<Record<string, unknown>>
  readonly [section: string]: unknown
}

/** A published port of a service. */
export interface ComposePort {
  readonly target: number
  /** A number, a range, or undefined for any. */
  readonly published: string | undefined
  readonly address: string | undefined
  readonly protocol: string
  /** Its other fields. */
  readonly rest: Readonly<Record<string, unknown>>
}

/** @throws FailedError `compose-answer-invalid` if it is not a model */
export function readModel(text: string): ComposeModel {
  const model = parseJson(text)
  if (!isRecord(model)) throw answerInvalid()
  // Compose omits empty ones.
  const {networks = {}, services = {}} = model
  if (!isRecord(services) || !isRecord(networks)) throw answerInvalid()
  const checked = Object.entries(services).map(([name, service]): [string, ComposeService] => {
    if (!isRecord(service)) throw answerInvalid()
    return [name, service]
  })
  return {...model, networks, services: Object.fromEntries(checked)}
}

/** A copy of the model with one service changed. */
export function withService(model: ComposeModel, name: string, changes: ComposeService): ComposeModel {
  const service = definedOnly({...model.services[name], ...changes})
  return {...model, services: {...model.services, [name]: service}}
}

/** The ports of a service; skips what is not a port. */
export function portsOf(service: ComposeService): ComposePort[] {
  return listOf(service.ports).flatMap((port): ComposePort[] => {
    if (!isRecord(port)) return []
    const {host_ip: address, protocol, published, target, ...rest} = port
    if (typeof target !== 'number') return []
    return [
      {
        target,
        published: typeof published === 'string' || typeof published === 'number' ? String(published) : undefined,
        address: typeof address === 'string' ? address : undefined,
        protocol: typeof protocol === 'string' ? protocol : 'tcp',
        rest,
      },
    ]
  })
}

/** A port in compose's form. */
export function composePort({address, protocol, published, rest, target}: ComposePort): Record<string, unknown> {
  return definedOnly({...rest, target, published, host_ip: address, protocol})
}

/** A mapping of a service, such as its labels or environment; a name without a value has null. */
export function mappingOf(service: ComposeService, key: string): Record<string, string | null> {
  const mapping = service[key]
  if (!isRecord(mapping)) return {}
  return Object.fromEntries(
    Object.entries(mapping).map(([name, value]) => [name, isScalar(value) ? String(value) : null]),
  )
}

/** The text value of a service's key. */
export function textOf(service: ComposeService | undefined, key: string): string | undefined {
  const value = service?.[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The services that others depend on only with `required: false`. */
export function optionalServices({services}: ComposeModel): ReadonlySet<string> {
  const wanted = Object.values(services).flatMap(({depends_on: written}) =>
    isRecord(written) ? Object.entries(written) : [],
  )
  const isNeeded = (name: string): boolean =>
    wanted.some(([other, how]) => other === name && !(isRecord(how) && how.required === false))
  return new Set(wanted.flatMap(([name]) => (isNeeded(name) ? [] : [name])))
}

/**
 * The model without dependencies on missing services, such as those of inactive profiles. Compose ignores a missing one with
 * `required: false`, but refuses it when it reads the output of `docker compose config`.
 */
export function withoutAbsentDependencies(model: ComposeModel): ComposeModel {
  const services = Object.entries(model.services).map(([name, service]): [string, ComposeService] => {
    const {depends_on: written} = service
    if (!isRecord(written)) return [name, service]
    const there = Object.entries(written).filter(
      ([other, how]) => other in model.services || !(isRecord(how) && how.required === false),
    )
    return [name, {...service, depends_on: Object.fromEntries(there)}]
  })
  return {...model, services: Object.fromEntries(services)}
}

/** Escapes a text so that compose does not interpolate it. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$')
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isScalar(value: unknown): value is boolean | number | string {
  return ['boolean', 'number', 'string'].includes(typeof value)
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function definedOnly(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

function answerInvalid(): FailedError {
  return new FailedError('keg cannot read the output of docker compose config.', {
    code: 'compose-answer-invalid',
    hint: `Docker Compose may be too old or broken: install a current release. Check it with: ${commandLine`keg doctor`}`,
  })
}
