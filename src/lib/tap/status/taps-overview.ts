import {readUserConfiguration} from '../../config/user-configuration.js'
import {withEngine} from '../../engine/engine-work.js'
import type {ContainerDetails} from '../../engine/types.js'
import {MissingError} from '../../error/keg-error.js'
import type {RowTrouble} from '../../terminal/row-trouble.js'
import {observeSyncs, type ObservedSync} from '../../sync/observe-syncs.js'
import {seeTap, type SeenTap} from '../containers/locate-tap.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import {changing, listOwnSessions} from '../containers/tap-syncs.js'
import {invalidTaps, type InvalidTap} from '../../tap-folder/link/invalid-taps.js'
import type {AppState} from './app-state.js'
import {readContainerStatus, type ContainerStatus} from './tap-status.js'
import type {Work} from '../../work/work.js'

/** A summary of a linked tap, as `keg tap status --all --json` prints it; scripts can rely on these fields. */
export interface TapOverview {
  /** Name of the tap. */
  readonly tap: string
  /** Null for an invalid record; see its trouble. */
  readonly folder: string | null
  /** Whether the folder exists. */
  readonly folderExists: boolean
  /** The branch checked out there; null without git. */
  readonly branch: string | null
  /** Why the branch is unknown, and so which container is its own; null if it is known. */
  readonly trouble: RowTrouble | null
  /** Its own container for the checked-out branch; null if there is none. */
  readonly container: string | null
  /** Docker's state. */
  readonly state: string | null
  /** Whether the app in that container runs; null if the container does not run. */
  readonly app: AppState | null
  /** Docker's health status: starting, healthy, unhealthy; null without a healthcheck. */
  readonly health: string | null
  /** Its URL; null if nothing answers. */
  readonly url: string | null
  /** The number of its folder's containers, of all branches. */
  readonly containers: number
  /** Syncs of its folder. */
  readonly syncs: readonly ObservedSync[]
}

/**
 * Reads a summary of all linked taps, each in its linked folder, or in the worktree that the current folder is in.
 * @throws what the user configuration, the engine and Mutagen do
 */
export async function readTapsOverview(surrounding: Work): Promise<TapOverview[]> {
  const configuration = await readUserConfiguration(surrounding.environment)
  const {taps} = configuration
  const invalid = invalidTaps(configuration).map(invalidOverview)
  if (taps.size === 0) return invalid
  const work = await withEngine(surrounding)
  const found = await Promise.all(
    [...taps.keys()].map(async (name) => {
      const tap = await seeTap(work, name)
      return {tap, ...(await findTapContainers(work.engine, tap, {allBranches: true}))}
    }),
  )
  const states = await Promise.all(
    found.map(async ({main, tap}) => main && (await readContainerStatus(work, main, tap))),
  )
  const ids = new Set(found.flatMap(({all}) => all.map(({Id}) => Id)))
  const syncs = await observeAll(work, ids)
  const overviews = found.map(({all, tap}, index) => {
    const own = syncs.filter(({container}) => all.some(({Id}) => Id === container))
    return overviewOf(tap, {all, status: states[index]}, own)
  })
  return [...overviews, ...invalid]
}

/** Its state is unknown. */
function invalidOverview({name, trouble}: InvalidTap): TapOverview {
  return {
    tap: name,
    folder: null,
    folderExists: false,
    branch: null,
    trouble,
    container: null,
    state: null,
    app: null,
    health: null,
    url: null,
    containers: 0,
    syncs: [],
  }
}

interface Found {
  readonly all: readonly ContainerDetails[]
  /** The status of its own container. */
  readonly status: ContainerStatus | undefined
}

function overviewOf(tap: SeenTap, {all, status}: Found, syncs: readonly ObservedSync[]): TapOverview {
  return {
    tap: tap.name,
    folder: tap.folder,
    folderExists: !tap.isGone,
    branch: tap.branch ?? null,
    trouble: tap.trouble,
    container: status?.name ?? null,
    state: status?.state ?? null,
    app: status?.app ?? null,
    health: status?.health ?? null,
    url: status?.url ?? null,
    containers: all.length,
    syncs,
  }
}

/** The syncs into containers, listed once. */
async function observeAll(work: Work, containers: ReadonlySet<string>): Promise<ObservedSync[]> {
  const sessions = await listOwnSessions(work)
  if (sessions instanceof MissingError) {
    work.warn(`${sessions.message} Syncs are not shown.`)
    return []
  }
  const own = sessions.filter(({beta}) => beta.host !== undefined && containers.has(beta.host))
  if (own.length === 0) return []
  return observeSyncs(work, {...changing(own, {dryRun: true}), patient: false})
}
