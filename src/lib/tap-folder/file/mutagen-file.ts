import {closestWord} from '../../terminal/closest-word.js'
import {SYNC_MODES, type SyncMode} from '../../mutagen/session.js'
import {readActions} from './actions.js'
import {valueOf, YamlChecker} from '../yaml/yaml-checker.js'
import {readYamlFile, type YamlEntry, type YamlNode} from '../yaml/yaml-file.js'
import type {Action, TapSyncSettings, TapProblem} from '../model.js'

/** The content of mutagen.yml. */
export interface MutagenFile {
  readonly syncs: ReadonlyMap<string, TapSyncSettings>
  readonly actions: ReadonlyMap<string, Action>
}

export const NO_MUTAGEN: MutagenFile = {syncs: new Map(), actions: new Map()}

/**
 * Reads mutagen.yml, in the form of a Mutagen project (its documentation, "Projects"): `sync.defaults` applies to all. Some
 * keys are also accepted where the old keg had them, beside `mode`.
 * @param problems receives what is wrong
 */
export async function readMutagenFile(file: string, problems: TapProblem[]): Promise<MutagenFile> {
  const checker = new YamlChecker(problems)
  const root = checker.entries(await readYamlFile(file, problems), 'this file', 'Write it as sync: {NAME: {mode: ...}}')
  await checker.known(root, ['sync', 'actions'], 'mutagen.yml')
  const entries = checker.entries(valueOf(root, 'sync'), 'sync', 'Write it as sync: {NAME: {mode: ...}}')
  const defaults = entries.find(({key}) => key === DEFAULTS)
  const base = await readSync(defaults, NOTHING_SAID, checker)
  const syncs = new Map<string, TapSyncSettings>()
  for (const entry of entries) if (entry.key !== DEFAULTS) syncs.set(entry.key, await readSync(entry, base, checker))
  // For syncs without their own entry.
  if (defaults !== undefined) syncs.set(DEFAULTS, base)
  return {syncs, actions: await readActions(valueOf(root, 'actions'), checker)}
}

/** The name of the settings that apply to all. */
export const DEFAULTS = 'defaults'

const NOTHING_SAID: TapSyncSettings = {
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
/** Mutagen's keys that keg sets itself. */
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

async function readSync(
  entry: YamlEntry | undefined,
  base: TapSyncSettings,
  checker: YamlChecker,
): Promise<TapSyncSettings> {
  if (entry === undefined) return base
  const {key} = entry
  const entries = checker.entries(entry.value, `sync.${key}`, 'Write it as {mode: ..., ignore: {paths: [...]}}')
  await checker.known(entries, KEYS, `sync.${key}`)
  for (const each of entries)
    if (OTHER_KEYS.some((other) => other === each.key))
      checker.warning(each, `keg sets ${each.key} itself, so it is ignored.`, 'Remove it.')
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
    'unknown mode.',
    meant === undefined ? `The modes are: ${SYNC_MODES.join(', ')}.` : `Did you mean ${meant}?`,
  )
  return undefined
}

/** For example `0644`; Mutagen also has `644`, and YAML 1.2 `0o644`. */
function readPermissions(node: YamlNode | undefined, name: string, checker: YamlChecker): string | undefined {
  const written = checker.text(node, name)
  if (node === undefined || written === undefined) return undefined
  const digits = /^0?o?([0-7]{3})$/.exec(written)?.[1]
  if (digits !== undefined) return `0${digits}`
  checker.error(node, `${name} is not a mode.`, 'Write it as 0644.')
  return undefined
}
