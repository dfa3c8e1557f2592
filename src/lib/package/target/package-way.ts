import type {EngineAddress} from '../../engine/engine-address.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {CompressionOptions} from '../../image/archive/compression.js'
import type {Destination} from '../../reference/destination.js'
import {isLocalEngine} from '../../container/port/reachable-address.js'
import {REACH_MILLISECONDS, reachRegistry} from '../../registry/client/reach-registry.js'
import type {PauseMode} from '../capture/pause-mode.js'
import type {EngineReason, PackageWay, Way} from './model.js'

/** What the command line says about it. */
export interface WayOptions extends CompressionOptions {
  /** `--via`; undefined lets keg choose. */
  readonly via: Way | undefined
  /** Whether the engine gets the package too. */
  readonly load: boolean
  /** For how long to pause the container. */
  readonly pause: PauseMode
}

/** What is known of a package before. */
export interface PackageAims {
  readonly destinations: readonly {
    readonly remote: boolean
    readonly reference: Pick<Destination['reference'], 'registry'>
  }[]
  /** Whether it is written to a file. */
  readonly writesFile: boolean
  readonly push: boolean
}

/**
 * Which way a package goes if no registry has to be asked: as `--via` says; straight into the registry if a flag makes sense only there;
 * through the engine if that is on another machine, which may be nearer to the registry.
 * @returns undefined if it depends on whether keg can reach its registries; then no flag says anything about it
 */
export function decidedWay(options: WayOptions, endpoint: EngineAddress, aims: PackageAims): PackageWay | undefined {
  const {compression, level, load, pause, via} = options
  if (!aims.push) return {via: undefined, isLoaded: load || !aims.writesFile}
  if (via === 'engine') return throughEngine({kind: 'given'})
  const needsRegistry = pause === 'stream' || compression !== 'gzip' || level !== undefined
  if (via === 'registry' || needsRegistry) return straight(options, aims)
  return isElsewhere(endpoint) ? throughEngine({kind: 'engine-elsewhere'}) : undefined
}

/**
 * Asks the registries of a package whether keg can reach them, each once: if it can reach all, it goes straight into them, otherwise
 * through the engine.
 */
export async function findWay(
  {engine, environment, signal}: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  options: Pick<WayOptions, 'load'>,
  aims: PackageAims,
): Promise<PackageWay> {
  const registries = aims.destinations.flatMap(({reference, remote}) => (remote ? [reference.registry] : []))
  const {info} = engine.facts
  const asked = [...new Set(registries)].map(async (registry) => {
    const failure = await reachRegistry({environment, signal}, {registry, info, milliseconds: REACH_MILLISECONDS})
    return failure && {registry, problem: failure.response}
  })
  const unreached = (await Promise.all(asked)).find((each) => each !== undefined)
  return unreached === undefined ? straight(options, aims) : throughEngine({kind: 'registry-unreachable', ...unreached})
}

/** The engine gets it too if it is asked to, or for a name without a registry. */
function straight({load}: Pick<WayOptions, 'load'>, {destinations}: PackageAims): PackageWay {
  return {via: 'registry', isLoaded: load || destinations.some(({remote}) => !remote)}
}

function throughEngine(reason: EngineReason): PackageWay {
  return {via: 'engine', isLoaded: true, reason}
}

/** Whether the layers would cross a network twice. A tunnel to the loopback address cannot be told from an engine on this machine. */
function isElsewhere(endpoint: EngineAddress): boolean {
  return endpoint.kind === 'ssh' || !isLocalEngine(endpoint)
}
