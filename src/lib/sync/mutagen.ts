import {createInterface} from 'node:readline'
import {setTimeout as sleep} from 'node:timers/promises'
import {stripVTControlCharacters} from 'node:util'
import {FailedError, MissingError} from '../error/keg-error.js'
import {parseJson} from '../json/json.js'
import {runProcess, type ProcessResult} from '../process/run-process.js'
import {endingWithKeg, startProcess} from '../process/start-process.js'
import {printable} from '../terminal/text.js'
import {sessionIds} from './mutagen-folder.js'
import {readSessions, type SyncMode, type SyncSession} from './session.js'

/** The oldest Mutagen that keg speaks to: the first with the agent and the JSON that it was tried with. */
export const OLDEST_MUTAGEN = '0.18'

export const INSTALL_MUTAGEN =
  'Install it: brew install mutagen-io/mutagen/mutagen, or from https://mutagen.io/documentation/introduction/installation'

/** How Mutagen watches for changes (its documentation, "Watching"). */
export const WATCH_MODES = ['portable', 'force-poll', 'no-watch'] as const
export type WatchMode = (typeof WATCH_MODES)[number]

/** How often a session looks at all files, where nothing tells of changes. Mutagen's own 10 seconds are long for an edit. */
export const WATCH_POLLING_SECONDS = 1

/** How long its daemon may take to listen, once it is told to start. */
const DAEMON_PATIENCE_MILLISECONDS = 10_000
const DAEMON_POLL_MILLISECONDS = 100

/** Owner, group and modes of what a sync makes on one side. */
export interface SyncPermissions {
  /** A name, or `id:` and a number; undefined leaves it to whoever runs Mutagen's agent. */
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Permission bits, such as 0o644. */
  readonly fileMode: number
  readonly directoryMode: number
}

/** A session to be made, from a folder of this machine into a container. */
export interface NewSession {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** Absolute path of the folder. */
  readonly local: string
  /** Whole id of the container: under a name another container may be found later. */
  readonly container: string
  /** Absolute path in the container. */
  readonly remote: string
  readonly mode: SyncMode
  /** In Mutagen's syntax, the last that fits decides. */
  readonly ignores: readonly string[]
  readonly ignoresVersionControl: boolean
  readonly watchMode: WatchMode
  /** Seconds between two looks at all files, where nothing tells of changes. */
  readonly pollingInterval: number
  readonly localPermissions: SyncPermissions
  readonly remotePermissions: SyncPermissions
}

/**
 * The one door to Mutagen: its command line, whose daemon it starts when needed and never stops. Methods throw FailedError
 * `mutagen-failed` with what Mutagen said, MissingError `mutagen-version-mismatch`, and the reason of the signal when that was
 * aborted.
 */
export class Mutagen {
  private constructor(
    private readonly environment: NodeJS.ProcessEnv,
    private readonly mayStartDaemon: boolean,
  ) {}

  /**
   * @param environment leads Mutagen to its data (MUTAGEN_DATA_DIRECTORY) and, for new sessions, to the engine
   * @param options `mayStartDaemon`: otherwise all but `find` fails where its daemon does not run; default: true
   * @throws MissingError `mutagen-missing`, `mutagen-too-old`
   */
  static async find(environment: NodeJS.ProcessEnv, {mayStartDaemon = true} = {}): Promise<Mutagen> {
    const answer = await runProcess({
      command: ['mutagen', 'version'],
      environment,
      timeoutMilliseconds: ANSWER_MILLISECONDS,
    }).catch((cause: unknown) => {
      if (!(cause instanceof MissingError)) throw cause
      throw new MissingError('Mutagen is not on the PATH, and syncs need it.', {
        code: 'mutagen-missing',
        hint: `${INSTALL_MUTAGEN}.`,
        cause,
      })
    })
    const version = /^v?(\d+\.\d+)/.exec(answer.stdout.trim())?.[1]
    if (version !== undefined && version.localeCompare(OLDEST_MUTAGEN, 'en', {numeric: true}) < 0)
      throw new MissingError(
        `Mutagen ${printable(answer.stdout.trim())} is too old: keg needs ${OLDEST_MUTAGEN} or newer.`,
        {
          code: 'mutagen-too-old',
          hint: `${INSTALL_MUTAGEN}.`,
        },
      )
    return new Mutagen(mayStartDaemon ? environment : {...environment, MUTAGEN_DISABLE_AUTOSTART: '1'}, mayStartDaemon)
  }

  /** Mutagen where it has sessions, running or not; undefined, and nothing is started, where there cannot be any. */
  static async ifUsed(environment: NodeJS.ProcessEnv, options = {mayStartDaemon: true}): Promise<Mutagen | undefined> {
    return (await sessionIds(environment)).length === 0 ? undefined : Mutagen.find(environment, options)
  }

  /** All sessions, whoever made them. */
  async list(signal?: AbortSignal): Promise<SyncSession[]> {
    return readList(await this.#run(['list', '--template', '{{json .}}'], signal))
  }

  /**
   * All sessions, whoever made them, as they are now and after each change, at most every 50 ms. Ends only by throwing: also
   * when Mutagen's daemon ends. Once the caller goes on, nothing that was started for it is left.
   */
  async *watch(signal: AbortSignal): AsyncGenerator<SyncSession[]> {
    const {environment} = this
    const [program, ...parameters] = await endingWithKeg('mutagen', {probe: 'version', environment})
    signal.throwIfAborted()
    const monitor = ['sync', 'monitor', '--template', '{{json .}}{{"\\n"}}']
    const child = await startProcess({command: [program, ...parameters, ...monitor], environment})
    const end = (): void => child.end()
    signal.addEventListener('abort', end)
    try {
      for await (const line of createInterface(child.stdout)) if (line !== '') yield readList(line)
      signal.throwIfAborted()
      throw mutagenError(lastWords((await child.ended).stderr))
    } finally {
      signal.removeEventListener('abort', end)
      child.end()
      await child.ended
    }
  }

  /** Makes a session, and returns when both sides are connected. A signal that comes meanwhile may leave it behind. */
  async create(session: NewSession, signal: AbortSignal): Promise<void> {
    await this.#run(['create', ...createParameters(session)], signal)
  }

  /** Makes a session do all that is to be done now, and waits for it. */
  async flush(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['flush', id], signal)
  }

  async pause(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['pause', id], signal)
  }

  /** Goes on with a paused session, and connects one that had lost a side. */
  async resume(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['resume', id], signal)
  }

  /** Makes a session forget what both sides had in common. */
  async reset(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['reset', id], signal)
  }

  /** Ends a session; the files stay on both sides. */
  async terminate(id: string, signal?: AbortSignal): Promise<void> {
    await this.#run(['terminate', id], signal)
  }

  async #run(parameters: readonly string[], signal?: AbortSignal): Promise<string> {
    const command = ['mutagen', 'sync', ...parameters] as const
    const run = async (): Promise<ProcessResult> =>
      runProcess({command, environment: this.environment, ...(signal && {signal})})
    let result = await run()
    // Mutagen starts its daemon by itself, but not where MUTAGEN_DISABLE_AUTOSTART forbids it, or where it takes long.
    if (this.mayStartDaemon && isWithoutDaemon(result)) {
      await runProcess({
        command: ['mutagen', 'daemon', 'start'],
        environment: this.environment,
        ...(signal && {signal}),
      })
      const deadline = Date.now() + DAEMON_PATIENCE_MILLISECONDS
      // It returns before the daemon listens, and on a busy machine well before.
      while (isWithoutDaemon((result = await run())) && Date.now() < deadline)
        await sleep(DAEMON_POLL_MILLISECONDS, undefined, {signal}).catch(() => undefined)
    }
    if (result.exitCode === 0) return result.stdout
    throw mutagenError(lastWords(result.stderr))
  }
}

function isWithoutDaemon({exitCode, stderr}: ProcessResult): boolean {
  return exitCode !== 0 && /is the daemon running\?/.test(stderr)
}

function readList(printed: string): SyncSession[] {
  const sessions = readSessions(parseJson(printed))
  if (sessions !== undefined) return sessions
  throw new FailedError('Mutagen lists its sessions in a form that keg does not know.', {
    code: 'mutagen-failed',
    hint: 'Look at it with: mutagen sync list --template "{{json .}}"',
  })
}

function mutagenError(said: string): FailedError | MissingError {
  if (/client\/daemon version mismatch/.test(said))
    return new MissingError('The daemon of Mutagen that runs is of another version than the mutagen on the PATH.', {
      code: 'mutagen-version-mismatch',
      hint: 'End it; its sessions go on under the next one, which starts by itself: mutagen daemon stop',
    })
  return new FailedError(`Mutagen failed: ${said}`, {
    code: 'mutagen-failed',
    hint: 'mutagen sync list --long tells more of its sessions.',
  })
}

const ANSWER_MILLISECONDS = 30_000

function createParameters(session: NewSession): string[] {
  const labels = Object.entries(session.labels).map(([key, value]) => `--label=${listValue(`${key}=${value}`)}`)
  return [
    `--name=${session.name}`,
    ...labels,
    // What a session does is what keg says it does, on every machine of a team.
    '--no-global-configuration',
    `--mode=${session.mode}`,
    session.ignoresVersionControl ? '--ignore-vcs' : '--no-ignore-vcs',
    ...session.ignores.map((pattern) => `--ignore=${listValue(pattern)}`),
    `--watch-mode=${session.watchMode}`,
    `--watch-polling-interval=${session.pollingInterval}`,
    ...permissionParameters('alpha', session.localPermissions),
    ...permissionParameters('beta', session.remotePermissions),
    session.local,
    `docker://${session.container}${session.remote}`,
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

/** Lists on Mutagen's command line are lines of CSV (spf13/pflag, StringSlice). */
function listValue(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** The last thing that Mutagen said: it writes its progress over itself, and its error in the end. */
function lastWords(stderr: string): string {
  const lines = stripVTControlCharacters(stderr)
    .split(/[\r\n]+/)
    .map((line) => line.trim())
  const last = lines.filter((line) => line !== '').at(-1) ?? 'it does not say why'
  return printable(last.replace(/^Error: /, ''))
}
