/**
 * An image's layers and configuration from `docker save`: the docker-archive of older engines (manifest.json) and the
 * OCI layout of newer ones (index.json, blobs, layers plain or gzip). Shares no code with keg.
 */
import {createHash} from 'node:crypto'
import {posix} from 'node:path'
import {createGunzip} from 'node:zlib'

import {dockerStream} from './docker.js'
import type {TarMember} from './tar.js'
import {readTar} from './tar.js'

export interface LayerEntry extends Omit<TarMember, 'body' | 'name' | 'xattrs'> {
  /** Absolute, as a byte string; whiteouts keep their names (`/srv/.wh.old`, `/srv/.wh..wh..opq`). */
  path: string
  /** Hex, of a file. */
  sha256: string | null
  /** Values as hex. */
  xattrs: Record<string, string>
}

export interface Layer {
  compression: 'gzip' | 'none'
  /** `sha256:` of the uncompressed tar; checked against the configuration. */
  diffId: string
  /** In the order of the tar. */
  entries: LayerEntry[]
}

/** The image configuration: https://github.com/opencontainers/image-spec/blob/v1.1.0/config.md and docker's own Healthcheck. */
export interface ImageConfiguration {
  architecture: string
  config: {
    Cmd?: string[] | null
    Entrypoint?: string[] | null
    Env?: string[] | null
    ExposedPorts?: Record<string, object> | null
    Healthcheck?: {Interval?: number; Retries?: number; Test?: string[]; Timeout?: number} | null
    Labels?: Record<string, string> | null
    StopSignal?: string
    User?: string
    Volumes?: Record<string, object> | null
    WorkingDir?: string
  }
  created?: string
  history?: {comment?: string; created?: string; created_by?: string; empty_layer?: boolean}[]
  os: string
  rootfs: {diff_ids: string[]; type: string}
}

export interface SavedImage {
  configuration: ImageConfiguration
  /** From the lowest to the uppermost. */
  layers: Layer[]
}

interface Descriptor {
  digest: string
  platform?: {architecture: string; os: string}
}

type SavedFile = {kind: 'layer'; layer: Layer} | {kind: 'link'; target: string} | {kind: 'text'; text: string}

async function readLayer(body: AsyncIterable<Buffer>, compression: Layer['compression']): Promise<Layer> {
  const hash = createHash('sha256')
  async function* plain(): AsyncGenerator<Buffer> {
    for await (const chunk of compression === 'gzip' ? unzipped(body) : body) {
      hash.update(chunk)
      yield chunk
    }
  }
  const entries: LayerEntry[] = []
  for await (const {body: content, name, xattrs, ...rest} of readTar(plain())) {
    const contentHash = createHash('sha256')
    for await (const chunk of content) contentHash.update(chunk)
    const path = posix.normalize(`/${name}`)
    entries.push({
      ...rest,
      path: path.length > 1 ? path.replace(/\/$/, '') : path,
      sha256: rest.type === 'file' ? contentHash.digest('hex') : null,
      xattrs: Object.fromEntries([...xattrs].map(([key, value]) => [key, value.toString('hex')])),
    })
  }
  return {compression, diffId: `sha256:${hash.digest('hex')}`, entries}
}

async function* unzipped(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip()
  const feed = async () => {
    for await (const chunk of body)
      if (!gunzip.write(chunk)) await new Promise<void>((resolve) => gunzip.once('drain', resolve))
    gunzip.end()
  }
  const fed = feed().catch((error: unknown) =>
    gunzip.destroy(error instanceof Error ? error : new Error(String(error))),
  )
  for await (const chunk of gunzip) yield chunk as Buffer
  await fed
}

/** Reads the first bytes of a body, and returns them with a body that still has them. */
async function peek(body: AsyncIterable<Buffer>): Promise<{start: Buffer; whole: AsyncIterable<Buffer>}> {
  const chunks = body[Symbol.asyncIterator]()
  let start = Buffer.alloc(0)
  while (start.length < 4) {
    const next = await chunks.next()
    if (next.done === true) break
    start = Buffer.concat([start, next.value])
  }
  async function* whole(): AsyncGenerator<Buffer> {
    if (start.length > 0) yield start
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value
  }
  return {start, whole: whole()}
}

async function readSavedFile(member: TarMember): Promise<SavedFile> {
  if (member.type === 'symlink') return {kind: 'link', target: posix.join(posix.dirname(member.name), member.link)}
  if (member.type === 'hardlink') return {kind: 'link', target: posix.normalize(member.link)}
  const {start, whole} = await peek(member.body)
  const isLayer = member.name.endsWith('/layer.tar') || (member.name.startsWith('blobs/') && start[0] !== 0x7b)
  if (isLayer) {
    if (start.readUInt32BE(0) === 0x28b52ffd) throw new Error(`${member.name} is compressed with zstd, not read here`)
    const isGzip = start[0] === 0x1f && start[1] === 0x8b
    return {kind: 'layer', layer: await readLayer(whole, isGzip ? 'gzip' : 'none')}
  }
  const chunks: Buffer[] = []
  for await (const chunk of whole) chunks.push(chunk)
  return {kind: 'text', text: Buffer.concat(chunks).toString('utf8')}
}

/** The saved files by name, with links followed. */
class SavedFiles {
  constructor(private readonly files: ReadonlyMap<string, SavedFile>) {}

  has(name: string): boolean {
    return this.files.has(name)
  }

  json(name: string): unknown {
    const file = this.find(name)
    if (file.kind !== 'text') throw new Error(`${name} is not JSON`)
    return JSON.parse(file.text)
  }

  layer(name: string): Layer {
    const file = this.find(name)
    if (file.kind !== 'layer') throw new Error(`${name} is not a layer`)
    return file.layer
  }

  private find(name: string): SavedFile {
    const file = this.files.get(name)
    if (file === undefined) throw new Error(`docker save did not give ${name}`)
    return file.kind === 'link' ? this.find(file.target) : file
  }
}

function blob(descriptor: Descriptor): string {
  return `blobs/${descriptor.digest.replace(':', '/')}`
}

/** Names of the configuration's file and the layers' files. */
function parts(files: SavedFiles): {configuration: string; layers: string[]} {
  if (files.has('manifest.json')) {
    const manifests = files.json('manifest.json') as {Config: string; Layers: string[]}[]
    if (manifests.length !== 1) throw new Error(`docker save gave ${manifests.length} images`)
    return {configuration: manifests[0]!.Config, layers: manifests[0]!.Layers}
  }
  let node = files.json('index.json') as {config?: Descriptor; layers?: Descriptor[]; manifests?: Descriptor[]}
  while (node.manifests !== undefined) {
    // Attestations are manifests of an unknown platform.
    const images = node.manifests.filter((manifest) => manifest.platform?.os !== 'unknown' && files.has(blob(manifest)))
    if (images.length !== 1) throw new Error(`docker save gave ${images.length} images`)
    node = files.json(blob(images[0]!)) as typeof node
  }
  if (node.config === undefined || node.layers === undefined) throw new Error('docker save gave no image manifest')
  return {configuration: blob(node.config), layers: node.layers.map(blob)}
}

/** Reads the tar of `docker save` of one image. Throws if a layer does not match the configuration. */
export async function readSavedImage(archive: AsyncIterable<Uint8Array>): Promise<SavedImage> {
  const read = new Map<string, SavedFile>()
  for await (const member of readTar(archive))
    if (member.type !== 'directory') read.set(posix.normalize(member.name), await readSavedFile(member))
  const files = new SavedFiles(read)
  const names = parts(files)
  const configuration = files.json(names.configuration) as ImageConfiguration
  const layers = names.layers.map((name) => files.layer(name))
  const [promised, given] = [configuration.rootfs.diff_ids.join(' '), layers.map((layer) => layer.diffId).join(' ')]
  if (promised !== given) throw new Error(`the layers are ${given}, the configuration says ${promised}`)
  return {configuration, layers}
}

/** The layers and the configuration of an image in the engine. */
export async function imageLayers(reference: string): Promise<SavedImage> {
  return readSavedImage(dockerStream(['save', reference]))
}
