import {dirname, join} from 'node:path'
import type {Document} from 'yaml'
import {changeSettingsFile, type ChangeOptions} from './file/change-settings-file.js'
import {readValues, unknown} from './file/read-settings.js'
import {parseSettingsFile, readIfThere} from './file/settings-file.js'
import {checkValueName} from './setting/setting-rules.js'
import {userConfigurationFile, type WrittenSetting} from './user-configuration.js'

/** What the user sets for one tap alone. */
export interface Override {
  readonly file: string
  /** KEG_* and DOC_* values, above what the tap says itself; templates are not filled in. */
  readonly env: ReadonlyMap<string, WrittenSetting>
}

/** The file with what the user sets for one tap, there or not: `taps/<name>.yml` beside the user configuration. */
export function overrideFile(name: string, environment: NodeJS.ProcessEnv): string {
  return join(dirname(userConfigurationFile(environment)), 'taps', `${name}.yml`)
}

/**
 * Reads what the user sets for one tap; no file and an empty one set nothing.
 * @param name of a linked tap, checked
 * @throws UsageError `configuration-invalid` with file, line and column; FailedError `configuration-unreadable`
 */
export async function readOverride(name: string, environment: NodeJS.ProcessEnv): Promise<Override> {
  const file = overrideFile(name, environment)
  const text = await readIfThere(file)
  return text === undefined ? {file, env: new Map()} : (await parseOverride(text, file)).settings
}

/** Changes what the user sets for one tap, as changeUserConfiguration does; `setIn(['env', name], text)` works. */
export async function changeOverride(
  name: string,
  options: ChangeOptions,
  change: (document: Document, override: Override) => void,
): Promise<Override> {
  const file = overrideFile(name, options.environment)
  const read = async (text: string) => parseOverride(text, file)
  return changeSettingsFile({file, collections: OVERRIDE_SETTINGS, version: undefined, read}, options, change)
}

const OVERRIDE_SETTINGS = ['env']

async function parseOverride(text: string, file: string): Promise<{document: Document; settings: Override}> {
  const {document, entries} = await parseSettingsFile(text, file, OVERRIDE_SETTINGS)
  for (const entry of entries) if (entry.name !== 'env') throw await unknown(entry, OVERRIDE_SETTINGS)
  return {document, settings: {file, env: readValues(entries[0], checkValueName)}}
}
