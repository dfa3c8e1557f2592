import {NEWEST_API, OLDEST_API, type Engine} from '../engine/engine.js'
import {placeOf} from '../engine/engine-error.js'
import type {Endpoint} from '../engine/endpoint.js'
import type {EngineVersion} from '../engine/types.js'
import {property} from '../json/json.js'
import {printable} from '../terminal/text.js'
import {problemOf, type Finding} from './check.js'
import {withoutEngine, type Connection} from './connection.js'
import {findHoles, HOLES_AS_OF, mendedVersions, type FoundHole} from './known-holes.js'
import {installLine, startLine, type System} from './system.js'
import {isOlder} from './version.js'

export interface EngineCheckOptions {
  readonly connection: Connection
  /** Where it would be; undefined where even that is not clear. */
  readonly endpoint: Endpoint | undefined
  readonly environment: NodeJS.ProcessEnv
  readonly system: System
}

/** The engine: where it was found, what it is, and whether keg understands it. */
export async function checkEngine(options: EngineCheckOptions): Promise<Finding> {
  const {connection} = options
  if (connection.engine === undefined) return noEngine(connection.error, options)
  return judgeEngine(connection.engine, connection.engine.facts.version)
}

/** What an engine is, and whether keg understands it. */
export function judgeEngine(
  {endpoint, imageStore, securityOptions}: Pick<Engine, 'endpoint' | 'imageStore' | 'securityOptions'>,
  {ApiVersion, MinAPIVersion = ApiVersion, Version}: EngineVersion,
): Finding {
  const isRootless = securityOptions.some((option) => option.startsWith('name=rootless'))
  const isRemapped = securityOptions.some((option) => option.startsWith('name=userns'))
  const address = placeOf(endpoint)
  const spoken = isOlder(ApiVersion, NEWEST_API) ? ApiVersion : NEWEST_API
  const detail = [
    `${Version} at ${address} (${endpoint.origin})`,
    `API ${MinAPIVersion} to ${ApiVersion}, keg speaks ${spoken}`,
    imageStore === 'containerd' ? 'containerd image store' : 'classic image store',
    ...(isRootless ? ['rootless'] : []),
    ...(isRemapped ? ['userns-remap'] : []),
  ]
  const data = {
    address,
    origin: endpoint.origin,
    version: Version,
    api: {engine: [MinAPIVersion, ApiVersion], keg: [OLDEST_API, NEWEST_API], spoken},
    imageStore: imageStore,
    rootless: isRootless,
    userns: isRemapped,
  }
  const found = {detail: printable(detail.join(', ')), data}
  if (isOlder(NEWEST_API, MinAPIVersion))
    return {
      ...found,
      status: 'problem',
      detail: `${found.detail}: too new for this keg`,
      remedy: 'npm install --global @keg/cli && keg plugins update',
    }
  if (isRemapped)
    return {
      ...found,
      status: 'notice',
      ...(imageStore === 'containerd'
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
  error: unknown,
  {endpoint, environment, system}: Omit<EngineCheckOptions, 'connection'>,
): Promise<Finding> {
  const finding: Finding = {...problemOf(error), status: 'missing'}
  const code = property(finding.data, 'error')
  if (code === 'engine-denied') return {...finding, remedy: 'sudo usermod -aG docker "$USER", then log in again'}
  // Where somebody said where the engine is, another one here would not help.
  const isUsual = endpoint?.selection.DOCKER_CONTEXT === 'default'
  if (code !== 'engine-unreachable' || !isUsual) return finding
  return {...finding, remedy: (await startLine(environment, system)) ?? installLine('engine', system)}
}

/** Holes that the engine has by the versions of its parts: good to know, and no failure. */
export function checkHoles(connection: Connection): Finding {
  if (connection.engine === undefined) return withoutEngine
  const {info, version} = connection.engine.facts
  const components = version.Components ?? [{Name: 'Engine', Version: version.Version}]
  const authorizationPlugins = (info.Plugins?.Authorization ?? []).length > 0
  return holesFinding(findHoles(components, {authorizationPlugins}))
}

export function holesFinding(found: readonly FoundHole[]): Finding {
  if (found.length === 0)
    return {status: 'ok', detail: `none that keg knows of (list of ${HOLES_AS_OF})`, data: {holes: []}}
  const versions = [...new Map(found.map(({hole, version}) => [hole.component, version]))]
  const parts = versions.map(([component, version]) => `${component} ${version}`)
  const patched = found.some(({mayBePatched}) => mayBePatched) ? '; the distribution may have mended them in it' : ''
  const mended = [...mendedVersions(found)].map(([component, version]) => `${component} to ${version}`)
  return {
    status: 'notice',
    detail: printable(`by version: ${parts.join(', ')}${patched}`),
    notes: found.map(({hole}) => `${hole.ids.join(', ')}: ${hole.meaning}`),
    remedy: `Update ${mended.join(', ')} or newer: https://docs.docker.com/engine/install/`,
    data: {
      holes: found.map(({fixed, hole, mayBePatched, version}) => {
        const {component, ids, meaning, source} = hole
        return {ids, component, version, fixed, mayBePatched, meaning, source}
      }),
    },
  }
}
