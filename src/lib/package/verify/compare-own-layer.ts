import {CHANGE} from '../../engine/types.js'
import type {Entry} from '../image/entry-list.js'
import {changedKeywords, shownPath, type Differences} from './difference.js'
import type {EntrySpool} from './entry-spool.js'
import {HardLinks} from './hard-links.js'
import {joinEntries} from './join-entries.js'
import {LayerShape} from './layer-shape.js'
import {changeKey, type OwnRecord} from './own-record.js'

/** What is compared. */
export interface OwnLayerComparison {
  readonly record: OwnRecord
  /** The container's own layer as it was read back from the image; undefined where nothing in the container had changed. */
  readonly found: EntrySpool | undefined
  /** Null where there is no such layer. */
  readonly diffId: string | null
  readonly differences: Differences
}

/**
 * Compares the container's own layer with what was recorded of its files. What counts is what the layer makes of the image
 * below: every changed file is in it as it was, every deleted one is hidden, and whatever else is in the layer is or hides
 * nothing but what the container had so too. Which of several names of a file comes first does not count.
 * @returns how many entries the layer has.
 */
export async function compareOwnLayer({diffId, differences, found, record}: OwnLayerComparison): Promise<number> {
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
      const kind = record.changes.get(changeKey(entry.header.path))
      if (kind === undefined) continue
      // Deleted and there all the same: a folder that was replaced by another.
      if (kind === CHANGE.deleted) shown.add(changeKey(entry.header.path))
      yield entry
    }
  }
  const unmatched = await joinEntries(changed(), layer.files(), compare)
  for (const path of unmatched.expected.keys()) differences.addPath('missing', diffId, path)
  for (const path of unmatched.twice) differences.addPath('added', diffId, path)
  for (const key of record.unread) differences.addPath('missing', diffId, key)

  const unlisted = new Map(unmatched.found)
  for await (const entry of record.files.read()) {
    const {path} = entry.header
    const actual = unlisted.get(path)
    if (actual !== undefined) {
      unlisted.delete(path)
      compare(entry, actual)
    } else if (!record.changes.has(changeKey(path)) && layer.hides(changeKey(path)) && !isOfEngine(path))
      differences.addPath('missing', diffId, path)
  }
  for (const path of unlisted.keys()) differences.addPath('added', diffId, path)

  for (const [key, kind] of record.changes) {
    if (kind !== CHANGE.deleted) continue
    if (shown.has(key) ? !layer.replaces(key) : !layer.hides(key)) differences.addPath('added', diffId, key)
  }
  return layer.count
}

/** Paths that share a file in one of the two and not in the other. */
function changedLinks(
  path: string,
  links: {expected: HardLinks; found: HardLinks},
): ReturnType<typeof changedKeywords> {
  const [expected, found] = [links.expected.leaderOf(path), links.found.leaderOf(path)]
  const isSame = links.found.leaderOf(expected) === found && links.expected.leaderOf(found) === expected
  const shownLink = (leader: string): string => (leader === path ? 'none' : shownPath(leader))
  return isSame ? [] : [{keyword: 'hardlink', expected: shownLink(expected), found: shownLink(found)}]
}

/** What the engine puts into every container by itself, and no image has. */
function isOfEngine(path: string): boolean {
  return /^(?:\.dockerenv$|dev(?:\/|$)|proc(?:\/|$)|sys(?:\/|$)|etc\/(?:hosts|hostname|resolv\.conf|mtab)$)/.test(path)
}
