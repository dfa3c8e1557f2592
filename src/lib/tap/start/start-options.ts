import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import type {ExecStreams} from '../../exec/exec-streams.js'
import type {PortRequest} from '../../port/published-ports.js'
import type {PullPolicy} from '../../registry/obtain-image.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import type {ProgressListener} from '../../terminal/progress.js'
import type {ComposeModel} from '../compose/compose-model.js'
import type {ComposeContext} from '../compose/run-compose.js'
import type {OpenTap, OpenTapOptions} from '../open-tap.js'
import type {TapNames} from '../tap-names.js'

/** What to start, how, and who is told. */
export interface StartTapOptions extends Omit<OpenTapOptions, 'flags'> {
  /** `--from`: another image than KEG_IMAGE_FROM. */
  readonly from?: string | undefined
  /** `--command`, for KEG_EXEC_CMD. */
  readonly command?: string | undefined
  /** `--pull`; undefined leaves it to KEG_IMAGE_PULL_POLICY. */
  readonly pull?: PullPolicy | undefined
  readonly build: boolean
  /** Whether a container that would be made otherwise is made anew; undefined asks where something would be lost. */
  readonly recreate?: boolean | undefined
  /** Undefined leaves it to KEG_AUTO_SYNC; true makes a missing Mutagen an error. */
  readonly sync?: boolean | undefined
  /** Values of `-e`. */
  readonly variables: readonly string[]
  /** Values of `-p`. */
  readonly publish: readonly string[]
  /** How long to wait until it answers, as it was typed. */
  readonly wait?: string | undefined
  readonly detach: boolean
  /** Sync with an image of another branch, too. */
  readonly force: boolean
  /** Only say what would be done. */
  readonly dryRun: boolean
  /** Where what its command prints goes, and what keys come from, in the foreground. */
  readonly streams: ExecStreams
  readonly questions: Questions
  readonly progress: ProgressListener
  readonly signal: AbortSignal
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  /** Called once, when the tap is ready to be used. */
  readonly ready: (result: StartResult) => void
}

/** What scripts get, with `--json`. */
export interface StartResult {
  readonly tap: string
  /** Null without git. */
  readonly branch: string | null
  readonly folder: string
  /** Id of the app's container; null where there is none yet, with `--dry-run`. */
  readonly container: string | null
  readonly name: string
  readonly image: string
  /** Null of an image that is in no registry. */
  readonly digest: string | null
  readonly url: string | null
  /** Ports in docker's words: `8080/tcp` at `127.0.0.1:8080`. */
  readonly ports: readonly {readonly container: string; readonly host: string}[]
  /** The sync of the tap's folder; null where it is not synced. */
  readonly sync: CreateSyncResult | null
  /** Whether the container was made now, and not there before. */
  readonly created: boolean
  /** Why a container that was there was, or would be, made anew. */
  readonly recreated: readonly string[]
  /** What docker compose would be given; null unless with `--dry-run`. */
  readonly model: ComposeModel | null
}

/** What every step of a start needs. */
export interface StartContext {
  readonly options: StartTapOptions
  readonly opened: OpenTap
  readonly names: TapNames
  readonly engine: Engine
  readonly compose: ComposeContext
  /** `-p`, read. */
  readonly ports: readonly PortRequest[]
  /** `-e`, each as `KEY=VALUE`, or `KEY` for one that is taken away. */
  readonly variables: readonly string[]
  readonly waitMilliseconds: number
}
