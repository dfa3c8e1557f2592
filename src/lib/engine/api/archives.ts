import {IncomingMessage} from 'node:http'
import type {Readable} from 'node:stream'
import {abortable, send, unlessStatus, type EngineConnection} from '../engine-connection.js'
import type {PathStat} from '../types.js'
import {containerOf, containerPath} from './containers.js'

export type ArchiveCalls = ReturnType<typeof archiveCalls>

/** Files of containers, as tar. */
export function archiveCalls({ask, bytes}: EngineConnection) {
  return {
    /** A path inside a container, mounts included; undefined if it does not exist. */
    async pathStat(container: string, path: string): Promise<PathStat | undefined> {
      const request = ask<Readable>((docker) => containerOf(docker, container).infoArchive({path}))
      const answer = await unlessStatus([404], request)
      answer?.resume()
      const encoded = answer instanceof IncomingMessage ? answer.headers['x-docker-container-path-stat'] : undefined
      if (typeof encoded !== 'string') return undefined
      return JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')) as PathStat
    },

    /**
     * A path of a container as a tar, mounts included. An open stream holds the container's lock: inspect, commit and
     * unpause wait until it is read to the end or destroyed.
     * @param path as text, or as bytes if its folders may not be UTF-8; if its last name is not UTF-8, 20.10 sends nothing.
     */
    async archive(container: string, path: string | Buffer, signal?: AbortSignal): Promise<AsyncGenerator<Buffer>> {
      const place = `${containerPath(container, 'archive')}?path=${percentEncoded(Buffer.from(path))}`
      const request = {method: 'GET', path: place, isStream: true} as const
      return bytes(await ask<Readable>((docker) => send(docker, request, signal), signal), signal)
    },

    /**
     * Extracts an uncompressed tar into a folder of a container, running or not, with the owners in the tar. A folder that
     * the tar replaces by a file is removed with its contents (moby, pkg/archive, Unpack).
     */
    async unpack(container: string, folder: string, tar: Buffer): Promise<void> {
      await ask((docker) => containerOf(docker, container).putArchive(tar, {path: folder}))
    },

    /** A container's root file system without its mounts, as a tar. It does not delay pausing the container. */
    async exportContainer(container: string, signal?: AbortSignal): Promise<AsyncGenerator<Buffer>> {
      const options = abortable(signal)
      return bytes(await ask<Readable>((docker) => containerOf(docker, container).export(options), signal), signal)
    },
  }
}

/** Encodes each byte: a path may not be UTF-8. */
function percentEncoded(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replace(/[^\w.~/-]/g, (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`)
}
