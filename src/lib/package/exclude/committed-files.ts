import {posix} from 'node:path'
import {helperImageLabels} from '../../label/temporary-labels.js'
import type {TarEntry} from '../../tar/read-tar.js'
import {bytesToText, textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {writeTar} from '../../tar/write-tar.js'
import {silent} from '../../terminal/progress.js'
import type {HelperContainer} from '../../container/helper/helper-container.js'
import {ImageFiles} from '../../container/helper/image-files.js'
import {IdMap} from '../../container/helper/id-map.js'
import {append, replaceConfig, replaceLayer} from '../../image/image.js'
import {encodeLayer, type EncodeLayerOptions} from '../../image/layer/encode-layer.js'
import {placed} from '../../image/layer/mount-layer.js'
import {visibleEntries} from '../../image/layer/visible-entries.js'
import type {WritableLayer} from '../../image/model.js'
import type {StoredImage} from '../../image/store/image-store.js'
import {imageStoreOf} from '../../image/store/store-of-engine.js'
import {writeImage} from '../../image/store/write-image.js'
import {WHITEOUT} from '../../image/whiteout.js'
import {MountTable} from '../mount/mount-table.js'
import {excludedIn, type PathSet} from './excluded-entries.js'
import type {PathPatterns} from './path-patterns.js'
import type {ExcludeOptions} from './model.js'
import {isWithin, parentPaths} from '../../tar/path.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A container's own files as committed, without its mounts. */
export class CommittedFiles implements AsyncDisposable {
  private constructor(
    private readonly work: EngineWork,
    private readonly options: ExcludeOptions,
    private readonly files: ImageFiles,
    private readonly reader: HelperContainer,
  ) {}

  static async open(work: EngineWork, options: ExcludeOptions): Promise<CommittedFiles> {
    const files = ImageFiles.of(work, options.commit)
    try {
      return new CommittedFiles(work, options, files, await files.container())
    } catch (error) {
      await files[Symbol.asyncDispose]()
      throw error
    }
  }

  /** The real paths of those that patterns name through a symlink, by the given path. */
  async followLinks({literals}: PathPatterns): Promise<Map<string, string>> {
    const links = new Map<string, string>()
    for (const literal of literals) {
      const path = posix.join(await this.#resolve(posix.dirname(literal)), posix.basename(literal))
      if (path !== literal) links.set(literal, path)
    }
    return links
  }

  /** The topmost paths that match patterns, as byte strings; not in mounts, which hide what is below them. */
  async excluded(patterns: PathPatterns): Promise<string[]> {
    const found = new Set<string>()
    const {signal} = this.work
    const {destinations} = this.options
    for (const root of rootsOf(patterns)) {
      if (destinations.some((mount) => root !== mount && isWithin(root, mount))) continue
      // Named a second time, through a symlink.
      if (root !== '/' && (await this.#resolve(posix.dirname(root))) !== posix.dirname(root)) continue
      const header = root === '/' ? undefined : await this.reader.header(root)
      if (root !== '/' && header === undefined) continue
      const asBytes = textToBytes(root.slice(1))
      if (header !== undefined && patterns.matches(root, header.type === 'directory')) found.add(asBytes)
      else if (header === undefined || header.type === 'directory') {
        const archive = root === '/' ? this.reader.export(signal) : this.reader.archive(root, signal)
        const place = (path: string): string => (root === '/' ? path : placed(path, asBytes))
        for (const path of await excludedIn(archive, place, patterns)) found.add(path)
      }
    }
    return [...found].filter((path) => {
      const text = `/${bytesToText(path)}`
      return !destinations.some((mount) => text !== mount && isWithin(text, mount))
    })
  }

  /**
   * Writes the commit again with a writable layer without what is excluded, which also deletes what lower layers have of it.
   * @param deleted the excluded paths that are in the container's image
   * @returns the new image; the caller removes it
   */
  async commitWithout(
    excluded: PathSet,
    deleted: readonly string[],
    {cleanup, signal}: Pick<EncodeLayerOptions, 'cleanup' | 'signal'>,
  ): Promise<StoredImage> {
    const {engine, run} = this.work
    const {commit} = this.options
    const {config, layers} = commit.view
    const writable = layers.find(({kind}) => kind === 'writable')
    const parents = await this.#foldersAbove(deleted)
    const created = new Date().toISOString()
    const content = await encodeLayer({
      ...{cleanup, signal, encode: imageStoreOf(engine).encode},
      read: () => writeTar(entriesWithout(writable?.uncompressed, excluded, deleted, parents)),
      history: writable?.history ?? {created, created_by: 'keg docker package'},
    })
    const layer: WritableLayer = {kind: 'writable', masks: [], ...content}
    const changed = writable === undefined ? append(commit.view, [layer]) : replaceLayer(commit.view, writable, layer)
    const image = replaceConfig(changed, {...config, created, config: {}}, helperImageLabels(run))
    const {id, view} = await writeImage({engine, progress: silent, signal}, {image})
    return {...commit, id, view}
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.files[Symbol.asyncDispose]()
  }

  /** A folder, with all symlinks followed. */
  async #resolve(folder: string): Promise<string> {
    const table = await MountTable.of([{destination: folder}], (path) => this.reader.readLink(path))
    return table.visible[0]?.path ?? folder
  }

  /** The folders above paths as the container has them, outermost first: a layer that deletes in them would reset them. */
  async #foldersAbove(paths: readonly string[]): Promise<TarHeader[]> {
    const {base} = this.options
    const folders = new Set(paths.flatMap(parentPaths))
    if (folders.size === 0) return []
    const owners = await IdMap.of(this.work, {like: base})
    const headers: TarHeader[] = []
    for (const path of [...folders].sort()) {
      const header = await this.reader.header(`/${bytesToText(path)}`)
      if (header !== undefined) headers.push({...(await owners.owned(header)), path})
    }
    return headers
  }
}

/** A layer's entries without excluded paths, then the folders above deletions that it lacks, and the deletions. */
async function* entriesWithout(
  read: (() => AsyncIterable<Buffer>) | undefined,
  excluded: PathSet,
  deleted: readonly string[],
  parents: readonly TarHeader[],
): AsyncGenerator<TarEntry> {
  const there = new Set<string>()
  const visibility = (path: string): 'hidden' | 'shown' => (excluded.covers(path) ? 'hidden' : 'shown')
  if (read !== undefined)
    for await (const entry of visibleEntries(read, {visibility})) {
      there.add(entry.header.path)
      yield entry
    }
  for (const header of parents) if (!there.has(header.path)) yield {header, content: NOTHING}
  for (const path of deleted) {
    const slash = path.lastIndexOf('/')
    const whiteout = `${path.slice(0, slash + 1)}${WHITEOUT}${path.slice(slash + 1)}`
    if (!there.has(whiteout)) yield {header: {...EMPTY_FILE, path: whiteout}, content: NOTHING}
  }
}

const NOTHING: AsyncIterable<Buffer> = {
  async *[Symbol.asyncIterator]() {
    // No content.
  },
}

const EMPTY_FILE: Omit<TarHeader, 'path'> = {
  type: 'file',
  ...{mode: 0, uid: 0, gid: 0, size: 0, mtime: 0, link: '', deviceMajor: 0, deviceMinor: 0},
  xattrs: new Map<string, Buffer>(),
}

/** Folders and files below which everything that patterns can match is found, none within another. */
export function rootsOf(patterns: PathPatterns): string[] {
  const roots = new Set(patterns.literals)
  for (const {at, lines} of patterns.sets)
    if (at !== '/') roots.add(at)
    else for (const line of lines) if (/[*?[\\]/.test(line) || line.endsWith('/')) roots.add(folderBefore(line))
  return [...roots].filter((root) => ![...roots].some((other) => other !== root && isWithin(root, other))).sort()
}

/** The folder above the first name with something special in it: of `/app/*.log` it is `/app`. */
function folderBefore(pattern: string): string {
  const names = pattern.split('/').slice(1)
  const special = names.findIndex((name) => name === '' || /[*?[\\]/.test(name))
  return `/${names.slice(0, special).join('/')}`
}
