import type {Document} from 'yaml'
import {changeSettingsFile, type ChangeOptions} from './file/change-settings-file.js'
import {readSettings} from './file/read-settings.js'
import {COLLECTIONS, CONFIGURATION_VERSION} from './setting/setting-rules.js'
import {userConfigurationFile} from './user-configuration.js'
import type {UserConfiguration} from './model.js'
import type {Work} from '../work/work.js'

/**
 * Changes the user configuration: reads it, applies a change and writes it, under a lock. Comments and order stay; an
 * unchanged file is not written.
 * @param change gets the document, to call `setIn(['taps', name, 'path'], folder)` and the like, and its current settings;
 * if it throws, the file stays unchanged
 * @returns the new settings
 * @throws what readUserConfiguration and withLock throw, FailedError `configuration-unwritable`
 */
export async function changeUserConfiguration(
  work: Pick<Work, 'environment' | 'signal'>,
  options: ChangeOptions,
  change: (document: Document, configuration: UserConfiguration) => void,
): Promise<UserConfiguration> {
  const file = userConfigurationFile(work.environment)
  const read = async (text: string) => {
    const {configuration, document} = await readSettings(text, file, work.environment)
    return {document, settings: configuration}
  }
  return changeSettingsFile(
    work,
    {file, collections: COLLECTIONS, version: CONFIGURATION_VERSION, read},
    options,
    change,
  )
}
