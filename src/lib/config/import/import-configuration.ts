import type {Document} from 'yaml'
import type {Questions} from '../../command/ask.js'
import {reservedNames} from '../../tap/link/change/reserved-names.js'
import {commandsNote, refreshTapCommands} from '../../tap/plugin/refresh-tap-commands.js'
import type {TapProgram} from '../../tap/plugin/tap-program.js'
import {count} from '../../terminal/text.js'
import {changeUserConfiguration} from '../change-configuration.js'
import type {ChangeOptions} from '../file/change-settings-file.js'
import {changeOverride, overrideFile} from '../override.js'
import {settingPath, settingValue} from '../setting/setting-name.js'
import {shownValue} from '../setting/setting-text.js'
import {configurationOf, userConfigurationFile, type UserConfiguration} from '../user-configuration.js'
import {checkOffers, type CheckedOffer} from './check-offers.js'
import {readOldConfiguration} from './old-configuration.js'
import {readOldOverrides} from './old-overrides.js'
import {sortOldSettings, type Left} from './old-settings.js'

export interface ImportOptions {
  /** The old `cli.config.json`; undefined looks where the old keg looks. */
  readonly file: string | undefined
  /** What a relative path begins at. */
  readonly folder: string
  /** Whether what is set otherwise is overwritten. */
  readonly force: boolean
  readonly dryRun: boolean
  readonly environment: NodeJS.ProcessEnv
  readonly program: TapProgram
  readonly questions: Questions
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** A setting that the old configuration has, and that this keg has too. */
export interface ImportedSetting {
  /** Keys of cli.config.json, with dots, or a file and a name in it. */
  readonly from: string
  /** The file that it is for. */
  readonly file: string
  /** As a user types it. */
  readonly name: string
  readonly value: string
  /** What was set there before, or asterisks for a secret; null where nothing was. */
  readonly previous: string | null
}

/** What `keg config import --json` prints; scripts can rely on these fields. */
export interface ImportResult {
  readonly file: string
  /** What is set now (or would be). */
  readonly taken: readonly ImportedSetting[]
  /** What was set already, as `previous` says. */
  readonly kept: readonly ImportedSetting[]
  readonly left: readonly Left[]
  readonly dryRun: boolean
}

/**
 * Takes over what an old configuration says. What is set already stays as it is, unless that is overwritten by wish; secrets are never
 * taken. The old files stay as they are.
 * @throws what readOldConfiguration, changeUserConfiguration and changeOverride throw
 */
export async function importConfiguration(options: ImportOptions): Promise<ImportResult> {
  const {dryRun, environment, program, questions, say, signal} = options
  const old = await readOldConfiguration(options.file, options.folder, environment)
  const settings = sortOldSettings(old.content)
  const checking = {environment, reserved: reservedNames(program)}
  const common = await checkOffers(settings.offers, checking)
  const taps = common.checked.flatMap(({setting}) => (setting.collection === 'taps' ? [setting.key] : []))
  const overrides = await readOldOverrides(old.folder, taps)
  const single = await checkOffers(overrides.offers, checking)
  const offers = [...common.checked, ...single.checked]
  const left = [...common.left, ...settings.left, ...single.left, ...overrides.left]

  const plan = await take(offers, {environment, signal, dryRun: true, overwrite: options.force})
  const overwrite = options.force || (!dryRun && (await mayOverwrite(plan.kept, questions)))
  const done = dryRun ? plan : await take(offers, {environment, signal, dryRun: false, overwrite})
  if (!dryRun && done.taken.some(({name}) => name.startsWith('taps.'))) {
    const note = commandsNote(await refreshTapCommands({program, environment, signal}), program)
    if (note !== undefined) say(note)
  }
  return {file: old.file, ...done, left, dryRun}
}

async function mayOverwrite(kept: readonly ImportedSetting[], questions: Questions): Promise<boolean> {
  const others = kept.filter(({previous, value}) => previous !== value)
  if (others.length === 0 || !questions.possible) return false
  const settings = others.map(({name, previous, value}) => `${name} (${previous ?? ''}, there ${value})`)
  const said = `${count(others.length, 'setting')} ${others.length === 1 ? 'is' : 'are'} set otherwise here`
  const question = `${said}: ${settings.join(', ')}. Overwrite?`
  return questions.confirm(question, {flag: '--force'})
}

interface TakeOptions extends ChangeOptions {
  readonly overwrite: boolean
}

type Taken = Pick<ImportResult, 'kept' | 'taken'>

async function take(offers: readonly CheckedOffer[], options: TakeOptions): Promise<Taken> {
  const {environment} = options
  const result: {kept: ImportedSetting[]; taken: ImportedSetting[]} = {kept: [], taken: []}
  const forAll = offers.filter(({tap}) => tap === undefined)
  const file = userConfigurationFile(environment)
  if (forAll.length > 0)
    await changeUserConfiguration(options, (document, configuration) => {
      for (const offer of forAll) decide(offer, {document, configuration, file}, options, result)
    })
  for (const tap of new Set(offers.flatMap((offer) => offer.tap ?? []))) {
    const tapFile = overrideFile(tap, environment)
    await changeOverride(tap, options, (document, {env}) => {
      const target = {document, configuration: configurationOf({env}), file: tapFile}
      for (const offer of offers.filter((each) => each.tap === tap)) decide(offer, target, options, result)
    })
  }
  return result
}

/** Takes one offer, or keeps what is there. */
function decide(
  {from, name, setting, value}: CheckedOffer,
  {configuration, document, file}: {document: Document; configuration: UserConfiguration; file: string},
  {overwrite}: TakeOptions,
  {kept, taken}: {kept: ImportedSetting[]; taken: ImportedSetting[]},
): void {
  const path = settingPath(setting)
  const previous = document.hasIn(path) ? (settingValue(setting, configuration) ?? null) : null
  const shown = {from, file, name, value, previous: previous === null ? null : shownValue(name, previous)}
  if (previous !== null && (previous === value || !overwrite)) {
    kept.push(shown)
    return
  }
  document.setIn(path, value)
  taken.push(shown)
}
