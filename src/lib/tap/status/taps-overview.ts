import {readUserConfiguration} from '../../config/user-configuration.js'
import {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import {observeSyncs, type ObservedSync} from '../../sync/observe-syncs.js'
import {locateTap, type LocatedTap} from '../containers/locate-tap.js'
import {findTapContainers} from '../containers/tap-containers.js'
import {changing, listOwnSessions, type TapWork} from '../containers/tap-syncs.js'
import {containerStatus} from './tap-status.js'

/** A linked tap in short, as `keg tap status --all --json` prints it; scripts can rely on these fields. */
export interface TapOverview {
  readonly tap: string
  readonly folder: string
  /** Whether the folder is there. */
  readonly folderExists: boolean
  readonly branch: string | null
  /** Its own container, for the branch that is checked out; null where there is none. */
  readonly container: string | null
  /** Docker's word. */
  readonly state: string | null
  readonly health: string | null
  readonly url: string | null
  /** How many containers of its folder there are, of all branches. */
  readonly containers: number
  readonly syncs: readonly ObservedSync[]
}

export interface TapsOverviewOptions extends Omit<TapWork, 'engine'> {
  /** The current folder. */
  readonly folder: string
}

/**
 * Looks at all linked taps, each in its linked folder, or in the worktree that the current folder is in.
 * @throws what the user configuration, the engine and Mutagen do
 */
export async function readTapsOverview(options: TapsOverviewOptions): Promise<TapOverview[]> {
  const {environment, folder, signal} = options
  const {taps} = await readUserConfiguration(environment)
  if (taps.size === 0) return []
  await using engine = await Engine.connect(environment, signal)
  const found = await Promise.all(
    [...taps.keys()].map(async (name) => {
      const tap = await locateTap({name, folder, environment})
      return {tap, ...(await findTapContainers(engine, tap, {allBranches: true}))}
    }),
  )
  const ids = new Set(found.flatMap(({all}) => all.map(({Id}) => Id)))
  const syncs = await observeAll(ids, options)
  return found.map(({all, main, tap}) => {
    const own = syncs.filter(({container}) => all.some(({Id}) => Id === container))
    return overviewOf(tap, {all, main, engine}, own)
  })
}

interface Found {
  readonly all: readonly ContainerDetails[]
  readonly main: ContainerDetails | undefined
  readonly engine: Engine
}

function overviewOf(tap: LocatedTap, {all, engine, main}: Found, syncs: readonly ObservedSync[]): TapOverview {
  const status = main && containerStatus(main, tap, engine)
  return {
    tap: tap.name,
    folder: tap.folder,
    folderExists: !tap.isGone,
    branch: tap.branch ?? null,
    container: status?.name ?? null,
    state: status?.state ?? null,
    health: status?.health ?? null,
    url: status?.url ?? null,
    containers: all.length,
    syncs,
  }
}

/** The syncs into containers, looked for once. */
async function observeAll(containers: ReadonlySet<string>, options: TapsOverviewOptions): Promise<ObservedSync[]> {
  const sessions = await listOwnSessions(options.environment, options.signal)
  if (sessions instanceof MissingError) {
    options.say(`Warning: ${sessions.message} Nothing is known of syncs.`)
    return []
  }
  const own = sessions.filter(({beta}) => beta.host !== undefined && containers.has(beta.host))
  if (own.length === 0) return []
  return observeSyncs({...changing(own, options, {dryRun: true, folder: options.folder}), patient: false})
}
