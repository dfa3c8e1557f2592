import {resolve} from 'node:path'
import {withEngine} from '../../engine/engine-work.js'
import {UsageError} from '../../error/keg-error.js'
import type {ExecStreams} from '../../container/exec/exec-streams.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {runningMain} from '../../container/tap/running-main.js'
import {findTapContainers} from '../../container/tap/tap-containers.js'
import {findActions, type ReadyAction} from '../exec/action/find-actions.js'
import {runActions} from '../exec/action/run-actions.js'
import {openTap, type OpenTapOptions} from '../../values/open-tap.js'
import {findDependency, type Dependency} from './dependencies.js'
import {syncDependency} from './sync-dependency.js'
import {syncTap} from './sync-tap.js'
import type {TapSyncOptions} from './tap-sync-options.js'
import type {Work} from '../../work/work.js'

/** What to sync with a tap's container. */
export interface SyncFoldersOptions extends Pick<OpenTapOptions, 'environmentName' | 'name'> {
  /** Dependencies as typed: `core`, `core,theme`, `core:install`; without any, syncs the tap's own folder. */
  readonly dependencies: readonly string[]
  /** `--local` and `--remote`, only for a single folder. */
  readonly local: string | undefined
  readonly remote: string | undefined
  /** Sync the tap's folder even if the container is for another branch than the checked-out one. */
  readonly force: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
  /** Where the output of actions goes. */
  readonly streams: ExecStreams
}

/** A folder that was synced, as `keg tap sync --json` prints it; scripts can rely on these fields. */
export interface SyncedFolder extends CreateSyncResult {
  /** Null for the tap's own folder. */
  readonly dependency: string | null
  /** Full names of the actions that were run after it, or would be with a dry run. */
  readonly actions: readonly string[]
}

/**
 * Syncs a tap's folder, or those of its dependencies, with its container, and waits until they are the same; then runs the
 * actions named with a dependency. Checks all names before it syncs anything.
 * @throws what openTap, findDependency, findActions, runningMain, syncTap and runActions do; UsageError `usage-invalid` if
 * one folder is given for several
 */
export async function syncFolders(surrounding: Work, options: SyncFoldersOptions): Promise<SyncedFolder[]> {
  const {dryRun, environmentName, force, name: tapName, streams} = options
  const {environment, folder, prompt} = surrounding
  const written = options.dependencies.flatMap(readDependency)
  if (written.length > 1 && (options.local !== undefined || options.remote !== undefined))
    throw new UsageError('--local and --remote can be used with one dependency only.', {
      code: 'usage-invalid',
      hint: 'Sync one after the other.',
    })
  const opened = await openTap({environment, folder, prompt}, {name: tapName, environmentName})
  const folders = {local: options.local && resolve(folder, options.local), remote: options.remote}
  const wanted: WantedFolder[] = []
  for (const {actions, name} of written) {
    const dependency = await findDependency(name, opened, folders)
    wanted.push({dependency, actions: await findActions(actions, opened)})
  }
  const work = await withEngine(surrounding)
  const {engine} = work
  const container = runningMain(await findTapContainers(engine, opened.tap), opened.tap)
  const common: TapSyncOptions = {opened, container, isFresh: false, troubles: 'fail', force, dryRun}
  if (wanted.length === 0) return [{...(await syncTap(work, {...common, ...folders})), dependency: null, actions: []}]
  const synced: SyncedFolder[] = []
  for (const {actions, dependency} of wanted) {
    const result = await syncDependency(work, dependency, common)
    if (!dryRun) await runActions(work, {actions, container, streams})
    synced.push({...result, dependency: dependency.name, actions: actions.map(({name}) => name)})
  }
  return synced
}

interface WantedFolder {
  readonly dependency: Dependency
  readonly actions: readonly ReadyAction[]
}

/** `core:install` is the dependency core, followed by its action core:install; commas separate several of either. */
export function readDependency(word: string): {readonly name: string; readonly actions: readonly string[]}[] {
  const [name = '', ...actions] = word.split(':')
  if (actions.length > 0) return [{name, actions: actions.map((action) => `${name}:${action}`)}]
  return word.split(',').map((each) => ({name: each, actions: []}))
}
