import type {SyncWishes} from '../../sync/create/plan-sync.js'
import {DEFAULTS} from '../folder/file/mutagen-file.js'
import type {SyncSettings} from '../folder/tap-folder.js'
import type {OpenTap} from '../open-tap.js'
import {isDependency} from './dependency-values.js'

/** What a sync gets of `mutagen.yml`. */
export type SettledWishes = Pick<SyncWishes, 'ignore' | 'ignores' | 'ignoresVersionControl' | 'mode' | 'permissions'>

/** What was said nowhere is keg's own: two-way-safe, without version control, and what `.gitignore` names. */
export function wishesOf(settings: SyncSettings | undefined): SettledWishes {
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

/** How the tap's own folder is synced with a container of that name. */
export function mainSettings(facts: TapFacts, containerName: string): SyncSettings | undefined {
  return facts.files.syncs.get(mainSyncName(facts, containerName) ?? DEFAULTS)
}

/**
 * Under which name `mutagen.yml` has the sync of the tap's own folder. In files that were written for the old keg it is that of
 * the container; it may be the name of the link, the tap's alias or its service as well, and the only one that is there is meant
 * whatever it is called.
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
