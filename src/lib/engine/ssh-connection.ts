import {Agent} from 'node:http'
import {Duplex} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {endingWithKeg, startProcess, type ProcessEnd, type RunningProcess} from '../process/start-process.js'
import type {SshTarget} from './engine-address.js'

/** How long ssh may take to end once it has closed its output. */
const PATIENCE_MILLISECONDS = 2000

/** ssh ended, and with it the connection; `end` says how. */
export class SshEnded extends Error {
  constructor(readonly end: ProcessEnd) {
    super('ssh ended')
    this.name = 'SshEnded'
  }
}

/** The words after `ssh` that name a login, as one would type them. */
export function sshLogin({user, host, port}: SshTarget): string[] {
  return [...(user === undefined ? [] : ['-l', user]), ...(port === undefined ? [] : ['-p', String(port)]), '--', host]
}

/**
 * Connections to the engine of another machine: each is a process of the user's own ssh, with all its settings and keys,
 * that runs the docker client there as a pipe to its engine (docker/cli, cli/connhelper). They are kept and used again.
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
    this.#program = endingWithKeg('ssh', {probe: '-V', environment})
  }

  override createConnection(): Duplex {
    const connection = new SshConnection(this.#start())
    this.#connections.add(connection)
    void connection.ended.then(() => this.#connections.delete(connection))
    return connection
  }

  override keepSocketAlive(connection: Duplex): boolean {
    if (connection instanceof SshConnection) connection.hold(false)
    return true
  }

  override reuseSocket(connection: Duplex): void {
    if (connection instanceof SshConnection) connection.hold(true)
  }

  async #start(): Promise<RunningProcess> {
    const program = await this.#program
    return startProcess({command: [...program, ...this.#parameters], environment: this.environment})
  }

  /** Ends all connections. @returns once no ssh is left. */
  async close(): Promise<void> {
    const connections = [...this.#connections]
    this.destroy()
    for (const connection of connections) connection.destroy()
    await Promise.all(connections.map((connection) => connection.ended))
  }
}

/** What goes to the standard input of a process and comes from its standard output, as a socket. */
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

  /** Whether keg goes on as long as this is open. */
  hold(isHeld: boolean): void {
    this.#process?.hold(isHeld)
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
      // Why ssh does not read any more is what #finish tells.
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
    // One that others share (ControlMaster) may go on.
    const patience = new AbortController()
    const end = await Promise.race([ended, sleep(PATIENCE_MILLISECONDS, undefined, patience)])
    patience.abort()
    if (end === undefined || end.exitCode === 0) this.push(null)
    else this.destroy(new SshEnded(end))
  }
}
