import type {ContainerDetails} from '../../engine/types.js'
import {printable} from '../../terminal/text.js'
import type {SyncSession} from '../../mutagen/session.js'
import {boundFolder} from '../mount/bound-volume.js'
import {KEG_IGNORE, placesOf, readKegIgnore, type FolderPlace} from './keg-ignore.js'
import {PathPatterns, type LinkedMount} from './path-patterns.js'
import type {Work} from '../../work/work.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What decides what is left out of a package. */
export interface FindExclusionsOptions {
  readonly container: ContainerDetails
  /** `--exclude` */
  readonly flags: PathPatterns
  /** The container's folder on this machine. */
  readonly folder: string
  /** The sync sessions with an endpoint in the container. */
  readonly sessions: () => Promise<readonly SyncSession[]>
}

/**
 * All patterns for what to leave out of a package: from the command line, and from the `.kegignore` in the container's folder.
 */
export async function findExclusions(
  work: Pick<EngineWork, 'engine' | 'warn'>,
  options: FindExclusionsOptions,
): Promise<PathPatterns> {
  const {warn} = work
  const {flags, folder} = options
  const lines = await readKegIgnore(folder)
  if (lines === undefined) return flags
  const places = placesOf(folder, [...(await boundPlaces(work, options)), ...syncedPlaces(await options.sessions())])
  if (places.length === 0)
    warn(`The ${KEG_IGNORE} of ${printable(folder)} is ignored: that folder is neither mounted nor synced.`)
  return flags.with(new PathPatterns(places.map((place) => ({...place, lines}))))
}

async function boundPlaces(
  {engine}: Pick<EngineWork, 'engine'>,
  {container}: FindExclusionsOptions,
): Promise<FolderPlace[]> {
  const places: FolderPlace[] = []
  for (const mount of container.Mounts) {
    const folder = mount.Type === 'bind' ? mount.Source : await boundFolder(engine, mount)
    if (folder !== undefined) places.push({folder, path: `/${mount.Destination}`})
  }
  return places
}

function syncedPlaces(sessions: readonly SyncSession[]): FolderPlace[] {
  return sessions.flatMap(({alpha, beta}) => {
    const [here, there] = alpha.protocol === 'local' ? [alpha, beta] : [beta, alpha]
    return here.protocol === 'local' && there.protocol === 'docker' ? [{folder: here.path, path: there.path}] : []
  })
}

/** Destinations of mounts that are excluded by their paths. */
export function excludedMounts(mounts: readonly {readonly destination: string}[], excluded: PathPatterns): string[] {
  return mounts.flatMap(({destination}) => (excluded.matches(destination, true) ? [destination] : []))
}

/** Warns about exclusions that match nothing, such as a misspelt path. */
export function warnOfUnused(
  {warn}: Pick<Work, 'warn'>,
  options: {
    /** `--exclude`, as written. */
    readonly flags: readonly string[]
    /** All that was excluded. */
    readonly paths: readonly string[]
    /** The real paths of those that were named through a symlink. */
    readonly links: ReadonlyMap<string, string>
    readonly linkedMounts: readonly LinkedMount[]
    readonly environment: readonly string[]
    readonly container: ContainerDetails
  },
): void {
  const {container, environment, flags, linkedMounts, links, paths} = options
  const inMounts = new PathPatterns([], [], linkedMounts)
  for (const literal of flags) {
    const one = PathPatterns.parse('--exclude', [links.get(literal) ?? literal]).with(inMounts)
    if (!paths.some((path) => one.matches(path, true) || one.matches(path, false)))
      warn(`--exclude ${printable(literal)} matches nothing in the container.`)
  }
  const known = new Set((container.Config.Env ?? []).map((assignment) => assignment.split('=', 1)[0]))
  for (const name of environment)
    if (!known.has(name)) warn(`--exclude-env ${printable(name)} is not a variable of the container.`)
}
