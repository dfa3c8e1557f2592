import {FailedError} from '../../error/keg-error.js'
import {parseJson} from '../../json/json.js'

/** One service, as `docker compose config --format json` writes it; what keg does not look at is handed on as it is. */
export type ComposeService = Readonly<Record<string, unknown>>

/** A whole model, with its paths absolute and its variables filled in, so that a `$` in it is written as `$$`. */
export interface ComposeModel {
  readonly services: Readonly<Record<string, ComposeService>>
  readonly networks?: Readonly<Record<string, unknown>>
  readonly [section: string]: unknown
}

/** A port that a service publishes. */
export interface ComposePort {
  readonly target: number
  /** A number, a range of them, or undefined for any. */
  readonly published: string | undefined
  readonly address: string | undefined
  readonly protocol: string
  /** What compose says of it besides. */
  readonly rest: Readonly<Record<string, unknown>>
}

/** @throws FailedError `compose-answer-invalid` for what is no model */
export function readModel(text: string): ComposeModel {
  const model = parseJson(text)
  if (!isRecord(model)) throw answerInvalid()
  // Compose writes neither where there are none.
  const {networks = {}, services = {}} = model
  if (!isRecord(services) || !isRecord(networks)) throw answerInvalid()
  const checked = Object.entries(services).map(([name, service]): [string, ComposeService] => {
    if (!isRecord(service)) throw answerInvalid()
    return [name, service]
  })
  return {...model, networks, services: Object.fromEntries(checked)}
}

/** The model with one service changed. */
export function withService(model: ComposeModel, name: string, changes: ComposeService): ComposeModel {
  const service = definedOnly({...model.services[name], ...changes})
  return {...model, services: {...model.services, [name]: service}}
}

/** The ports of a service; what is no port is passed over. */
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

/** A port as compose reads it. */
export function composePort({address, protocol, published, rest, target}: ComposePort): Record<string, unknown> {
  return definedOnly({...rest, target, published, host_ip: address, protocol})
}

/** A service's names and values, such as its labels or its environment; one without a value has null. */
export function mappingOf(service: ComposeService, key: string): Record<string, string | null> {
  const mapping = service[key]
  if (!isRecord(mapping)) return {}
  return Object.fromEntries(
    Object.entries(mapping).map(([name, value]) => [name, isScalar(value) ? String(value) : null]),
  )
}

/** The text that a key of a service has. */
export function textOf(service: ComposeService | undefined, key: string): string | undefined {
  const value = service?.[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A text that compose reads as it is, variables and all. */
export function literal(text: string): string {
  return text.replaceAll('$', '$$$$')
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isScalar(value: unknown): value is boolean | number | string {
  return ['boolean', 'number', 'string'].includes(typeof value)
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}

function definedOnly(record: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
}

function answerInvalid(): FailedError {
  return new FailedError('docker compose config gave no model that keg can read.', {
    code: 'compose-answer-invalid',
    hint: 'Look at what it gives: docker compose config --format json. Update Docker Compose where it is old.',
  })
}
