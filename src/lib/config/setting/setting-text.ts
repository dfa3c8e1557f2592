import {isSecretName, isSecretText} from '../../environment/schema/secret-names.js'
import {printable} from '../../terminal/text.js'

/** A setting that is set. */
export interface SetSetting {
  /** As a user types it. */
  readonly name: string
  readonly value: string
}

/** What became of a setting; null where it is not, or was not, set. */
export interface ChangedSetting {
  readonly name: string
  readonly value: string | null
  readonly previous: string | null
}

/** A value, or asterisks for one that nobody is to see. @param name of the setting */
export function shownValue(name: string, value: string): string {
  return isSecretName(name) || isSecretText(value) ? '***' : value
}

/** Settings, one a line. */
export function settingsText(settings: readonly SetSetting[]): string {
  return settings.map(({name, value}) => printable(`${name}: ${value}`)).join('\n')
}

/** What became of a setting, as one line. */
export function changeText({name, previous, value}: ChangedSetting, {dryRun}: {readonly dryRun: boolean}): string {
  if (value === previous) return printable(value === null ? `${name} is not set.` : `${name} is ${value} already.`)
  const before = previous === null ? '' : `; it was ${previous}`
  if (value === null) return printable(`${name} ${dryRun ? 'would be' : 'is'} taken away${before}.`)
  return printable(`${name} ${dryRun ? 'would be' : 'is'} ${value}${before}.`)
}
