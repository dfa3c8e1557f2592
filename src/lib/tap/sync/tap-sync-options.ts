import type {Questions} from '../../command/ask.js'
import {engineEnvironment} from '../../engine/connection-environment.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import type {SyncConnection} from '../../sync/create/create-sync.js'
import {Mutagen} from '../../sync/mutagen.js'
import type {ProgressListener} from '../../terminal/progress.js'
import type {OpenTap} from '../open-tap.js'

/** What is needed to sync a folder with a container of a tap. */
export interface TapSyncOptions {
  readonly opened: OpenTap
  /** The tap's main container; it runs. */
  readonly container: ContainerDetails
  /** Whether it was made just now: the code in it becomes the folder's, because what it came with is in its image. */
  readonly isFresh: boolean
  /**
   * What becomes of conflicts and of files that cannot be written: `tell` warns of them (start), `fail` throws as
   * `keg sync create` does.
   */
  readonly troubles: 'tell' | 'fail'
  /** Sync though the container is for another branch than the one checked out. */
  readonly force: boolean
  /** Only say what would be done; default: false. */
  readonly dryRun?: boolean
  readonly engine: Engine
  readonly environment: NodeJS.ProcessEnv
  readonly progress: ProgressListener
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** An engine and a Mutagen for new sessions. @throws what Mutagen.find does */
export async function connectionOf({
  engine,
  environment,
}: Pick<TapSyncOptions, 'engine' | 'environment'>): Promise<SyncConnection> {
  return {engine, mutagen: await Mutagen.find(engineEnvironment(environment, engine.endpoint))}
}

/** What all syncs of a tap have in common. */
export function commonOptions(options: TapSyncOptions) {
  const {
    container,
    dryRun = false,
    environment,
    force,
    isFresh,
    opened,
    progress,
    questions,
    say,
    signal,
    troubles,
  } = options
  return {
    container,
    target: undefined,
    folder: opened.tap.folder,
    environment,
    name: undefined,
    watchMode: 'portable',
    force,
    wait: true,
    firstSync: isFresh ? 'replace' : 'replace-unchanged',
    tellsTroubles: troubles === 'tell',
    dryRun,
    progress,
    questions,
    say,
    signal,
  } as const
}
