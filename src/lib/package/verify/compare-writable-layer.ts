import {shownPath} from '../../tar/shown-path.js'
import {changeKey, isLossy} from '../../container/container-changes.js'
import type {Entry} from '../../image/entry-list.js'
import {changedKeywords, type Differences} from './difference.js'
import type {EntrySource} from './entry-spool.js'
import {HardLinks} from './hard-links.js'
import {joinEntries} from './join-entries.js'
import {LayerShape} from './layer-shape.js'
import type {ComparedRecord} from './masked-record.js'

/** What to compare. */
export interface WritableLayerComparison {
  readonly record: ComparedRecord
  /** The container's writable layer, read back from the image; undefined if nothing in the container had changed. */
  readonly found: EntrySource | undefined
  /** Null if there is no such layer. */
  readonly diffId: string | null
  readonly differences: Differences
  /** Returns files of the container's image by their paths (byte strings), as far as it has them. */
  readonly baseEntries: (paths: ReadonlySet<string>) => Promise<ReadonlyMap<string, Entry>>
}

/**
 * Compares the container's writable layer with the record of its files. What counts is the result on top of the image below:
 * every changed file is in it unchanged, every deleted one is hidden, and anything else in the layer matches what the container
 * had, or hides only what it did not have. Which of several names of a file comes first does not matter. A path that the list of
 * changes cannot tell from others (isLossy) must be in the layer as it was, or in the image.
 * @returns how many entries the layer has.
 */
export async function compareWritableLayer(comparison: WritableLayerComparison): Promise<number> {
  const {baseEntries, diffId, differences, found, record} = comparison
  const {changes} = record
  const layer = await LayerShape.of(found)
  const links = {
    expected: await HardLinks.of(() => record.files.read()),
    found: await HardLinks.of(() => layer.files()),
  }
  const compare = (expected: Entry, actual: Entry): void => {
    const keywords = changedKeywords(links.expected.resolve(expected), links.found.resolve(actual))
    if (keywords.length === 0) keywords.push(...changedLinks(expected.header.path, links))
    if (keywords.length > 0) differences.addPath('changed', diffId, expected.header.path, keywords)
  }

  const shown = new Set<string>()
  const changed = async function* (): AsyncGenerator<Entry> {
    for await (const entry of record.files.read()) {
      const key = changeKey(entry.header.path)
      if (!changes.has(key)) continue
      // Deleted but present: a folder that was replaced by another.
      if (changes.deletions(key) > 0) shown.add(key)
      if (!isLossy(key)) yield entry
    }
  }
  const unmatched = await joinEntries(changed(), layer.files(), compare)
  for (const path of unmatched.expected.keys()) differences.addPath('missing', diffId, path)
  for (const path of unmatched.twice) differences.addPath('added', diffId, path)
  for (const key of record.unread) differences.addPath('missing', diffId, key)

  const unlisted = new Map(unmatched.found)
  const mayBeOfBase = new Map<string, Entry>()
  for await (const entry of record.files.read()) {
    const {path} = entry.header
    const key = changeKey(path)
    const actual = unlisted.get(path)
    const mayHaveChanged = changes.has(key) && isLossy(key)
    if (actual !== undefined) {
      unlisted.delete(path)
      compare(entry, actual)
    } else if ((mayHaveChanged || !changes.has(key)) && layer.hides(path) && !isOfEngine(path))
      differences.addPath('missing', diffId, path)
    else if (mayHaveChanged) mayBeOfBase.set(path, links.expected.resolve(entry))
  }
  for (const path of await unlike(mayBeOfBase, baseEntries)) differences.addPath('missing', diffId, path)
  for (const path of unlisted.keys()) differences.addPath('added', diffId, path)

  for (const key of changes.keys()) {
    const deletions = changes.deletions(key)
    if (deletions > 0 && !layer.hidesKey(key, deletions, {orReplaces: shown.has(key)}))
      differences.addPath('added', diffId, key)
  }
  return layer.count
}

/** Paths of files that the container's image does not have exactly as recorded. */
async function unlike(
  recorded: ReadonlyMap<string, Entry>,
  baseEntries: WritableLayerComparison['baseEntries'],
): Promise<string[]> {
  if (recorded.size === 0) return []
  const base = await baseEntries(new Set(recorded.keys()))
  return [...recorded].flatMap(([path, expected]) => {
    const entry = base.get(path)
    return entry === undefined || changedKeywords(expected, entry).length > 0 ? [path] : []
  })
}

/** Paths that share a file in only one of the two. */
function changedLinks(
  path: string,
  links: {expected: HardLinks; found: HardLinks},
): ReturnType<typeof changedKeywords> {
  const [expected, found] = [links.expected.leaderOf(path), links.found.leaderOf(path)]
  const isSame = links.found.leaderOf(expected) === found && links.expected.leaderOf(found) === expected
  const shownLink = (leader: string): string => (leader === path ? 'none' : shownPath(leader))
  return isSame ? [] : [{keyword: 'hardlink', expected: shownLink(expected), found: shownLink(found)}]
}

/** What the engine puts into every container, and no image has. */
function isOfEngine(path: string): boolean {
  return /^(?:\.dockerenv$|dev(?:\/|$)|proc(?:\/|$)|sys(?:\/|$)|etc\/(?:hosts|hostname|resolv\.conf|mtab)$)/.test(path)
}
