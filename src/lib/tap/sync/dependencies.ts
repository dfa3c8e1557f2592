import {resolve} from 'node:path'
import {UsageError} from '../../error/keg-error.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {DEFAULTS} from '../../tap-folder/file/mutagen-file.js'
import type {OpenTap} from '../../values/open-tap.js'
import {tapProject} from '../../tap-folder/tap-project.js'
import {dependencyValues, isDependency, localValueOf, remoteValueOf, sameName} from './dependency-values.js'
import {mainSyncName} from './sync-settings.js'
import type {TapSyncSettings} from '../../tap-folder/model.js'
import {refuseInvalid, type UserConfiguration} from '../../config/model.js'

/** A further folder in a tap's container, and where it is on this machine. */
export interface Dependency {
  readonly name: string
  /** Absolute paths of the folder on this machine and of that in the container. */
  readonly local: string
  readonly remote: string
  readonly settings: TapSyncSettings | undefined
}

/** A dependency's folders from the command line, which override those in files; paths are absolute. */
export interface DependencyFolders {
  readonly local?: string | undefined
  readonly remote?: string | undefined
}

type TapFacts = Pick<OpenTap, 'configuration' | 'files' | 'tap' | 'values'>

/**
 * Finds a dependency by name. Its folder in the container is DOC_<NAME>_PATH, or `beta` of its sync in mutagen.yml; on this
 * machine it is <NAME>_PATH, or in the user configuration under `paths`, or a linked tap of that name, or `alpha`.
 * @throws UsageError `dependency-unknown` with a suggestion, `dependency-path-missing`, and what the values do
 */
export async function findDependency(
  written: string,
  facts: TapFacts,
  folders: DependencyFolders = {},
): Promise<Dependency> {
  const {configuration, files, tap, values} = facts
  const known = knownDependencies(facts)
  const name = known.find((each) => sameName(each, written))
  // A new name is no mistake if both folders are given.
  if (name === undefined && (folders.local === undefined || folders.remote === undefined))
    throw await unknownDependency(written, known, tap.name)
  const shown = name ?? written
  const settings = valueOf(files.syncs, shown) ?? files.syncs.get(DEFAULTS)
  const place = files.mutagenFile ?? 'mutagen.yml'
  const expanded = (text: string | undefined): string | undefined => text && values.expand(text, place)
  const remote = folders.remote ?? values.text(remoteValueOf(shown)) ?? pathInContainer(expanded(settings?.remote))
  if (remote === undefined) throw noPath(shown, 'in the container', [remoteValueOf(shown), '--remote'])
  const local =
    folders.local ?? values.text(localValueOf(shown)) ?? folderOf(configuration, shown) ?? expanded(settings?.local)
  if (local === undefined) throw noPath(shown, 'on this machine', [localValueOf(shown), '--local'])
  return {name: shown, local: resolve(tap.folder, local), remote, settings}
}

/** The names of all dependencies in the tap's files and values, in alphabetical order. */
export function knownDependencies(facts: TapFacts): string[] {
  const {configuration, files, tap, values} = facts
  const main = mainSyncName(facts, tapProject(tap))
  const ofSyncs = [...files.syncs]
    .filter(
      ([name, {remote}]) => name !== main && name !== DEFAULTS && (isDependency(name, values) || remote !== undefined),
    )
    .map(([name]) => name)
  const written = [...ofSyncs, ...configuration.paths.keys(), ...configuration.taps.keys()]
  // A value's name has no dashes: prefer the name used elsewhere.
  const ofValues = [...dependencyValues(values)].map(
    ([value, name]) => written.find((each) => remoteValueOf(each) === value) ?? name,
  )
  return [...new Set([...ofSyncs, ...ofValues])].sort()
}

/** The user's setting. @throws UsageError `configuration-invalid` if it is invalid */
function folderOf(configuration: UserConfiguration, name: string): string | undefined {
  const {invalid, paths, taps} = configuration
  for (const [list, folder] of [
    ['paths', valueOf(paths, name)],
    ['taps', valueOf(taps, name)?.path],
  ] as const) {
    if (folder !== undefined) return folder
    const written = [...invalid.keys()].find((each) => each === list || sameName(each, `${list}.${name}`))
    if (written !== undefined) refuseInvalid(configuration, written)
  }
  return undefined
}

function valueOf<T>(map: ReadonlyMap<string, T>, name: string): T | undefined {
  return [...map].find(([each]) => sameName(each, name))?.[1]
}

/** Files of the old keg have it in Mutagen's form: `docker://shop/app`. */
function pathInContainer(remote: string | undefined): string | undefined {
  return remote?.replace(/^docker:\/\/[^/]*/, '') || undefined
}

async function unknownDependency(name: string, known: readonly string[], tap: string): Promise<UsageError> {
  const list =
    known.length === 0
      ? `It has none: ${remoteValueOf('name')} in its values.yml is the folder of one in the container.`
      : `It has: ${known.map((each) => printable(each)).join(', ')}.`
  return new UsageError(`The tap ${tap} has no dependency ${printable(name)}.`, {
    code: 'dependency-unknown',
    hint: `${await didYouMean(name, known)}${list}`,
    data: {dependencies: known},
  })
}

function noPath(name: string, where: string, [value, flag]: readonly [string, string]): UsageError {
  const others =
    flag === '--local'
      ? `Set it for all taps with ${commandLine`keg config set paths.${name} PATH`}, or give ${flag} PATH.`
      : `Give ${flag} PATH, or set it in values.yml of the tap: ${value}: PATH`
  return new UsageError(`It is not known where the dependency ${printable(name)} is ${where}.`, {
    code: 'dependency-path-missing',
    hint: others,
    data: {dependency: name, value},
  })
}
