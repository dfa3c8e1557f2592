import {troubleNotes, type RowTrouble} from '../../terminal/row-trouble.js'
import {isSecretName, isSecretText} from '../schema/secret-names.js'
import {printable} from '../../terminal/text.js'

/** A setting with its value. */
export interface SetSetting {
  /** The setting's name as typed. */
  readonly name: string
  /** Null if it is invalid. */
  readonly value: string | null
  /** What is wrong with it; null if it is valid. */
  readonly trouble: RowTrouble | null
}

/** The result of a change; null values are not set. */
export interface ChangedSetting {
  /** The setting's name as typed. */
  readonly name: string
  /** Its new value; asterisks for a secret. */
  readonly value: string | null
  /** Its previous value; asterisks for a secret. */
  readonly previous: string | null
  /** Whether the previous value was invalid. */
  readonly wasInvalid: boolean
}

/** A value, or asterisks for a secret. @param name of the setting */
export function shownValue(name: string, value: string): string {
  return isSecretName(name) || isSecretText(value) ? '***' : value
}

/** Settings, one a line, followed by the problems of invalid ones. */
export function settingsText(settings: readonly SetSetting[]): string {
  const lines = settings.map(({name, value}) => printable(`${name}: ${value ?? 'not valid'}`))
  const notes = troubleNotes(settings)
  return [...lines, ...notes].join('\n')
}

/** A changed setting in one line. */
export function changeText(
  {name, previous, value, wasInvalid}: ChangedSetting,
  {dryRun}: {readonly dryRun: boolean},
): string {
  if (value === previous && !wasInvalid)
    return printable(value === null ? `${name} is not set.` : `${name} is already ${value}.`)
  const before = wasInvalid ? '; it was not valid' : previous === null ? '' : `; it was ${previous}`
  if (value === null) return printable(`${name} ${dryRun ? 'would be' : 'is'} removed${before}.`)
  return printable(`${name} ${dryRun ? 'would be' : 'is'} ${value}${before}.`)
}
