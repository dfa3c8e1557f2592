import {printable} from '../../terminal/text.js'
import type {ContentOrigin, MountContents} from './mount-contents.js'

/** What to report about the contents of a package's mounts. */
export interface ContentReport {
  /** Mounts packaged with their new source instead of what the container has. */
  readonly replaced: readonly string[]
  /** Sentences. */
  readonly warnings: readonly string[]
  /** What cannot be verified by comparing with the record. */
  readonly notCompared: readonly string[]
}

/** Reports what in a package differs, or may differ, from what the container has. */
export function reportContents(
  contents: Pick<MountContents, 'originOf' | 'withoutCapabilities'>,
  destinations: readonly string[],
  container: string,
): ContentReport {
  const of = (origin: ContentOrigin): string[] => destinations.filter((path) => contents.originOf(path) === origin)
  const [replaced, unknown] = [of('replacement'), of('unknown')]
  const withoutCapabilities = contents.withoutCapabilities(destinations)
  const name = printable(container)
  return {
    replaced,
    warnings: [
      ...replaced.map(
        (path) =>
          `The source of ${printable(path)} was replaced since ${name} was started: the package has the new content, the container still has the old.`,
      ),
      ...withoutCapabilities.map(
        (path) =>
          `keg read ${printable(path)} from ${name} itself, where it does not see file capabilities (setcap): they are not in the package.`,
      ),
    ],
    notCompared: [
      ...replaced.map(
        (path) => `${path} as the container has it: its source was replaced, and the new content is in the package`,
      ),
      ...withoutCapabilities.map((path) => `file capabilities of ${path}`),
      ...(unknown.length === 0
        ? []
        : [`whether the source of ${unknown.join(', ')} was replaced since the container was started`]),
    ],
  }
}

/** A plan's note about a mount whose source was replaced. */
export function contentNote(origin: ContentOrigin | null): string {
  const isReplaced = 'its source was replaced since the container was started'
  switch (origin) {
    case 'moved':
    case 'container':
      return ` (${isReplaced}: the package gets what the container still has)`
    case 'replacement':
      return ` (${isReplaced}: the package gets the new content)`
    default:
      return ''
  }
}
