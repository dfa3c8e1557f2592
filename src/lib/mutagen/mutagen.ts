import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {stripVTControlCharacters} from 'node:util'
import {FailedError, MissingError} from '../error/keg-error.js'
import {parseJson} from '../json/json.js'
import {runProcess, type ProcessResult} from '../process/run-process.js'
import {withParentDeathSignal, startProcess} from '../process/start-process.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import {sessionIds} from './mutagen-folder.js'
import {readSessions, type SyncMode, type SyncSession} from './session.js'
import {isOlder} from '../process/version.js'

/** The oldest supported Mutagen: the first whose agent and JSON were tested. */
export const MIN_MUTAGEN_VERSION = '0.18'

export const INSTALL_MUTAGEN =
  'Install it: brew install mutagen-io/mutagen/mutagen, or from https://mutagen.io/documentation/introduction/installation'

/** How Mutagen watches for changes (its documentation, "Watching"). */
export const WATCH_MODES = ['portable', 'force-poll', 'no-watch'] as const
export type WatchMode = (typeof WATCH_MODES)[number]

/** How often a session scans all files if changes are not reported. Mutagen's default of 10 seconds is too long for an edit. */
export const WATCH_POLLING_SECONDS = 1

/** How long the daemon may take to listen after its start. */
const DAEMON_TIMEOUT_MILLISECONDS = 10_000
const DAEMON_POLL_MILLISECONDS = 100

/** Owner, group and modes of what a sync creates on one side. */
export interface SyncPermissions {
  /** A name, or `id:` and a number; undefined means the user of Mutagen's agent. */
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Permission bits, such as 0o644. */
  readonly fileMode: number
  readonly directoryMode: number
}

/** A new session from a folder of this machine into a container. */
export interface NewSession {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Absolute path of the folder. */
  readonly local: string
  /** Full id of the container: another container can get its name later. */
  readonly container: string
  /** Absolute path in the container. */
  readonly remote: string
  readonly mode: SyncMode
  /** Whether a one-way mode goes from the container to the folder; default: from the folder. */
  readonly isFromContainer?: boolean
  /** In Mutagen's syntax; the last match decides. */
  readonly ignores: readonly string[]
  readonly ignoresVersionControl: boolean
  readonly watchMode: WatchMode
  /** Seconds between scans of all files if changes are not reported. */
  readonly pollingInterval: number
  readonly localPermissions: SyncPermissions
  readonly remotePermissions: SyncPermissions
}

/**
 * The only way to Mutagen: its command line, which starts the daemon when needed and never stops it. Methods throw
 * FailedError `mutagen-failed` with Mutagen's message, MissingError `mutagen-version-mismatch`, and the signal's reason if
 * that was aborted.
 */
export class Mutagen {
  private constructor(
    private readonly environment: NodeJS.ProcessEnv,
    private readonly mayStartDaemon: boolean,
  ) {}

  /**
   * @param environment finds Mutagen's data (MUTAGEN_DATA_DIRECTORY) and, for new sessions, the engine
   * @param options `mayStartDaemon`: if false, all methods but `find` fail unless the daemon runs; default: true
   * @throws MissingError `mutagen-missing`, `mutagen-too-old`
   */
  static async find(environment: NodeJS.ProcessEnv, {mayStartDaemon = true} = {}): Promise<Mutagen> {
    const answer = await runProcess({
      command: ['mutagen', 'version'],
      environment,
      timeoutMilliseconds: ANSWER_MILLISECONDS,
    }).catch((cause: unknown) => {
      if (!(cause instanceof MissingError)) throw cause
      throw new MissingError('Mutagen is not on the PATH, and keg needs it for syncs.', {
        code: 'mutagen-missing',
        hint: `${INSTALL_MUTAGEN}.`,
        cause,
      })
    })
    const version = /^v?(\d+\.\d+)/.exec(answer.stdout.trim())?.[1]
    if (version !== undefined && isOlder(version, MIN_MUTAGEN_VERSION))
      throw new MissingError(
        `Mutagen ${printable(answer.stdout.trim())} is too old: keg needs ${MIN_MUTAGEN_VERSION} or newer.`,
        {
          code: 'mutagen-too-old',
          hint: `${INSTALL_MUTAGEN}.`,
        },
      )
    return new Mutagen(mayStartDaemon ? environment : {...environment, MUTAGEN_DISABLE_AUTOSTART: '1'}, mayStartDaemon)
  }

  /** Mutagen, if it has any sessions; otherwise undefined, and nothing is started. */
  static async ifUsed(environment: NodeJS.ProcessEnv, options = {mayStartDaemon: true}): Promise<Mutagen | undefined> {
    return (await sessionIds(environment)).length === 0 ? undefined : Mutagen.find(environment, options)
  }

  /** All sessions, made by keg or not. */
  async list(signal?: AbortSignal): Promise<SyncSession[]> {
    return readList(await this.#run(['list', '--template', '{{json .}}'], signal))
  }

  /**
   * All sessions, made by keg or not, now and after each change, at most every 50 ms. Ends only by throwing, also when
   * Mutagen's daemon ends. Leaves no process behind.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<SyncSession[]> {
    const {environment} = this
    const [program, ...parameters] = await withParentDeathSignal('mutagen', {probe: 'version', environment})
    signal.throwIfAborted()
    const monitor = ['sync', 'monitor', '--template', '{{json .}}{{"\\n"}}']
    const child = await startProcess({command: [program, ...parameters, ...monitor], environment})
    const end = (): void => child.end()
    signal.addEventListener('abort', end)
    try {
      for await (const line of createInterface(child.stdout)) if (line !== '') yield readList(line)
      signal.throwIfAborted()
      throw mutagenError(lastMessage((await child.ended).stderr))
    } finally {
      signal.removeEventListener('abort', end)
      child.end()
      await child.ended
    }
  }

  /** Creates a session, and returns when both endpoints are connected. A signal in the meantime can leave it behind. */
  async create(session: NewSession, signal: AbortSignal): Promise<void> {
    await this.#run(['create', ...createParameters(session)], signal)
  }

  /** Makes a session transfer all current changes, and waits for it. */
  async flush(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['flush', id], signal)
  }

  async pause(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['pause', id], signal)
  }

  /** Resumes a paused session, and reconnects a disconnected one. */
  async resume(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['resume', id], signal)
  }

  /** Makes a session forget its history. */
  async reset(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['reset', id], signal)
  }

  /** Terminates a session; the files stay on both sides. */
  async terminate(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['terminate', id], signal)
  }

  async #run(parameters: readonly string[], signal?: AbortSignal): Promise<string> {
    const command = ['mutagen', 'sync', ...parameters] as const
    const run = async (): Promise<ProcessResult> =>
      runProcess({command, environment: this.environment, ...(signal && {signal})})
    let result = await run()
    // Mutagen starts its daemon itself, but not if MUTAGEN_DISABLE_AUTOSTART is set or it takes long.
    if (this.mayStartDaemon && isWithoutDaemon(result)) {
      await runProcess({
        command: ['mutagen', 'daemon', 'start'],
        environment: this.environment,
        ...(signal && {signal}),
      })
      const deadline = Date.now() + DAEMON_TIMEOUT_MILLISECONDS
      // It returns before the daemon listens; long before on a busy machine.
      while (isWithoutDaemon((result = await run())) && Date.now() < deadline)
        await sleep(DAEMON_POLL_MILLISECONDS, undefined, {signal}).catch(() => undefined)
    }
    if (result.exitCode === 0) return result.stdout
    throw mutagenError(lastMessage(result.stderr))
  }
}

function isWithoutDaemon({exitCode, stderr}: ProcessResult): boolean {
  return exitCode !== 0 && /is the daemon running\?/.test(stderr)
}

function readList(printed: string): SyncSession[] {
  const sessions = readSessions(parseJson(printed))
  if (sessions !== undefined) return sessions
  throw new FailedError('keg cannot read how Mutagen lists its sessions.', {
    code: 'mutagen-failed',
    hint: `See it with: ${commandLine`mutagen sync list --template ${'{{json .}}'}`}`,
  })
}

function mutagenError(output: string): FailedError | MissingError {
  if (/client\/daemon version mismatch/.test(output))
    return new MissingError('The running Mutagen daemon has another version than the mutagen on the PATH.', {
      code: 'mutagen-version-mismatch',
      hint: `The next command starts a new one, which keeps its sessions, after: ${commandLine`mutagen daemon stop`}`,
    })
  return new FailedError(`Mutagen failed: ${output}`, {
    code: 'mutagen-failed',
    hint: `${commandLine`mutagen sync list --long`} shows more about its sessions.`,
  })
}

const ANSWER_MILLISECONDS = 30_000

function createParameters(session: NewSession): string[] {
  const [localSide, remoteSide] =
    session.isFromContainer === true ? (['beta', 'alpha'] as const) : (['alpha', 'beta'] as const)
  const remote = `docker://${session.container}${session.remote}`
  const labels = Object.entries(session.labels).map(([key, value]) => `--label=${listValue(`${key}=${value}`)}`)
  return [
    `--name=${session.name}`,
    ...labels,
    // So that a session behaves the same on every machine of a team.
    '--no-global-configuration',
    `--mode=${session.mode}`,
    session.ignoresVersionControl ? '--ignore-vcs' : '--no-ignore-vcs',
    ...session.ignores.map((pattern) => `--ignore=${listValue(pattern)}`),
    `--watch-mode=${session.watchMode}`,
    `--watch-polling-interval=${session.pollingInterval}`,
    ...permissionParameters(localSide, session.localPermissions),
    ...permissionParameters(remoteSide, session.remotePermissions),
    ...(session.isFromContainer === true ? [remote, session.local] : [session.local, remote]),
  ]
}

function permissionParameters(
  side: 'alpha' | 'beta',
  {directoryMode, fileMode, group, owner}: SyncPermissions,
): string[] {
  return [
    `--default-file-mode-${side}=${octal(fileMode)}`,
    `--default-directory-mode-${side}=${octal(directoryMode)}`,
    ...(owner === undefined ? [] : [`--default-owner-${side}=${owner}`]),
    ...(group === undefined ? [] : [`--default-group-${side}=${group}`]),
  ]
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

/** Lists on Mutagen's command line are CSV lines (spf13/pflag, StringSlice). */
function listValue(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Mutagen's last message: it overwrites its progress, and prints its error at the end. */
function lastMessage(stderr: string): string {
  const lines = stripVTControlCharacters(stderr)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
  const last = lines.filter((line) => line !== '').at(-1) ?? 'it does not say why'
  return printable(last.replace(/^Error: /, ''))
}
