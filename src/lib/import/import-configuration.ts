import type {Document} from 'yaml'
import type {Prompt} from '../terminal/prompt.js'
import {reservedNames} from '../tap-folder/link/reserved-names.js'
import {commandsNote, refreshTapCommands} from '../tap-folder/plugin/refresh-tap-commands.js'
import type {TapProgram} from '../tap-folder/plugin/tap-program.js'
import {count} from '../terminal/text.js'
import {changeUserConfiguration} from '../config/change-configuration.js'
import type {ChangeOptions} from '../config/file/change-settings-file.js'
import {changeOverride, overrideFile} from '../config/override.js'
import {settingPath, settingValue} from '../config/setting/setting-name.js'
import {shownValue} from '../config/setting/setting-text.js'
import {userConfigurationFile} from '../config/user-configuration.js'
import {checkOffers, type CheckedOffer} from './check-offers.js'
import {readOldConfiguration} from './old-configuration.js'
import {readOldOverrides} from './old-overrides.js'
import {sortOldSettings, type Left} from './old-settings.js'
import {configurationOf, refuseInvalid, type UserConfiguration} from '../config/model.js'
import type {Work} from '../work/work.js'

export interface ImportOptions {
  /** The old `cli.config.json`; undefined looks where the old keg does. */
  readonly file: string | undefined
  /** Whether to overwrite settings with other values. */
  readonly force: boolean
  readonly dryRun: boolean
  readonly program: TapProgram
}

/** A setting of the old configuration that this keg also has. */
export interface ImportedSetting {
  /** Keys of cli.config.json, with dots, or a file and a name in it. */
  readonly from: string
  /** The file that gets it. */
  readonly file: string
  /** The setting's name as typed. */
  readonly name: string
  /** Its new value. */
  readonly value: string
  /** Its previous value, or asterisks for a secret; null if it was not set. */
  readonly previous: string | null
}

/** What `keg config import --json` prints; scripts can rely on these fields. */
export interface ImportResult {
  /** The `cli.config.json` that was read. */
  readonly file: string
  /** What was set now (or would be). */
  readonly taken: readonly ImportedSetting[]
  /** What was already set, as `previous` says. */
  readonly kept: readonly ImportedSetting[]
  /** What was not imported, and why. */
  readonly left: readonly Left[]
  /** Whether nothing was changed. */
  readonly dryRun: boolean
}

/**
 * Imports an old configuration. Keeps what is already set, unless `force` is set, and never imports secrets. Does not change
 * the old files.
 * @throws what readOldConfiguration, changeUserConfiguration and changeOverride throw
 */
export async function importConfiguration(work: Work, options: ImportOptions): Promise<ImportResult> {
  const {environment, prompt, notice} = work
  const {dryRun, program} = options
  const old = await readOldConfiguration(options.file, work.folder, environment)
  const settings = sortOldSettings(old.content)
  const checking = {reserved: reservedNames(program)}
  const common = await checkOffers(work, settings.offers, checking)
  const taps = common.checked.flatMap(({setting}) => (setting.collection === 'taps' ? [setting.key] : []))
  const overrides = await readOldOverrides(old.folder, taps)
  const single = await checkOffers(work, overrides.offers, checking)
  const offers = [...common.checked, ...single.checked]
  const left = [...common.left, ...settings.left, ...single.left, ...overrides.left]

  const plan = await importOffers(work, offers, {dryRun: true, overwrite: options.force})
  const overwrite = options.force || (!dryRun && (await mayOverwrite(plan.kept, prompt)))
  const done = dryRun ? plan : await importOffers(work, offers, {dryRun: false, overwrite})
  if (!dryRun && done.taken.some(({name}) => name.startsWith('taps.'))) {
    const note = commandsNote(await refreshTapCommands(work, {program}), program)
    if (note !== undefined) notice(note)
  }
  return {file: old.file, ...done, left, dryRun}
}

async function mayOverwrite(kept: readonly ImportedSetting[], prompt: Prompt): Promise<boolean> {
  const others = kept.filter(({previous, value}) => previous !== value)
  if (others.length === 0 || !prompt.isInteractive) return false
  const settings = others.map(({name, previous, value}) => `${name} (${previous ?? ''}, there ${value})`)
  const sentence = `${count(others.length, 'setting')} ${others.length === 1 ? 'has another value' : 'have other values'} here`
  const question = `${sentence}: ${settings.join(', ')}. Overwrite?`
  return prompt.confirm(question, {flag: '--force'})
}

interface TakeOptions extends ChangeOptions {
  readonly overwrite: boolean
}

type Taken = Pick<ImportResult, 'kept' | 'taken'>

async function importOffers(
  work: Pick<Work, 'environment' | 'signal'>,
  offers: readonly CheckedOffer[],
  options: TakeOptions,
): Promise<Taken> {
  const {environment} = work
  const result: {kept: ImportedSetting[]; taken: ImportedSetting[]} = {kept: [], taken: []}
  const forAll = offers.filter(({tap}) => tap === undefined)
  const file = userConfigurationFile(environment)
  if (forAll.length > 0)
    await changeUserConfiguration(work, options, (document, configuration) => {
      for (const offer of forAll) decide(offer, {document, configuration, file}, options, result)
    })
  for (const tap of new Set(offers.flatMap((offer) => offer.tap ?? []))) {
    const tapFile = overrideFile(tap, environment)
    await changeOverride(work, tap, options, (document, {env, invalid}) => {
      const target = {document, configuration: configurationOf({env}, invalid), file: tapFile}
      for (const offer of offers.filter((each) => each.tap === tap)) decide(offer, target, options, result)
    })
  }
  return result
}

/** Shown instead of an invalid value. */
const NOT_VALID = 'not valid'

/** Imports one offer, or keeps the existing value. */
function decide(
  {from, name, setting, value}: CheckedOffer,
  {configuration, document, file}: {document: Document; configuration: UserConfiguration; file: string},
  {overwrite}: TakeOptions,
  {kept, taken}: {kept: ImportedSetting[]; taken: ImportedSetting[]},
): void {
  const path = settingPath(setting)
  if (setting.collection !== undefined) refuseInvalid(configuration, setting.collection)
  const isInvalid = configuration.invalid.has(name)
  const current = isInvalid ? NOT_VALID : settingValue(setting, configuration)
  const previous = document.hasIn(path) ? (current ?? null) : null
  const shown = {from, file, name, value, previous: previous === null ? null : shownValue(name, previous)}
  if (previous !== null && (previous === value || !overwrite)) {
    kept.push(shown)
    return
  }
  // An invalid record may not be a mapping, in which nothing can be set.
  if (isInvalid) document.deleteIn(configuration.invalid.get(name)?.keys ?? path)
  document.setIn(path, value)
  taken.push(shown)
}
