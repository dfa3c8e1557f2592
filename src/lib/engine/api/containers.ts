import type {Container, ContainerInspectOptions} from 'dockerode'
import type {Readable} from 'node:stream'
import type {DockerClient} from '../docker-client.js'
import {abortable, send, unlessStatus, type EngineConnection} from '../engine-connection.js'
import {EngineError} from '../engine-error.js'
import {jsonLines} from '../json-lines.js'
import {retryRace} from '../retry.js'
import type {ContainerDetails, ContainerRow, Filters, LogOptions, ProcessTable} from '../types.js'

export type ContainerCalls = ReturnType<typeof containerCalls>

/** Containers: inspect, create, start and stop them, and read their output. */
export function containerCalls({ask, explain, ping}: EngineConnection) {
  return {
    containers(filters: Filters = {}): Promise<readonly ContainerRow[]> {
      return ask((docker) => docker.listContainers({all: true, filters: JSON.stringify(filters)}))
    },

    /** One container by name, id or unique id prefix; undefined if there is none. */
    container(reference: string, {size = false} = {}): Promise<ContainerDetails | undefined> {
      const options: ContainerInspectOptions & {size: boolean} = {size}
      return unlessStatus(
        [404],
        ask<ContainerDetails>((docker) => containerOf(docker, reference).inspect(options)),
      )
    },

    /** @returns the id of the new container, and the engine's warnings. */
    async createContainer(config: object, name?: string): Promise<{id: string; warnings: readonly string[]}> {
      const request = {method: 'POST', path: '/containers/create', query: {name}, body: config, expect: 201} as const
      const create = (docker: DockerClient): Promise<unknown> => send(docker, request)
      const {Id, Warnings} = await retryRace(() => ask<{Id: string; Warnings?: string[] | null}>(create))
      return {id: Id, warnings: Warnings ?? []}
    },

    async startContainer(id: string): Promise<void> {
      await unlessStatus(
        [304],
        ask((docker) => containerOf(docker, id).start()),
      )
    },

    /** Stops a container; kills it if it has not ended after `seconds`. A missing one is no error. */
    async stopContainer(id: string, seconds: number): Promise<void> {
      await unlessStatus(
        [304, 404],
        ask((docker) => containerOf(docker, id).stop({t: seconds})),
      )
    },

    /** Restarts a container; kills it if it has not ended after `seconds`. */
    async restartContainer(id: string, seconds: number): Promise<void> {
      await ask((docker) => containerOf(docker, id).restart({t: seconds}))
    },

    async pauseContainer(id: string): Promise<void> {
      await ask((docker) => containerOf(docker, id).pause())
    },

    async unpauseContainer(id: string): Promise<void> {
      await ask((docker) => containerOf(docker, id).unpause())
    },

    /** Removes a container; with `volumes` its anonymous volumes too. A missing one is no error. */
    async removeContainer(id: string, {force = false, volumes = false} = {}): Promise<void> {
      await unlessStatus(
        [404],
        ask((docker) => containerOf(docker, id).remove({force, v: volumes})),
      )
    },

    /** @throws EngineError 409 if another container has that name. */
    async renameContainer(id: string, name: string): Promise<void> {
      await ask((docker) => containerOf(docker, id).rename({name}))
    },

    /** Waits until a container has ended. @returns its exit code. */
    async waitContainer(id: string, signal?: AbortSignal): Promise<number> {
      const wait = (docker: DockerClient): Promise<unknown> => containerOf(docker, id).wait(abortable(signal))
      return (await ask<{StatusCode: number}>(wait, signal)).StatusCode
    },

    /** The output of a container since it was created, as it comes: multiplexed unless it has a terminal. */
    containerLogs(
      id: string,
      signal: AbortSignal,
      {follow = true, since, tail, timestamps = false}: LogOptions = {},
    ): Promise<Readable> {
      const query = {follow, stdout: true, stderr: true, since, tail, timestamps}
      const request = {method: 'GET', path: containerPath(id, 'logs'), query, isStream: true} as const
      return ask((docker) => send(docker, request, signal), signal)
    },

    /**
     * The output of a container from now on, multiplexed unless it has a terminal. Attached before the start, it loses
     * nothing, whatever the log driver and however short the run.
     */
    attachContainer(id: string, signal: AbortSignal): Promise<Readable> {
      const options = {stream: true, stdout: true, stderr: true, ...abortable(signal)}
      return ask((docker) => containerOf(docker, id).attach(options), signal)
    },

    /**
     * Registers for the next exit of a container, so that it is not missed even if the engine removes the container at once.
     * @returns the exit code to come, once the engine has registered the wait.
     */
    async nextExit(id: string, signal: AbortSignal): Promise<{readonly exitCode: Promise<number>}> {
      const query = {condition: 'next-exit'}
      const request = {method: 'POST', path: containerPath(id, 'wait'), query, isStream: true} as const
      const answer = await ask<Readable>((docker) => send(docker, request, signal), signal)
      const first = async (): Promise<number> => {
        try {
          for await (const {StatusCode} of jsonLines<{StatusCode?: number}>(answer))
            if (StatusCode !== undefined) return StatusCode
        } catch (error) {
          throw await explain(error, signal)
        }
        // An engine that went away also ends its answer: then that is the error.
        await ping()
        throw new EngineError(0, 'the engine ended before the container did')
      }
      const exitCode = first()
      // Whoever awaits it gets the error; nobody may be awaiting it now.
      exitCode.catch(() => undefined)
      return {exitCode}
    },

    /** The command lines of all processes in a running container, as `ps` on the engine's machine prints them. */
    async processes(container: string): Promise<readonly string[]> {
      const {Processes} = await ask<ProcessTable>((docker) => containerOf(docker, container).top())
      return (Processes ?? []).map((columns) => columns.join(' '))
    },

    /**
     * All processes in a running container, with the columns that the arguments of `ps` select; ids are those of the
     * engine's machine.
     */
    processTable(container: string, psArguments: string): Promise<ProcessTable> {
      return ask((docker) => containerOf(docker, container).top({ps_args: psArguments}))
    },

    /** The paths that a container changed against its image, each with a value of CHANGE. */
    async changes(
      container: string,
      signal?: AbortSignal,
    ): Promise<readonly {readonly Path: string; readonly Kind: number}[]> {
      const list = await ask<{Path: string; Kind: number}[] | Buffer>(
        (docker) => containerOf(docker, container).changes(abortable(signal)),
        signal,
      )
      // The engine sends `null` if nothing changed, which dockerode returns as text.
      return Array.isArray(list) ? list : []
    },

    /** Creates an untagged image from a container's writable layer, without pausing it. @returns the id of the image. */
    async commit(container: string, config: object): Promise<string> {
      // With one object for both, the configuration, environment included, would be in the URL.
      const options = {_query: {container, pause: false}, _body: config}
      const commit = (docker: DockerClient): Promise<unknown> => containerOf(docker, container).commit(options)
      return (await retryRace(() => ask<{Id: string}>(commit))).Id
    },
  }
}

/** @param reference as the user typed it */
export function containerOf(docker: DockerClient, reference: string): Container {
  return docker.getContainer(encodeURIComponent(reference))
}

/** For calls that dockerode's containers do not have. */
export function containerPath(container: string, action: string): string {
  return `/containers/${encodeURIComponent(container)}/${action}`
}
