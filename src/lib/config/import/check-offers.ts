import {isSecretName, isSecretText} from '../../environment/schema/secret-names.js'
import {KegError} from '../../error/keg-error.js'
import {linkableFolder} from '../../tap/link/change/linkable-folder.js'
import {refuseReserved} from '../../tap/link/change/reserved-names.js'
import {checkedValue, parseSettingName, type SettingName} from '../setting/setting-name.js'
import {checkValueName} from '../setting/setting-rules.js'
import type {Left, Offer} from './old-settings.js'

/** An offer that can be taken: its value is as the file gets it. */
export interface CheckedOffer extends Offer {
  readonly setting: SettingName
}

interface CheckOptions {
  readonly environment: NodeJS.ProcessEnv
  /** Words that no tap can be called. */
  readonly reserved: ReadonlySet<string>
}

/** Offers by the rules of the settings: those that can be taken, and the others with the reason. */
export async function checkOffers(
  offers: readonly Offer[],
  options: CheckOptions,
): Promise<{readonly checked: readonly CheckedOffer[]; readonly left: readonly Left[]}> {
  const checked: CheckedOffer[] = []
  const left: Left[] = []
  for (const offer of offers) {
    try {
      if (isSecretName(offer.name) || isSecretText(offer.value)) left.push({from: offer.from, reason: SECRET})
      else checked.push(await checkOffer(offer, options))
    } catch (error) {
      if (!(error instanceof KegError)) throw error
      const advice = offer.name.startsWith('taps.') ? ' Link it with: keg tap link PATH --name NAME' : ''
      left.push({from: offer.from, reason: `${error.message}${advice}`})
    }
  }
  return {checked, left}
}

const SECRET = 'keg keeps no secrets: set it in the environment of the shell, or sign in with docker login.'

async function checkOffer(offer: Offer, {environment, reserved}: CheckOptions): Promise<CheckedOffer> {
  const setting = await settingOf(offer)
  const value = checkedValue(setting, offer.value, environment)
  if (setting.collection !== 'taps') return {...offer, setting, value}
  refuseReserved(setting.key, reserved)
  return {...offer, setting, value: await linkableFolder(value)}
}

/** Of one tap a few values can be set that those of all have settings of their own for. */
async function settingOf({name, tap}: Offer): Promise<SettingName> {
  if (tap === undefined) return parseSettingName(name)
  const key = name.slice('env.'.length)
  checkValueName(key)
  return {collection: 'env', key}
}
