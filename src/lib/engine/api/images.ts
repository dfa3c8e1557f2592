import type {Readable} from 'node:stream'
import type {DockerClient} from '../docker-client.js'
import {abortable, send, unlessStatus, type EngineConnection} from '../engine-connection.js'
import {retryRace} from '../retry.js'
import type {Filters, HistoryRow, ImageDetails, ImageRow, StreamMessage} from '../types.js'

export type ImageCalls = ReturnType<typeof imageCalls>

/** Images, in the engine and on the way to and from registries. */
export function imageCalls({ask, exported, messages}: EngineConnection) {
  return {
    images(filters: Filters): Promise<readonly ImageRow[]> {
      // A containerd store fails if one of all its images is removed meanwhile.
      return retryRace(() => ask((docker) => docker.listImages({all: true, filters: JSON.stringify(filters)})))
    },

    /** One image by reference or id; undefined if the engine does not have it. */
    image(reference: string): Promise<ImageDetails | undefined> {
      return unlessStatus(
        [404],
        ask<ImageDetails>((docker) => docker.getImage(reference).inspect()),
      )
    },

    imageHistory(reference: string): Promise<readonly HistoryRow[]> {
      return retryRace(() => ask((docker) => docker.getImage(reference).history()))
    },

    /** An image as docker save writes it. */
    async saveImage(reference: string, signal?: AbortSignal): Promise<AsyncGenerator<Buffer>> {
      // dockerode's call for a single image takes no signal.
      const options = {names: [reference], ...abortable(signal)}
      return exported(await ask<Readable>((docker) => docker.getImages(options), signal), signal)
    },

    /** Loads an image archive. @throws EngineError if the engine refuses it, and whatever the archive throws. */
    async loadImage(archive: Readable): Promise<void> {
      const progress = messages(await ask<Readable>((docker) => docker.loadImage(archive, {quiet: true})))
      // The answer can contain an error.
      while ((await progress.next()).done !== true) continue
    },

    async tagImage(image: string, repository: string, tag: string): Promise<void> {
      await ask((docker) => docker.getImage(image).tag({repo: repository, tag}))
    },

    /** Removes one tag, or an image by id, never its parents. A missing one is no error. */
    async removeImage(reference: string, {force = false} = {}): Promise<void> {
      await unlessStatus(
        [404],
        ask((docker) => docker.getImage(reference).remove({noprune: true, force})),
      )
    },

    /**
     * Has the engine ask a registry for the digest of a reference.
     * @returns the digest
     * @throws EngineError with the registry's response, 404 if it has no such tag
     */
    async distribution(name: string, registryAuth: string, signal?: AbortSignal): Promise<string> {
      const request = {method: 'GET', path: `/distribution/${name}/json`, registryAuth} as const
      const inspect = (docker: DockerClient): Promise<unknown> => send(docker, request, signal)
      return (await ask<{Descriptor: {digest: string}}>(inspect, signal)).Descriptor.digest
    },

    /** Pushes `repository:tag`. Yields the engine's messages; throws an error among them. */
    async *push(
      repository: string,
      tag: string,
      registryAuth: string,
      signal?: AbortSignal,
    ): AsyncGenerator<StreamMessage> {
      const options = {tag, authconfig: {key: registryAuth}, ...abortable(signal)}
      yield* messages(await ask<Readable>((docker) => docker.getImage(repository).push(options), signal), signal)
    },

    /** Pulls a repository at a tag or digest. Yields the engine's messages; throws an error among them. */
    async *pull(
      repository: string,
      tagOrDigest: string,
      registryAuth: string,
      signal?: AbortSignal,
    ): AsyncGenerator<StreamMessage> {
      const options = {fromImage: repository, tag: tagOrDigest, ...abortable(signal)}
      const create = (docker: DockerClient): Promise<unknown> => docker.createImage({key: registryAuth}, options)
      yield* messages(await ask<Readable>(create, signal), signal)
    },
  }
}
