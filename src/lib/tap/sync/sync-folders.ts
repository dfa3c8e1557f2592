import {resolve} from 'node:path'
import type {Questions} from '../../command/ask.js'
import {Engine} from '../../engine/engine.js'
import {UsageError} from '../../error/keg-error.js'
import type {ExecStreams} from '../../exec/exec-streams.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {runningMain} from '../containers/running-main.js'
import {findTapContainers} from '../containers/tap-containers.js'
import {findActions, type ReadyAction} from '../exec/action/find-actions.js'
import {runActions} from '../exec/action/run-actions.js'
import {openTap, type OpenTapOptions} from '../open-tap.js'
import {findDependency, type Dependency} from './dependencies.js'
import {syncDependency} from './sync-dependency.js'
import {syncTap} from './sync-tap.js'
import type {TapSyncOptions} from './tap-sync-options.js'

/** What is to be synced with a tap's container. */
export interface SyncFoldersOptions extends Omit<OpenTapOptions, 'flags'> {
  /** Dependencies as they are written: `core`, `core,theme`, `core:install`; none of them syncs the tap's own folder. */
  readonly dependencies: readonly string[]
  /** `--local` and `--remote`, for one folder alone. */
  readonly local: string | undefined
  readonly remote: string | undefined
  /** Sync the tap's folder though the container is for another branch than the one checked out. */
  readonly force: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
  /** Where what actions print goes. */
  readonly streams: ExecStreams
  readonly progress: ProgressListener
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** A folder that was synced, as `keg tap sync --json` prints it; scripts can rely on these fields. */
export interface SyncedFolder extends CreateSyncResult {
  /** Null for the tap's own folder. */
  readonly dependency: string | null
  /** Full names of the actions that were run after it, or would be with a dry run. */
  readonly actions: readonly string[]
}

/**
 * Syncs a tap's folder, or the folders of its dependencies, with its container, and waits until they are the same; then runs the
 * actions that are named with a dependency. All that is named is looked for before anything is synced.
 * @throws what openTap, findDependency, findActions, runningMain, syncTap and runActions do; UsageError `usage-invalid` where
 * one folder is named for several
 */
export async function syncFolders(options: SyncFoldersOptions): Promise<SyncedFolder[]> {
  const {dryRun, environment, folder, signal} = options
  const written = options.dependencies.flatMap(readDependency)
  if (written.length > 1 && (options.local !== undefined || options.remote !== undefined))
    throw new UsageError('--local and --remote name the folders of one sync, and several are named.', {
      code: 'usage-invalid',
      hint: 'Sync one after the other.',
    })
  const opened = await openTap(options)
  const folders = {local: options.local && resolve(folder, options.local), remote: options.remote}
  const wanted: WantedFolder[] = []
  for (const {actions, name} of written) {
    const dependency = await findDependency(name, opened, folders)
    wanted.push({dependency, actions: await findActions(actions, opened)})
  }
  await using engine = await Engine.connect(environment, signal)
  const container = runningMain(await findTapContainers(engine, opened.tap), opened.tap)
  const work: TapSyncOptions = {...options, opened, container, engine, isFresh: false, troubles: 'fail'}
  if (wanted.length === 0) return [{...(await syncTap({...work, ...folders})), dependency: null, actions: []}]
  const synced: SyncedFolder[] = []
  for (const {actions, dependency} of wanted) {
    const result = await syncDependency(dependency, work)
    if (!dryRun) await runActions(actions, {...options, engine, container})
    synced.push({...result, dependency: dependency.name, actions: actions.map(({name}) => name)})
  }
  return synced
}

interface WantedFolder {
  readonly dependency: Dependency
  readonly actions: readonly ReadyAction[]
}

/** `core:install` is the dependency core, and its action core:install after it; commas stand between several of either. */
export function readDependency(word: string): {readonly name: string; readonly actions: readonly string[]}[] {
  const [name = '', ...actions] = word.split(':')
  if (actions.length > 0) return [{name, actions: actions.map((action) => `${name}:${action}`)}]
  return word.split(',').map((each) => ({name: each, actions: []}))
}
