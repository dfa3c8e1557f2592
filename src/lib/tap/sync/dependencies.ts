import {resolve} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {DEFAULTS} from '../folder/file/mutagen-file.js'
import type {SyncSettings} from '../folder/tap-folder.js'
import type {OpenTap} from '../open-tap.js'
import {tapNames} from '../tap-names.js'
import {dependencyValues, isDependency, localValueOf, remoteValueOf, sameName} from './dependency-values.js'
import {mainSyncName} from './sync-settings.js'

/** A folder that a tap's container has besides the tap's own, and where it lies on this machine. */
export interface Dependency {
  readonly name: string
  /** Absolute path of the folder of this machine, and of that in the container. */
  readonly local: string
  readonly remote: string
  readonly settings: SyncSettings | undefined
}

/** What the command line says of a dependency's folders, above all that files say; paths are absolute. */
export interface DependencyFolders {
  readonly local?: string | undefined
  readonly remote?: string | undefined
}

type TapFacts = Pick<OpenTap, 'configuration' | 'files' | 'tap' | 'values'>

/**
 * Finds a dependency by its name. It is in the container where DOC_<NAME>_PATH says, else `beta` of its sync in mutagen.yml; on
 * this machine where <NAME>_PATH says, else the user configuration under `paths`, else a linked tap of that name, else `alpha`.
 * @throws UsageError `dependency-unknown` with what may have been meant, `dependency-path-missing`, and what the values do
 */
export async function findDependency(
  written: string,
  facts: TapFacts,
  folders: DependencyFolders = {},
): Promise<Dependency> {
  const {configuration, files, tap, values} = facts
  const known = knownDependencies(facts)
  const name = known.find((each) => sameName(each, written))
  // A name that is new is none's mistake where both folders are said.
  if (name === undefined && (folders.local === undefined || folders.remote === undefined))
    throw await unknownDependency(written, known, tap.name)
  const shown = name ?? written
  const settings = valueOf(files.syncs, shown) ?? files.syncs.get(DEFAULTS)
  const place = files.mutagenFile ?? 'mutagen.yml'
  const expanded = (text: string | undefined): string | undefined => text && values.expand(text, place)
  const remote = folders.remote ?? values.text(remoteValueOf(shown)) ?? pathInContainer(expanded(settings?.remote))
  if (remote === undefined) throw noPath(shown, 'in the container', [remoteValueOf(shown), '--remote'])
  const local =
    folders.local ??
    values.text(localValueOf(shown)) ??
    valueOf(configuration.paths, shown) ??
    valueOf(configuration.taps, shown)?.path ??
    expanded(settings?.local)
  if (local === undefined) throw noPath(shown, 'on this machine', [localValueOf(shown), '--local'])
  return {name: shown, local: resolve(tap.folder, local), remote, settings}
}

/** The names of all dependencies that the tap's files and values say something of, in the order of the alphabet. */
export function knownDependencies(facts: TapFacts): string[] {
  const {configuration, files, tap, values} = facts
  const main = mainSyncName(facts, tapNames(tap).project)
  const ofSyncs = [...files.syncs]
    .filter(
      ([name, {remote}]) => name !== main && name !== DEFAULTS && (isDependency(name, values) || remote !== undefined),
    )
    .map(([name]) => name)
  const written = [...ofSyncs, ...configuration.paths.keys(), ...configuration.taps.keys()]
  // A name in a value has no dashes: it is called as it is elsewhere.
  const ofValues = [...dependencyValues(values)].map(
    ([value, name]) => written.find((each) => remoteValueOf(each) === value) ?? name,
  )
  return [...new Set([...ofSyncs, ...ofValues])].sort()
}

function valueOf<T>(map: ReadonlyMap<string, T>, name: string): T | undefined {
  return [...map].find(([each]) => sameName(each, name))?.[1]
}

/** Files of the old keg have it as Mutagen's address of a container: `docker://shop/app`. */
function pathInContainer(remote: string | undefined): string | undefined {
  return remote?.replace(/^docker:\/\/[^/]*/, '') || undefined
}

async function unknownDependency(name: string, known: readonly string[], tap: string): Promise<UsageError> {
  const closest = await closestWord(name, known)
  const meant = closest === undefined ? '' : `Did you mean ${printable(closest)}? `
  const list =
    known.length === 0
      ? `It has none: ${remoteValueOf('name')} in its values.yml says where one is in the container.`
      : `It has: ${known.map((each) => printable(each)).join(', ')}.`
  return new UsageError(`The tap ${tap} has no dependency ${printable(name)}.`, {
    code: 'dependency-unknown',
    hint: `${meant}${list}`,
    data: {dependencies: known},
  })
}

function noPath(name: string, where: string, [value, flag]: readonly [string, string]): UsageError {
  const others =
    flag === '--local'
      ? `Set it for all taps with keg config set paths.${printable(name)} PATH, or give ${flag} PATH.`
      : `Give ${flag} PATH, or put it into values.yml of the tap: ${value}: PATH`
  return new UsageError(`Nobody says where the dependency ${printable(name)} is ${where}.`, {
    code: 'dependency-path-missing',
    hint: others,
    data: {dependency: name, value},
  })
}
