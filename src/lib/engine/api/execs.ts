import type {Exec} from 'dockerode'
import {Duplex, type Readable} from 'node:stream'
import type {DockerClient} from '../docker-client.js'
import {unlessStatus, type EngineConnection} from '../engine-connection.js'
import {EngineError} from '../engine-error.js'
import type {ExecDetails, TerminalSize} from '../types.js'
import {containerOf} from './containers.js'

export type ExecCalls = ReturnType<typeof execCalls>

/** Commands in running containers; `RunningExec` uses them. */
export function execCalls({ask}: EngineConnection) {
  return {
    /** Creates an exec in a container. @returns its id. */
    async createExec(container: string, config: object): Promise<string> {
      return (await ask<Exec>((docker) => containerOf(docker, container).exec(config))).id
    },

    /** Starts an exec detached. */
    async startExec(id: string): Promise<void> {
      const answer = await ask<Readable>((docker) => execOf(docker, id).start({Detach: true}))
      answer.resume()
    },

    /** Starts an exec. @returns a stream of its output, multiplexed unless it has a terminal, and for its standard input. */
    async openExec(
      id: string,
      {size, tty}: {readonly size?: TerminalSize | undefined; readonly tty: boolean},
    ): Promise<Duplex> {
      const options = {Detach: false, Tty: tty, hijack: true, ...(size && {ConsoleSize: [size.rows, size.columns]})}
      const stream = await ask<Duplex | Readable>((docker) => execOf(docker, id).start(options))
      if (stream instanceof Duplex) return stream
      stream.destroy()
      throw new EngineError(200, 'it gives no connection for bytes both ways')
    },

    /** Sets the size of a running exec's terminal. */
    async resizeExec(id: string, {columns, rows}: TerminalSize): Promise<void> {
      await ask((docker) => execOf(docker, id).resize({h: rows, w: columns}))
    },

    /** The state of an exec; undefined if the engine does not know it any more. */
    exec(id: string): Promise<ExecDetails | undefined> {
      return unlessStatus(
        [404],
        ask<ExecDetails>((docker) => execOf(docker, id).inspect()),
      )
    },
  }
}

function execOf(docker: DockerClient, id: string): Exec {
  return docker.getExec(encodeURIComponent(id))
}
