import type {SyncOptions} from '../../sync/create/model.js'
import {DEFAULTS} from '../../tap-folder/file/mutagen-file.js'
import type {OpenTap} from '../../values/open-tap.js'
import {isDependency} from './dependency-values.js'
import type {TapSyncSettings} from '../../tap-folder/model.js'

/** The settings for a sync from `mutagen.yml`. */
export type SettledSyncOptions = Pick<
  SyncOptions,
  'ignore' | 'ignores' | 'ignoresVersionControl' | 'mode' | 'permissions'
>

/** The default is keg's own: two-way-safe, ignoring version control and the patterns of `.gitignore`. */
export function syncOptionsOf(settings: TapSyncSettings | undefined): SettledSyncOptions {
  const {directoryMode, fileMode, group, ignores = [], mergesDefaults = true, owner} = settings ?? {}
  const replaces = settings?.ignores !== undefined && !mergesDefaults
  return {
    mode: settings?.mode ?? 'two-way-safe',
    ...(replaces && {ignores}),
    ignore: replaces ? [] : ignores,
    ignoresVersionControl: settings?.ignoresVersionControl ?? true,
    permissions: {owner, group, fileMode, directoryMode},
  }
}

/** The settings for the sync of the tap's own folder with a container of that name. */
export function mainSettings(facts: TapFacts, containerName: string): TapSyncSettings | undefined {
  return facts.files.syncs.get(mainSyncName(facts, containerName) ?? DEFAULTS)
}

/**
 * The name of the own folder's sync in `mutagen.yml`. In files for the old keg it is the container's name; it can also be
 * the name of the link, the tap's alias or its service, and the only sync is used whatever its name.
 */
export function mainSyncName(
  {files: {alias, services, syncs}, tap, values}: TapFacts,
  containerName: string,
): string | undefined {
  const service = values.text('KEG_COMPOSE_SERVICE') ?? services[0]
  const names = [containerName, values.text('CONTAINER_NAME'), tap.name, alias, service]
  const others = [...syncs.keys()].filter((name) => name !== DEFAULTS && !isDependency(name, values))
  return names.find((name) => name !== undefined && syncs.has(name)) ?? (others.length === 1 ? others[0] : undefined)
}

type TapFacts = Pick<OpenTap, 'files' | 'tap' | 'values'>
