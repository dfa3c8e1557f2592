import {closestWord} from '../../../terminal/closest-word.js'
import {SYNC_MODES, type SyncMode} from '../../../sync/session.js'
import {readActions} from './actions.js'
import type {Action, SyncSettings, TapProblem} from '../tap-folder.js'
import {valueOf, YamlChecker} from '../yaml/yaml-checker.js'
import {readYamlFile, type YamlEntry, type YamlNode} from '../yaml/yaml-file.js'

/** What mutagen.yml says. */
export interface MutagenFile {
  readonly syncs: ReadonlyMap<string, SyncSettings>
  readonly actions: ReadonlyMap<string, Action>
}

export const NO_MUTAGEN: MutagenFile = {syncs: new Map(), actions: new Map()}

/**
 * Reads mutagen.yml, in the shape of a project of Mutagen (its documentation, "Projects"): `sync.defaults` counts for all. Some
 * keys stand also where the old keg took them, beside `mode`.
 * @param problems takes what is wrong in it
 */
export async function readMutagenFile(file: string, problems: TapProblem[]): Promise<MutagenFile> {
  const checker = new YamlChecker(problems)
  const root = checker.entries(await readYamlFile(file, problems), 'this file', 'Write it as sync: {NAME: {mode: ...}}')
  await checker.known(root, ['sync', 'actions'], 'mutagen.yml')
  const entries = checker.entries(valueOf(root, 'sync'), 'sync', 'Write it as sync: {NAME: {mode: ...}}')
  const defaults = entries.find(({key}) => key === DEFAULTS)
  const base = await readSync(defaults, NOTHING_SAID, checker)
  const syncs = new Map<string, SyncSettings>()
  for (const entry of entries) if (entry.key !== DEFAULTS) syncs.set(entry.key, await readSync(entry, base, checker))
  // For whatever has no name there.
  if (defaults !== undefined) syncs.set(DEFAULTS, base)
  return {syncs, actions: await readActions(valueOf(root, 'actions'), checker)}
}

/** The name under which the settings stand that count for all. */
export const DEFAULTS = 'defaults'

const NOTHING_SAID: SyncSettings = {
  mode: undefined,
  ignores: undefined,
  mergesDefaults: false,
  ignoresVersionControl: undefined,
  fileMode: undefined,
  directoryMode: undefined,
  owner: undefined,
  group: undefined,
  local: undefined,
  remote: undefined,
}

const PERMISSION_KEYS = ['defaultFileMode', 'defaultDirectoryMode', 'defaultOwner', 'defaultGroup'] as const
/** Mutagen has them, and keg decides them itself. */
const OTHER_KEYS = [
  'configurationAlpha',
  'configurationBeta',
  'flushOnCreate',
  'maxEntryCount',
  'maxStagingFileSize',
  'probeMode',
  'scanMode',
  'stageMode',
  'symlink',
  'watch',
] as const
const KEYS = ['alpha', 'beta', 'mode', 'ignore', 'permissions', 'mergeDefault', ...PERMISSION_KEYS, ...OTHER_KEYS]

async function readSync(entry: YamlEntry | undefined, base: SyncSettings, checker: YamlChecker): Promise<SyncSettings> {
  if (entry === undefined) return base
  const {key} = entry
  const entries = checker.entries(entry.value, `sync.${key}`, 'Write it as {mode: ..., ignore: {paths: [...]}}')
  await checker.known(entries, KEYS, `sync.${key}`)
  for (const each of entries)
    if (OTHER_KEYS.some((other) => other === each.key))
      checker.warning(each, `keg decides ${each.key} itself, so it counts for nothing.`, 'Take it away.')
  const ignore = checker.entries(valueOf(entries, 'ignore'), 'ignore', 'Write it as ignore: {vcs: true, paths: [...]}')
  await checker.known(ignore, ['paths', 'vcs'], 'ignore')
  const permissions = checker.entries(
    valueOf(entries, 'permissions'),
    'permissions',
    `Its keys are: ${PERMISSION_KEYS.join(', ')}.`,
  )
  await checker.known(permissions, PERMISSION_KEYS, 'permissions')
  const permission = (name: (typeof PERMISSION_KEYS)[number]): YamlNode | undefined =>
    valueOf(permissions, name) ?? valueOf(entries, name)
  const text = (name: (typeof PERMISSION_KEYS)[number]): string | undefined => checker.text(permission(name), name)
  return {
    mode: (await readMode(valueOf(entries, 'mode'), checker)) ?? base.mode,
    ignores: checker.texts(valueOf(ignore, 'paths'), 'ignore.paths') ?? base.ignores,
    mergesDefaults: checker.flag(valueOf(entries, 'mergeDefault'), 'mergeDefault') ?? base.mergesDefaults,
    ignoresVersionControl: checker.flag(valueOf(ignore, 'vcs'), 'ignore.vcs') ?? base.ignoresVersionControl,
    fileMode: readPermissions(permission('defaultFileMode'), 'defaultFileMode', checker) ?? base.fileMode,
    directoryMode:
      readPermissions(permission('defaultDirectoryMode'), 'defaultDirectoryMode', checker) ?? base.directoryMode,
    owner: text('defaultOwner') ?? base.owner,
    group: text('defaultGroup') ?? base.group,
    local: checker.text(valueOf(entries, 'alpha'), 'alpha') ?? base.local,
    remote: checker.text(valueOf(entries, 'beta'), 'beta') ?? base.remote,
  }
}

async function readMode(node: YamlNode | undefined, checker: YamlChecker): Promise<SyncMode | undefined> {
  const written = checker.text(node, 'mode')
  if (node === undefined || written === undefined) return undefined
  const mode = SYNC_MODES.find((known) => known === written)
  if (mode !== undefined) return mode
  const meant = await closestWord(written, SYNC_MODES)
  checker.error(
    node,
    'there is no such mode.',
    meant === undefined ? `The modes are: ${SYNC_MODES.join(', ')}.` : `Did you mean ${meant}?`,
  )
  return undefined
}

/** As `0644`, which Mutagen has as `644` and YAML 1.2 as `0o644`, too. */
function readPermissions(node: YamlNode | undefined, name: string, checker: YamlChecker): string | undefined {
  const written = checker.text(node, name)
  if (node === undefined || written === undefined) return undefined
  const digits = /^0?o?([0-7]{3})$/.exec(written)?.[1]
  if (digits !== undefined) return `0${digits}`
  checker.error(node, `${name} is no mode.`, 'Write it as 0644.')
  return undefined
}
