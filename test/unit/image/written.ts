import {createHash} from 'node:crypto'
import {buffer} from 'node:stream/consumers'
import type {Descriptor, Image, Layer} from '../../../src/lib/image/model.js'
import {inChunks} from '../../support/chunks.js'
import {readTar} from '../../support/tar.js'
import {archiveOf, fileWith} from '../tar/archive.js'

const created = '2024-01-02T03:04:05.000Z'

export function sha256(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** A layer that has to be written, and its bytes. */
export function writtenLayer(name: string, length: number): Layer & {readonly tar: Buffer} {
  const tar = archiveOf([fileWith(name, name.charAt(0).repeat(length))])
  return {
    kind: 'base',
    diffId: sha256(tar),
    history: {created, created_by: `keg ${name}`},
    stored: undefined,
    size: () => Promise.resolve(tar.length),
    uncompressed: () => inChunks(tar, 10_000),
    compressed: undefined,
    tar,
  }
}

/** A layer that the engine has as the lowest one, with its blob if the store keeps blobs. */
export function storedLayer(name: string, mediaType?: string): Layer {
  const descriptor: Descriptor | undefined =
    mediaType === undefined ? undefined : {mediaType, digest: sha256(Buffer.from(`blob of ${name}`)), size: 4321}
  const diffId = sha256(Buffer.from(name))
  const unread = (): never => {
    throw new Error(`${name} is read`)
  }
  return {
    kind: 'base',
    diffId,
    history: {created, created_by: `ADD ${name}`},
    stored: {chainId: diffId, descriptor},
    size: unread,
    uncompressed: unread,
    compressed: undefined,
  }
}

export function imageOf(layers: readonly Layer[]): Image {
  return {
    layers,
    emptyHistory: [
      {index: 0, history: {created, created_by: 'ARG first'}},
      {index: 1, history: {created, created_by: 'ENV A=b'}},
      {index: layers.length, history: {created, created_by: 'CMD ["x"]'}},
    ],
    config: {created, author: 'Ada', architecture: 'arm64', variant: 'v8', os: 'linux', config: {Cmd: ['x']}},
    labels: {},
  }
}

/** The files of an archive, in order, by an independent reader. */
export async function filesIn(archive: AsyncIterable<Buffer>): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>()
  for await (const {body, name, type} of readTar(archive)) {
    if (type !== 'file' || files.has(name)) throw new Error(`${type} ${name}`)
    files.set(name, await buffer(body))
  }
  return files
}

export function parsed(file: Buffer | undefined): unknown {
  return JSON.parse(String(file))
}
