import {dirname, join} from 'node:path'
import type {Document} from 'yaml'
import {changeSettingsFile, type ChangeOptions} from './file/change-settings-file.js'
import {readValues, ValidEntries} from './file/read-settings.js'
import {parseSettingsFile, readIfExists} from './file/settings-file.js'
import {checkValueName} from './setting/setting-rules.js'
import {userConfigurationFile} from './user-configuration.js'
import type {InvalidEntries, WrittenSetting} from './model.js'
import type {Work} from '../work/work.js'

/** The user's settings for a single tap. */
export interface Override {
  readonly file: string
  /** KEG_* and DOC_* values, which override the tap's own; templates are not filled in. */
  readonly env: ReadonlyMap<string, WrittenSetting>
  /** Its invalid entries; the rest is used. */
  readonly invalid: InvalidEntries
}

/** The file with the user's settings for one tap, whether it exists or not: `taps/<name>.yml` beside the user configuration. */
export function overrideFile(name: string, environment: NodeJS.ProcessEnv): string {
  return join(dirname(userConfigurationFile(environment)), 'taps', `${name}.yml`)
}

/**
 * Reads the user's settings for one tap; without a file there are none.
 * @param name of a linked tap, checked
 * @throws UsageError `configuration-invalid` with file, line and column if it is not YAML or not a mapping of settings;
 * FailedError `configuration-unreadable`
 */
export async function readOverride(name: string, environment: NodeJS.ProcessEnv): Promise<Override> {
  const file = overrideFile(name, environment)
  const text = await readIfExists(file)
  return text === undefined ? {file, env: new Map(), invalid: new Map()} : (await parseOverride(text, file)).settings
}

/** Changes the user's settings for one tap, like changeUserConfiguration; use `setIn(['env', name], text)`. */
export async function changeOverride(
  work: Pick<Work, 'environment' | 'signal'>,
  name: string,
  options: ChangeOptions,
  change: (document: Document, override: Override) => void,
): Promise<Override> {
  const file = overrideFile(name, work.environment)
  const read = async (text: string) => parseOverride(text, file)
  return changeSettingsFile(work, {file, collections: OVERRIDE_SETTINGS, version: undefined, read}, options, change)
}

const OVERRIDE_SETTINGS = ['env']

async function parseOverride(text: string, file: string): Promise<{document: Document; settings: Override}> {
  const {document, entries} = await parseSettingsFile(text, file, OVERRIDE_SETTINGS)
  const valid = new ValidEntries()
  const [setting] = await valid.among(entries, OVERRIDE_SETTINGS)
  const env = setting && valid.attempt(setting, () => readValues(setting, checkValueName, valid))
  return {document, settings: {file, env: env ?? new Map<string, WrittenSetting>(), invalid: valid.invalid}}
}
