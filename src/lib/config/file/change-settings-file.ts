import type {Document, YAMLMap} from 'yaml'
import {withLock} from '../../lock/file-lock.js'
import {replaceFile} from './replace-file.js'
import {readIfExists} from './settings-file.js'
import type {InvalidEntries} from '../model.js'
import type {Work} from '../../work/work.js'

export interface ChangeOptions {
  /** Only returns what the settings would be. */
  readonly dryRun?: boolean
}

/** A kind of settings file. */
export interface SettingsFileKind<T> {
  readonly file: string
  /** Its settings that are mappings. */
  readonly collections: readonly string[]
  /** The version that keg writes; undefined for a file without one. */
  readonly version: number | undefined
  /** Parses and checks a text. */
  read(text: string): Promise<{readonly document: Document; readonly settings: T & {readonly invalid: InvalidEntries}}>
}

/**
 * Changes a settings file: reads it, applies a change and writes it, under a lock. Comments and order stay; an unchanged
 * file is not written. Existing invalid entries are kept, unless the change is about them.
 * @param change gets the document and its current settings; if it throws, the file stays unchanged
 * @returns the new settings
 * @throws what reading throws, before and after the change; FailedError `configuration-unreadable`,
 * `configuration-unwritable`; what withLock throws
 */
export async function changeSettingsFile<T>(
  work: Pick<Work, 'environment' | 'signal'>,
  kind: SettingsFileKind<T>,
  {dryRun = false}: ChangeOptions,
  change: (document: Document, settings: T) => void,
): Promise<T> {
  const {signal} = work
  const applied = async (): Promise<T> => {
    const {document, settings} = await kind.read((await readIfExists(kind.file)) ?? '')
    const space = await makeSpace(document, kind)
    const before = document.toString(LAYOUT)
    change(document, settings)
    if (document.toString(LAYOUT) === before) return settings

    space.tidy()
    const text = document.toString(LAYOUT)
    const result = await kind.read(text)
    for (const [name, {error}] of result.settings.invalid) if (!settings.invalid.has(name)) throw error
    signal.throwIfAborted()
    if (!dryRun) await replaceFile(kind.file, text)
    return result.settings
  }
  return dryRun ? applied() : withLock(work, 'configuration', applied)
}

/** Long texts are not wrapped. */
const LAYOUT = {lineWidth: 0}

/**
 * Gives empty settings a mapping for the change, in block style.
 * @returns a function to call after the change: removes mappings that became empty, and adds the version
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
    if (!isScalar(node) || node.value !== null) continue
    // It is empty, but can have a comment.
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
      // Above existing entries it would separate them from their comment.
      if (wasEmpty) root.items.unshift(pair)
      else root.items.push(pair)
    },
  }
}
