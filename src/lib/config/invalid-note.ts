import {commandLine} from '../terminal/command-line.js'
import {count, printable} from '../terminal/text.js'
import {readUserConfiguration, userConfigurationFile} from './user-configuration.js'

/** Which invalid entries of the configuration a command reports itself. */
export type ReportedInvalid = 'all' | 'none' | 'taps'

/**
 * One line about invalid entries of the user configuration; undefined if there are none, or if the command reports all of
 * them itself. A file that cannot be read is reported by the commands that need it.
 */
export async function invalidNote(
  environment: NodeJS.ProcessEnv,
  reported: ReportedInvalid,
): Promise<string | undefined> {
  if (reported === 'all') return undefined
  const {invalid} = await readUserConfiguration(environment).catch(() => ({invalid: new Map<string, never>()}))
  const names = [...invalid.keys()].filter(
    (name) => reported === 'none' || !(name === 'taps' || name.startsWith('taps.')),
  )
  const [first] = names
  if (first === undefined) return undefined
  const which = names.length === 1 ? `${first} is` : `${count(names.length, 'entry', 'entries')} are`
  const file = userConfigurationFile(environment)
  return printable(`Warning: ${which} not valid in ${file}, and ignored. See: ${commandLine`keg config list`}`)
}
