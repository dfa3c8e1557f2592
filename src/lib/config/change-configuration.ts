import type {Document} from 'yaml'
import {changeSettingsFile, type ChangeOptions} from './file/change-settings-file.js'
import {readSettings} from './file/read-settings.js'
import {COLLECTIONS, CONFIGURATION_VERSION} from './setting/setting-rules.js'
import {userConfigurationFile, type UserConfiguration} from './user-configuration.js'

/**
 * Changes the user configuration: reads it, has it changed and writes it, while no other keg does the same. Comments and order
 * stay; a file that comes out as it was is not written.
 * @param change gets the document, in which `setIn(['taps', name, 'path'], folder)` and the like work, and what it says now;
 * what it throws leaves the file as it is
 * @returns what the file says then
 * @throws what readUserConfiguration and inTurn throw, FailedError `configuration-unwritable`
 */
export async function changeUserConfiguration(
  options: ChangeOptions,
  change: (document: Document, configuration: UserConfiguration) => void,
): Promise<UserConfiguration> {
  const file = userConfigurationFile(options.environment)
  const read = async (text: string) => {
    const {configuration, document} = await readSettings(text, file, options.environment)
    return {document, settings: configuration}
  }
  return changeSettingsFile({file, collections: COLLECTIONS, version: CONFIGURATION_VERSION, read}, options, change)
}
