import {MAX_API_VERSION, MIN_API_VERSION, type Engine} from '../engine/engine.js'
import {endpointText} from '../engine/engine-error.js'
import type {Endpoint} from '../engine/endpoint.js'
import type {EngineVersion} from '../engine/types.js'
import {property} from '../json/json.js'
import {storeTraits} from '../image/store/store-traits.js'
import {commandLine} from '../terminal/command-line.js'
import {count, printable} from '../terminal/text.js'
import {findingOf, type Finding} from './check.js'
import {withoutEngine, type Connection} from './connection.js'
import {findAdvisories, ADVISORIES_AS_OF, fixedVersions, type FoundAdvisory} from './advisories.js'
import {installLine, startLine, type System} from '../process/system.js'
import {isOlder} from '../process/version.js'
import type {Work} from '../work/work.js'

export interface EngineCheckOptions {
  readonly connection: Connection
  /** Where the engine should be; undefined if even that is unknown. */
  readonly endpoint: Endpoint | undefined
  readonly system: System
}

/** The engine: its address, its version, and whether keg supports it. */
export async function checkEngine(work: Pick<Work, 'environment'>, options: EngineCheckOptions): Promise<Finding> {
  const {connection} = options
  if (connection.engine === undefined) return noEngine(work, connection.error, options)
  return engineFinding(connection.engine, connection.engine.facts.version)
}

/** The engine's version, and whether keg supports it. */
export function engineFinding(
  {endpoint, imageStore, securityOptions}: Pick<Engine, 'endpoint' | 'imageStore' | 'securityOptions'>,
  {ApiVersion, MinAPIVersion = ApiVersion, Version}: EngineVersion,
): Finding {
  const {losesRemappedBits, title} = storeTraits({imageStore})
  const isRootless = securityOptions.some((option) => option.startsWith('name=rootless'))
  const isRemapped = securityOptions.some((option) => option.startsWith('name=userns'))
  const address = endpointText(endpoint)
  const apiVersion = isOlder(ApiVersion, MAX_API_VERSION) ? ApiVersion : MAX_API_VERSION
  const detail = [
    `${Version} at ${address} (${endpoint.origin})`,
    `API ${MinAPIVersion} to ${ApiVersion}, keg speaks ${apiVersion}`,
    title,
    ...(isRootless ? ['rootless'] : []),
    ...(isRemapped ? ['userns-remap'] : []),
  ]
  const data = {
    address,
    origin: endpoint.origin,
    version: Version,
    api: {engine: [MinAPIVersion, ApiVersion], keg: [MIN_API_VERSION, MAX_API_VERSION], spoken: apiVersion},
    imageStore,
    rootless: isRootless,
    userns: isRemapped,
  }
  const found = {detail: printable(detail.join(', ')), data}
  if (isOlder(MAX_API_VERSION, MinAPIVersion))
    return {
      ...found,
      status: 'problem',
      detail: `${found.detail}: too new for this keg`,
      remedy: `npm install --global @keg/cli && ${commandLine`keg plugins update`}`,
    }
  if (isRemapped)
    return {
      ...found,
      status: 'notice',
      ...(losesRemappedBits
        ? {
            notes: ['keg packages no container of it: with the containerd image store its commits lose setuid bits'],
            remedy: 'Use an engine without userns-remap, or one with userns-remap and the storage driver overlay2.',
          }
        : {
            notes: ['keg packages no container of it that was started with --userns=host: its commit would lose files'],
            remedy: 'Start containers that are to be packaged without --userns=host.',
          }),
    }
  return {...found, status: 'ok'}
}

async function noEngine(
  {environment}: Pick<Work, 'environment'>,
  error: unknown,
  {endpoint, system}: Omit<EngineCheckOptions, 'connection'>,
): Promise<Finding> {
  const finding: Finding = {...findingOf(error), status: 'missing'}
  const code = property(finding.data, 'error')
  if (code === 'engine-denied') return {...finding, remedy: 'sudo usermod -aG docker "$USER", then log in again'}
  // If the user set another address, installing an engine here would not help.
  const isUsual = endpoint?.selection.DOCKER_CONTEXT === 'default'
  if (code !== 'engine-unreachable' || !isUsual) return finding
  return {...finding, remedy: (await startLine(environment, system)) ?? installLine('engine', system)}
}

/** Known vulnerabilities of the engine, by the versions of its parts: good to know, but no failure. */
export function checkAdvisories(connection: Connection): Finding {
  if (connection.engine === undefined) return withoutEngine
  const {info, version} = connection.engine.facts
  const components = version.Components ?? [{Name: 'Engine', Version: version.Version}]
  const authorizationPlugins = (info.Plugins?.Authorization ?? []).length > 0
  return advisoriesFinding(findAdvisories(components, {authorizationPlugins}))
}

export function advisoriesFinding(found: readonly FoundAdvisory[]): Finding {
  if (found.length === 0)
    return {status: 'ok', detail: `none that keg knows of (list of ${ADVISORIES_AS_OF})`, data: {advisories: []}}
  const components = [...new Map(found.map(({advisory, version}) => [advisory.component, version]))]
  const parts = components.map(([component, version]) => `${component} ${version}`)
  const patched = found.some(({mayBePatched}) => mayBePatched) ? '; the distribution may have fixed them in it' : ''
  const versions = [...fixedVersions(found)].map(([component, version]) => `${component} to ${version}`)
  return {
    status: 'notice',
    detail: printable(
      `${count(found.length, 'advisory applies', 'advisories apply')} to ${parts.join(', ')}, by version${patched}`,
    ),
    notes: found.map(({advisory}) => `${advisory.ids.join(', ')}: ${advisory.meaning}`),
    remedy: `Update ${versions.join(', ')} or newer: https://docs.docker.com/engine/install/`,
    data: {
      advisories: found.map(({fixed, advisory, mayBePatched, version}) => {
        const {component, ids, meaning, source} = advisory
        return {ids, component, version, fixed, mayBePatched, meaning, source}
      }),
    },
  }
}
