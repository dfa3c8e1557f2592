import {posix} from 'node:path'
import {listProperty, property} from '../../json/json.js'
import {isDigest} from '../../reference/reference.js'
import {CONDITIONS, PROTOCOLS, type ProjectModel, type ProjectService, type ServiceVolume} from './model.js'

/** More than anybody reviews at once. */
const MAX_SERVICES = 100
const MAX_ITEMS = 200
const MAX_REPLICAS = 100

/** As compose allows them (compose-spec, schema/compose-spec.json). */
const PROJECT = /^[a-z0-9][a-z0-9_-]{0,127}$/
const SERVICE = /^[a-zA-Z0-9._-]{1,128}$/
/** As engines allow names of volumes and networks. */
const RESOURCE = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/
/** Names of hosts, and those with underscores that compose allows. */
const ALIAS = /^[a-z0-9_](?:[a-z0-9_.-]{0,252})$/i
/** OCI image-spec, image-index.md, `platform`. */
const PLATFORM = /^[a-z0-9]{1,32}(?:\/[a-z0-9._]{1,32}){1,2}$/
const RESTARTS: readonly unknown[] = ['always', 'unless-stopped', 'on-failure']

/**
 * Reads the model of a project package, which anybody can have written: only what fits the schema, and nothing that would give rights on
 * the host. What is not in the schema is ignored.
 * @returns undefined if it is no such model
 */
export function readProjectModel(value: unknown): ProjectModel | undefined {
  const name = property(value, 'name')
  const services = namedEntries(property(value, 'services'), SERVICE)
  const networks = namedEntries(property(value, 'networks'), RESOURCE)
  const volumes = namedEntries(property(value, 'volumes'), RESOURCE)
  if (typeof name !== 'string' || !PROJECT.test(name)) return undefined
  if (services === undefined || services.length === 0 || services.length > MAX_SERVICES) return undefined
  if (networks === undefined || volumes === undefined) return undefined
  const known: Known = {
    services: new Set(services.map(([each]) => each)),
    networks: new Set(networks.map(([each]) => each)),
    volumes: new Set(volumes.map(([each]) => each)),
  }
  const read = services.map(([each, service]) => [each, readService(service, known)] as const)
  if (!read.every((entry): entry is [string, ProjectService] => entry[1] !== undefined)) return undefined
  return {
    name,
    services: Object.fromEntries(read),
    networks: Object.fromEntries(
      networks.map(([each, network]) => [each, property(network, 'internal') === true ? {internal: true} : {}]),
    ),
    volumes: Object.fromEntries(volumes.map(([each]) => [each, {}])),
  }
}

/** The names that a service can refer to. */
interface Known {
  readonly services: ReadonlySet<string>
  readonly networks: ReadonlySet<string>
  readonly volumes: ReadonlySet<string>
}

function readService(value: unknown, known: Known): ProjectService | undefined {
  const [image, platform, scale] = ['image', 'platform', 'scale'].map((name) => property(value, name))
  const [restart, mode] = [property(value, 'restart'), property(value, 'network_mode')]
  if (typeof image !== 'string' || !isDigest(image) || typeof platform !== 'string' || !PLATFORM.test(platform))
    return undefined
  if (scale !== undefined && !isWhole(scale, 1, MAX_REPLICAS)) return undefined
  if (restart !== undefined && !RESTARTS.includes(restart)) return undefined
  if (mode !== undefined && !isNetworkMode(mode, known)) return undefined
  const dependencies = namedEntries(property(value, 'depends_on') ?? {}, SERVICE)
  const networks = namedEntries(property(value, 'networks') ?? {}, RESOURCE)
  const ports = listProperty(value, 'ports').map(readPort)
  const volumes = listProperty(value, 'volumes').map((volume) => readVolume(volume, known))
  const areKnown =
    dependencies?.every(([name]) => known.services.has(name)) === true &&
    networks?.every(([name]) => known.networks.has(name)) === true
  if (!areKnown || ports.length > MAX_ITEMS || volumes.length > MAX_ITEMS) return undefined
  const readDependencies = dependencies.map(([name, how]) => [name, readCondition(how)] as const)
  const readNetworks = networks.map(([name, network]) => [name, readNetwork(network)] as const)
  const isComplete = [...ports, ...volumes, ...[...readDependencies, ...readNetworks].map(([, part]) => part)].every(
    (part) => part !== undefined,
  )
  if (!isComplete) return undefined
  return {
    image,
    platform,
    ...(scale !== undefined && {scale}),
    ...(typeof restart === 'string' && {restart}),
    ...(typeof mode === 'string' && {network_mode: mode}),
    depends_on: Object.fromEntries(defined(readDependencies)),
    networks: Object.fromEntries(defined(readNetworks)),
    ports: ports.filter((port) => port !== undefined),
    volumes: volumes.filter((volume) => volume !== undefined),
  }
}

function defined<Value>(entries: readonly (readonly [string, Value | undefined])[]): (readonly [string, Value])[] {
  return entries.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

function readCondition(value: unknown): NonNullable<ProjectService['depends_on']>[string] | undefined {
  const condition = CONDITIONS.find((each) => each === property(value, 'condition'))
  return condition && {condition}
}

function readNetwork(value: unknown): NonNullable<ProjectService['networks']>[string] | undefined {
  const aliases = listProperty(value, 'aliases')
  if (aliases.length > MAX_ITEMS || !aliases.every((alias) => typeof alias === 'string' && ALIAS.test(alias)))
    return undefined
  return aliases.length === 0 ? {} : {aliases: aliases as readonly string[]}
}

function readPort(value: unknown): NonNullable<ProjectService['ports']>[number] | undefined {
  const target = property(value, 'target')
  const protocol = PROTOCOLS.find((each) => each === property(value, 'protocol'))
  return protocol === undefined || !isWhole(target, 1, 65_535) ? undefined : {target, protocol}
}

function readVolume(value: unknown, {volumes}: Known): ServiceVolume | undefined {
  const [type, source, target] = ['type', 'source', 'target'].map((name) => property(value, name))
  if (type !== 'volume' || typeof source !== 'string' || !volumes.has(source)) return undefined
  const isPath =
    typeof target === 'string' &&
    /^\/[^\u0000-\u001f:]+$/.test(target) &&
    posix.normalize(target) === target &&
    target !== '/'
  if (!isPath) return undefined
  return {
    ...{type, source, target},
    ...(property(value, 'read_only') === true && {read_only: true}),
    ...(property(property(value, 'volume'), 'nocopy') === true && {volume: {nocopy: true}}),
  }
}

function isNetworkMode(mode: unknown, {services}: Known): boolean {
  if (mode === 'none') return true
  return typeof mode === 'string' && mode.startsWith('service:') && services.has(mode.slice('service:'.length))
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
}

/** The entries of an object whose names fit; undefined if it is none, or one does not. */
function namedEntries(value: unknown, names: RegExp): (readonly [string, unknown])[] | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  return entries.length <= MAX_ITEMS && entries.every(([name]) => names.test(name)) ? entries : undefined
}
