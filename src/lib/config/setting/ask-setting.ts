import {commandLine} from '../../terminal/command-line.js'
import {missingInput} from '../../terminal/prompt.js'
import {SETTINGS, COLLECTIONS} from './setting-rules.js'
import {listSettings} from './show-setting.js'
import type {Work} from '../../work/work.js'

const QUESTION = 'Which setting?'
const NAME = {flag: `NAME, as in ${commandLine`keg config list`}`, isList: true} as const

/** Asks for one of the existing settings. @throws UsageError `input-missing` if nobody can be asked; what listSettings throws */
export async function askForSetSetting({environment, prompt}: Pick<Work, 'environment' | 'prompt'>): Promise<string> {
  if (!prompt.isInteractive) throw missingInput(QUESTION, NAME.flag)
  const choices = (await listSettings(environment)).map(({name, value}) => ({
    name: `${name} (${value ?? 'not valid'})`,
    value: name,
  }))
  return choices.length > 0 ? prompt.choose(QUESTION, choices, NAME) : prompt.text(QUESTION, NAME)
}

/** Asks for a setting, or the name of a value, a path or the like. @throws UsageError `input-missing` */
export async function askForSetting({prompt}: Pick<Work, 'prompt'>): Promise<string> {
  const plain = SETTINGS.filter((name) => name !== 'version' && !COLLECTIONS.some((each) => each === name))
  const choices = plain.map((name) => ({name, value: name}))
  const typed = (text: string): string | undefined => (text.trim() === '' ? undefined : text.trim())
  return prompt.choose<string>('Which setting? One of these, env.NAME or paths.NAME:', choices, {...NAME, typed})
}

/** Asks for a setting's value. @throws UsageError `input-missing` */
export async function askForValue({prompt}: Pick<Work, 'prompt'>, name: string): Promise<string> {
  return prompt.text(`Value of ${name}:`, {flag: 'VALUE'})
}
