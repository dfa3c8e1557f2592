/** Shared by the tests of connections: sshd in front of the tests' engine, contexts, and the running ssh processes. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdtemp, readdir, readFile, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../../../src/lib/engine/engine.js'
import {RunningExec} from '../../../src/lib/engine/exec.js'
import {Session} from '../../../scripts/setup/session.js'
import {
  requireSshServer,
  startSshServer,
  type ClientOptions,
  type SshClient,
  type SshServer,
} from '../../../scripts/setup/ssh-server.js'

/** A real sshd, in whose sessions the docker client finds the tests' engine. */
export async function sshServer(environment: Record<string, string> = {}): Promise<SshServer> {
  await requireSshServer(new Session())
  const {DOCKER_CERT_PATH, DOCKER_HOST, DOCKER_TLS_VERIFY, PATH} = process.env
  const found = Object.entries({DOCKER_CERT_PATH, DOCKER_HOST, DOCKER_TLS_VERIFY, PATH})
  const given = found.flatMap(([name, value]) => (value ? [[name, value] as const] : []))
  return startSshServer({environment: {...Object.fromEntries(given), ...environment}})
}

/** The ssh processes started by this client. */
export async function sshProcesses({path}: SshClient): Promise<string[]> {
  const config = join(path.split(':')[0] ?? '', 'config')
  const found: string[] = []
  for (const id of await readdir('/proc')) {
    if (!/^\d+$/.test(id)) continue
    const command = await readFile(join('/proc', id, 'cmdline'), 'utf8').catch(() => '')
    if (command.split('\0').includes(config)) found.push(`${id} ${command.replaceAll('\0', ' ').trim()}`)
  }
  return found
}

/** Waits until this client has no ssh process. @returns those still running after `milliseconds` */
export async function remainingSsh(client: SshClient, milliseconds: number): Promise<string[]> {
  const deadline = Date.now() + milliseconds
  for (;;) {
    const found = await sshProcesses(client)
    if (found.length === 0 || Date.now() > deadline) return found
    await sleep(50)
  }
}

/** Folders with a configuration of the docker client; `clean` removes them. */
export class Configurations {
  readonly #folders: string[] = []

  /** An empty one, for DOCKER_CONFIG. */
  async folder(): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'keg-test-configuration-'))
    this.#folders.push(folder)
    return folder
  }

  /** One with a context, created by the docker client itself. `endpoint` as `docker context create --docker` takes it. */
  async withContext(name: string, endpoint: string): Promise<string> {
    const folder = await this.folder()
    await dockerClient(['context', 'create', name, '--docker', endpoint], {DOCKER_CONFIG: folder})
    return folder
  }

  async clean(): Promise<void> {
    for (const folder of this.#folders.splice(0)) await rm(folder, {force: true, recursive: true})
  }
}

/** Runs the docker client in an environment that leads only to the given engine. @returns what it printed */
export async function dockerClient(
  commandArguments: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<string> {
  const {PATH, HOME} = process.env
  const given = Object.entries({PATH, HOME, ...environment}).filter(([, value]) => value !== undefined)
  const child = spawn('docker', commandArguments, {env: Object.fromEntries(given), stdio: ['ignore', 'pipe', 'pipe']})
  const text = {stdout: '', stderr: ''}
  for (const stream of ['stdout', 'stderr'] as const)
    child[stream].setEncoding('utf8').on('data', (part: string) => (text[stream] += part))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) throw new Error(`docker ${commandArguments.join(' ')}: ${text.stderr}`)
  return text.stdout.trim()
}

/**
 * Runs a program in a container that reads all its standard input before it prints and exits.
 * @returns what it printed, and its exit code
 */
export async function execWithInput(engine: Engine, container: string, input: Buffer): Promise<string> {
  const command = ['sh', '-c', 'wc -c; echo read >&2; exit 5']
  using exec = await RunningExec.start(engine, container, {command, tty: false, hasInput: true})
  const printed = {stdout: '', stderr: ''}
  const sent = exec.send(input).then(() => exec.endInput())
  for await (const {bytes, channel} of exec.output()) printed[channel] += bytes.toString()
  await sent
  return `${printed.stdout}${printed.stderr}${await exec.exitCode()}`
}

export type {ClientOptions, SshClient, SshServer}
