import type {Document, YAMLMap} from 'yaml'
import {inTurn} from '../turn.js'
import {replaceFile} from './replace-file.js'
import {readIfThere} from './settings-file.js'

export interface ChangeOptions {
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Only tells what would become of it. */
  readonly dryRun?: boolean
}

/** What kind of file of settings it is. */
export interface SettingsFileKind<T> {
  readonly file: string
  /** The settings in it that are a list of names and values. */
  readonly collections: readonly string[]
  /** What keg writes as its version; undefined for a file without one. */
  readonly version: number | undefined
  /** Reads and checks a text. */
  read(text: string): Promise<{readonly document: Document; readonly settings: T}>
}

/**
 * Changes a file of settings: reads it, has it changed and writes it, while no other keg does the same. Comments and order stay; a
 * file that comes out as it was is not written.
 * @param change gets the document and what it says now; what it throws leaves the file as it is
 * @returns what the file says then
 * @throws what reading throws, before and after the change; FailedError `configuration-unreadable`, `configuration-unwritable`; what
 * inTurn throws
 */
export async function changeSettingsFile<T>(
  kind: SettingsFileKind<T>,
  {dryRun = false, environment, signal}: ChangeOptions,
  change: (document: Document, settings: T) => void,
): Promise<T> {
  const work = async (): Promise<T> => {
    const {document, settings} = await kind.read((await readIfThere(kind.file)) ?? '')
    const space = await makeSpace(document, kind)
    const before = document.toString(LAYOUT)
    change(document, settings)
    if (document.toString(LAYOUT) === before) return settings

    space.tidy()
    const text = document.toString(LAYOUT)
    const result = await kind.read(text)
    signal.throwIfAborted()
    if (!dryRun) await replaceFile(kind.file, text)
    return result.settings
  }
  return dryRun ? work() : inTurn('configuration', {environment, signal}, work)
}

/** Long texts stay on their line. */
const LAYOUT = {lineWidth: 0}

/**
 * Sees to it that there is a mapping wherever one may be, and that what comes into an empty one gets lines of its own.
 * @returns what is to be done once the document is changed: it takes away what has become empty, and adds the version
 */
async function makeSpace(
  document: Document,
  {collections, version}: Pick<SettingsFileKind<unknown>, 'collections' | 'version'>,
): Promise<{tidy: () => void}> {
  const {isMap, isScalar, YAMLMap} = await import('yaml')
  const root = isMap(document.contents) ? document.contents : new YAMLMap(document.schema)
  document.contents = root
  const collection = (name: string): YAMLMap | undefined => {
    const node: unknown = root.get(name)
    return isMap(node) ? node : undefined
  }
  for (const name of collections) {
    const node: unknown = root.get(name, true)
    if (!isScalar(node)) continue
    // Nothing stands there, but maybe a comment.
    const {comment, commentBefore} = node
    root.set(name, Object.assign(new YAMLMap(document.schema), {comment, commentBefore}))
  }
  const wasEmpty = root.items.length === 0
  const filled = collections.filter((name) => (collection(name)?.items.length ?? 0) > 0)
  for (const map of [root, ...collections.map(collection)]) if (map?.items.length === 0) map.flow = false

  return {
    tidy() {
      for (const name of filled) if (collection(name)?.items.length === 0) root.delete(name)
      if (version === undefined || root.has('version')) return
      const pair = document.createPair('version', version)
      // Above what was there it would come between that and its comment.
      if (wasEmpty) root.items.unshift(pair)
      else root.items.push(pair)
    },
  }
}
