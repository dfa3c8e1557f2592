/** A real Mutagen for the tests: its own daemon beside the user's, and an image that its agent can run in. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readdir, readFile, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

import {withoutForeignSettings} from '../../scripts/setup/environment.js'
import type {Sandbox} from './docker.js'
import {baseImage, uniqueName} from './docker.js'

/** The fields of a session in Mutagen's JSON (mutagen 0.18, pkg/api/models/synchronization) that tests read. */
export interface MutagenSession {
  identifier: string
  name?: string
  labels?: Record<string, string>
  mode?: string
  paused: boolean
  /** Such as `watching`, `halted-on-root-emptied`. */
  status: string
  lastError?: string
  successfulCycles?: number
  conflicts?: {root: string}[]
  alpha: MutagenEndpoint
  beta: MutagenEndpoint
}

export interface MutagenEndpoint {
  protocol: string
  user?: string
  host?: string
  path: string
  environment?: Record<string, string>
  connected: boolean
  scanned?: boolean
  files?: number
}

export interface MutagenDaemon {
  /** Points Mutagen, and so keg, to this daemon. */
  readonly environment: {readonly MUTAGEN_DATA_DIRECTORY: string}
  /** Runs `mutagen` with these arguments, and returns its stdout; throws with its stderr if it fails. */
  run(...parameters: string[]): Promise<string>
  /** All sessions, whoever made them. */
  sessions(): Promise<MutagenSession[]>
  /** Kills the daemon with SIGKILL, and waits until it is gone. Mutagen's next command starts another. */
  killDaemon(): Promise<void>
  /** Process ids of the daemon; none if it does not run. */
  processIds(): Promise<number[]>
  /** Ends all sessions and the daemon, and removes its folder; to be called from `after`, also when a test failed. */
  stop(): Promise<void>
}

/**
 * Starts a daemon without sessions.
 *
 * @param ownEnvironment added to the environment of the tests for the daemon; sessions made by `run` find their engine
 * by the latter
 */
export async function startMutagen(ownEnvironment: Readonly<Record<string, string>> = {}): Promise<MutagenDaemon> {
  // It contains the daemon's socket, and a socket's path has at most 108 characters.
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'keg-mutagen-')))
  const environment = {MUTAGEN_DATA_DIRECTORY: folder}
  const run = async (...parameters: string[]): Promise<string> => runMutagen(parameters, environment)
  const sessions = async (): Promise<MutagenSession[]> =>
    JSON.parse(await run('sync', 'list', '--template', '{{json .}}')) as MutagenSession[]
  const killDaemon = async (): Promise<void> => {
    for (const id of await daemonsOf(folder)) kill(id)
    await untilGone(folder)
  }
  const stop = async (): Promise<void> => {
    try {
      // A session ends even if its container is gone; only its agent is not notified.
      await run('sync', 'terminate', '--all')
      await run('daemon', 'stop')
      await untilGone(folder)
    } finally {
      await killDaemon()
      await rm(folder, {force: true, recursive: true})
    }
  }
  try {
    // Not by keg's first command: the daemon keeps the environment it is started with, and keg's home is removed.
    await runMutagen(['daemon', 'start'], {...ownEnvironment, ...environment})
  } catch (error) {
    await rm(folder, {force: true, recursive: true})
    throw error
  }
  return {
    environment,
    run,
    sessions,
    killDaemon,
    processIds: async () => daemonsOf(folder),
    stop,
  }
}

async function runMutagen(parameters: readonly string[], environment: Record<string, string>): Promise<string> {
  const child = spawn('mutagen', parameters, {
    env: {...withoutForeignSettings(process.env), ...environment},
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process that hangs is to be reported before the test itself times out.
    timeout: 60_000,
  })
  const text = {stdout: '', stderr: ''}
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => (text[stream] += part))
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  if (code !== 0) throw new Error(`mutagen ${parameters.join(' ')} ended with ${code ?? signal}: ${text.stderr.trim()}`)
  return text.stdout
}

/** Process ids of the daemons with their data in a folder; Mutagen itself does not store them. */
async function daemonsOf(folder: string): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const read = async (id: string, file: string): Promise<string[]> =>
    (await readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')).split('\0')
  const found = await Promise.all(
    ids.map(async (id) => {
      const [program = '', ...parameters] = await read(id, 'cmdline')
      if (!program.endsWith('mutagen') || parameters[0] !== 'daemon' || parameters[1] !== 'run') return []
      return (await read(id, 'environ')).includes(`MUTAGEN_DATA_DIRECTORY=${folder}`) ? [Number(id)] : []
    }),
  )
  return found.flat()
}

/** Kills a process that may be ending by itself. */
function kill(id: number): void {
  try {
    process.kill(id, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

async function untilGone(folder: string): Promise<void> {
  const deadline = Date.now() + 30_000
  while ((await daemonsOf(folder)).length > 0) {
    if (Date.now() > deadline) throw new Error(`the Mutagen daemon of ${folder} does not end`)
    await sleep(20)
  }
}

/**
 * Makes an image that Mutagen's agent can run in: users root and node (1000:1000) with homes, /tmp, the empty folders
 * /app (root's) and /home/node/app (node's), and a command that runs until it is stopped. Returns its name; the sandbox
 * removes it.
 *
 * @param instructions further lines of its Dockerfile, such as `USER node`
 */
export async function syncImage(sandbox: Sandbox, instructions: readonly string[] = []): Promise<string> {
  const node = {uid: 1000, gid: 1000}
  return sandbox.imageFromFiles(
    uniqueName('sync'),
    [
      {path: 'app/', type: 'directory'},
      {
        path: 'etc/passwd',
        content: 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000:node:/home/node:/bin/sh\n',
      },
      {path: 'etc/group', content: 'root:x:0:\nnode:x:1000:\n'},
      {path: 'home/', type: 'directory'},
      {path: 'home/node/', type: 'directory', ...node},
      {path: 'home/node/app/', type: 'directory', ...node},
      {path: 'root/', type: 'directory', mode: 0o700},
      {path: 'tmp/', type: 'directory', mode: 0o1777},
    ],
    {
      from: baseImage,
      instructions: [...instructions, `CMD ["sh", "-c", "trap 'exit 0' TERM; sleep 1000000 & wait"]`],
    },
  )
}
