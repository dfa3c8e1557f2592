import {Agent} from 'node:http'
import {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {withParentDeathSignal, startProcess, type ProcessEnd, type RunningProcess} from '../process/start-process.js'
import type {SshTarget} from './engine-address.js'

/** How long ssh may take to end once it has closed its output. */
const TIMEOUT_MILLISECONDS = 2000

/** ssh ended, and the connection with it; `end` says how. */
export class SshEnded extends Error {
  constructor(readonly end: ProcessEnd) {
    super('ssh ended')
    this.name = 'SshEnded'
  }
}

/** The words after `ssh` for a login, as one would type them. */
export function sshLogin({user, host, port}: SshTarget): string[] {
  return [...(user === undefined ? [] : ['-l', user]), ...(port === undefined ? [] : ['-p', String(port)]), '--', host]
}

/**
 * Connections to the engine of another machine: each is a process of the user's ssh, with all its settings and keys, that
 * runs the docker client there as a pipe to its engine (docker/cli, cli/connhelper). They are kept alive.
 */
export class SshConnections extends Agent {
  readonly #connections = new Set<SshConnection>()
  readonly #parameters: readonly string[]
  readonly #program: Promise<readonly [string, ...string[]]>

  constructor(
    target: SshTarget,
    private readonly environment: NodeJS.ProcessEnv,
  ) {
    super({keepAlive: true})
    const docker = ['docker', ...(target.path === undefined ? [] : ['--host', `unix://${target.path}`])]
    const options = ['-o', 'ConnectTimeout=30', '-T']
    this.#parameters = [...options, ...sshLogin(target), ...docker, 'system', 'dial-stdio']
    this.#program = withParentDeathSignal('ssh', {probe: '-V', environment})
  }

  override createConnection(): Duplex {
    const connection = new SshConnection(this.#start())
    this.#connections.add(connection)
    void connection.ended.then(() => this.#connections.delete(connection))
    return connection
  }

  override keepSocketAlive(connection: Duplex): boolean {
    if (connection instanceof SshConnection) connection.setRef(false)
    return true
  }

  override reuseSocket(connection: Duplex): void {
    if (connection instanceof SshConnection) connection.setRef(true)
  }

  async #start(): Promise<RunningProcess> {
    const program = await this.#program
    return startProcess({command: [...program, ...this.#parameters], environment: this.environment})
  }

  /** Ends all connections. @returns once every ssh has ended. */
  async close(): Promise<void> {
    const connections = [...this.#connections]
    this.destroy()
    for (const connection of connections) connection.destroy()
    await Promise.all(connections.map((connection) => connection.ended))
  }
}

/** Standard input and output of a process, as a socket. */
class SshConnection extends Duplex {
  readonly ended: Promise<unknown>
  readonly #starting: Promise<RunningProcess>
  #process: RunningProcess | undefined

  constructor(starting: Promise<RunningProcess>) {
    super({allowHalfOpen: false})
    this.#starting = starting
    this.ended = starting.then(
      ({ended}) => ended,
      () => undefined,
    )
  }

  /** Whether an open connection keeps keg running. */
  setRef(hasRef: boolean): void {
    this.#process?.setRef(hasRef)
  }

  override _construct(callback: (error?: Error | null) => void): void {
    this.#starting.then((process) => {
      this.#process = process
      process.stdout.on('data', (chunk: Buffer) => {
        if (!this.push(chunk)) process.stdout.pause()
      })
      process.stdout.once('close', () => {
        void this.#finish(process)
      })
      callback()
    }, callback)
  }

  override _read(): void {
    this.#process?.stdout.resume()
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#process?.stdin.write(chunk, (error) => {
      // #finish tells why ssh stopped reading.
      if (!error) callback()
    })
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#process?.stdin.end(() => callback())
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    const process = this.#process
    process?.stdin.destroy()
    process?.stdout.destroy()
    process?.end()
    callback(error)
  }

  async #finish({ended}: RunningProcess): Promise<void> {
    if (this.destroyed) return
    // A shared connection (ControlMaster) may keep running.
    const timeout = new AbortController()
    const end = await Promise.race([ended, sleep(TIMEOUT_MILLISECONDS, undefined, timeout)])
    timeout.abort()
    if (end === undefined || end.exitCode === 0) this.push(null)
    else this.destroy(new SshEnded(end))
  }
}
