import {isSecretName, isSecretText} from '../config/schema/secret-names.js'
import {KegError} from '../error/keg-error.js'
import {linkableFolder} from '../tap-folder/link/linkable-folder.js'
import {refuseReserved} from '../tap-folder/link/reserved-names.js'
import {checkedValue, parseSettingName, type SettingName} from '../config/setting/setting-name.js'
import {checkValueName} from '../config/setting/setting-rules.js'
import {commandLine} from '../terminal/command-line.js'
import type {Left, Offer} from './old-settings.js'
import type {Work} from '../work/work.js'

/** An offer that can be imported, with its value for the file. */
export interface CheckedOffer extends Offer {
  readonly setting: SettingName
}

interface CheckOptions {
  /** Words that cannot be tap names. */
  readonly reserved: ReadonlySet<string>
}

/** Checks offers against the settings' rules: those that can be imported, and the others with the reason. */
export async function checkOffers(
  work: Pick<Work, 'environment'>,
  offers: readonly Offer[],
  options: CheckOptions,
): Promise<{readonly checked: readonly CheckedOffer[]; readonly left: readonly Left[]}> {
  const checked: CheckedOffer[] = []
  const left: Left[] = []
  for (const offer of offers) {
    try {
      if (isSecretName(offer.name) || isSecretText(offer.value)) left.push({from: offer.from, reason: SECRET})
      else checked.push(await checkOffer(work, offer, options))
    } catch (error) {
      if (!(error instanceof KegError)) throw error
      const advice = offer.name.startsWith('taps.')
        ? ` Link it with: ${commandLine`keg tap link PATH --name NAME`}`
        : ''
      left.push({from: offer.from, reason: `${error.message}${advice}`})
    }
  }
  return {checked, left}
}

const SECRET = 'keg stores no secrets. Set it in the environment of your shell.'

async function checkOffer(
  {environment}: Pick<Work, 'environment'>,
  offer: Offer,
  {reserved}: CheckOptions,
): Promise<CheckedOffer> {
  const setting = await settingOf(offer)
  const value = checkedValue(setting, offer.value, environment)
  if (setting.collection !== 'taps') return {...offer, setting, value}
  refuseReserved(setting.key, reserved)
  return {...offer, setting, value: await linkableFolder(value)}
}

/** Some values can be set for a single tap, but have their own setting for all taps. */
async function settingOf({name, tap}: Offer): Promise<SettingName> {
  if (tap === undefined) return parseSettingName(name)
  const key = name.slice('env.'.length)
  checkValueName(key)
  return {collection: 'env', key}
}
