import {FailedError, KegError, type UsageError} from '../../error/keg-error.js'
import {checkTapName} from '../../tap/link/tap-name.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {
  absoluteFolder,
  checkCommonValueName,
  checkPathName,
  checkValue,
  CONFIGURATION_VERSION,
  SETTINGS,
  TEXT_RULES,
} from '../setting/setting-rules.js'
import {configurationOf, type UserConfiguration, type WrittenSetting} from '../user-configuration.js'
import {parseSettingsFile, type Entry, type SettingsFile} from './settings-file.js'

/** The user configuration with the file that it is read from. */
export interface ReadConfiguration extends SettingsFile {
  readonly configuration: UserConfiguration
}

/** @throws UsageError `configuration-invalid`; FailedError `configuration-newer` */
export async function readSettings(
  text: string,
  file: string,
  environment: NodeJS.ProcessEnv,
): Promise<ReadConfiguration> {
  const parsed = await parseSettingsFile(text, file, SETTINGS)
  const {entries} = parsed
  // Before all else: what a newer keg wrote may make no sense here.
  checkVersion(entries, file)
  for (const entry of entries) if (!isOneOf(SETTINGS, entry.name)) throw await unknown(entry, SETTINGS)
  const setting = (name: (typeof SETTINGS)[number]): Entry | undefined => entries.find((entry) => entry.name === name)
  const textOf = (name: keyof typeof TEXT_RULES): string | undefined => {
    const entry = setting(name)
    const written = entry?.text()
    if (entry !== undefined && written !== undefined) allow(entry, 'value', () => TEXT_RULES[name](written))
    return written
  }
  const configuration = configurationOf({
    registry: textOf('registry'),
    defaultTag: textOf('defaultTag'),
    environment: textOf('environment'),
    env: readValues(setting('env'), checkCommonValueName),
    paths: readPaths(setting('paths'), environment),
    taps: await readTaps(setting('taps'), environment),
  })
  return {...parsed, configuration}
}

/**
 * KEG_* and DOC_* values, of the configuration or of an override.
 * @param checkName throws a KegError for a name that is none there
 * @throws UsageError `configuration-invalid`
 */
export function readValues(
  setting: Entry | undefined,
  checkName: (name: string) => void,
): ReadonlyMap<string, WrittenSetting> {
  const values = new Map<string, WrittenSetting>()
  for (const entry of setting?.entries() ?? []) {
    allow(entry, 'name', () => checkName(entry.name))
    const text = entry.scalar()
    allow(entry, 'value', () => checkValue(entry.name, text))
    values.set(entry.name, {text, line: entry.line})
  }
  return values
}

function readPaths(setting: Entry | undefined, environment: NodeJS.ProcessEnv): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const entry of setting?.entries() ?? []) {
    allow(entry, 'name', () => checkPathName(entry.name))
    const text = entry.text()
    paths.set(
      entry.name,
      allow(entry, 'value', () => absoluteFolder(text, environment)),
    )
  }
  return paths
}

async function readTaps(
  setting: Entry | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<ReadonlyMap<string, {readonly path: string}>> {
  const taps = new Map<string, {readonly path: string}>()
  for (const entry of setting?.entries() ?? []) {
    allow(entry, 'name', () => checkTapName(entry.name))
    const record = entry.entries()
    for (const part of record) if (part.name !== 'path') throw await unknown(part, ['path'])
    const [part] = record
    if (part === undefined) throw entry.nameProblem(`${entry.path} has no path.`, 'Write it as: path: /its/folder')
    const text = part.text()
    taps.set(entry.name, {path: allow(part, 'value', () => absoluteFolder(text, environment))})
  }
  return taps
}

function checkVersion(entries: readonly Entry[], file: string): void {
  const entry = entries.find(({name}) => name === 'version')
  if (entry === undefined) return
  const version = entry.wholeNumber()
  if (version === undefined || version < 1)
    throw entry.valueProblem('version has to be a whole number.', `keg writes: version: ${CONFIGURATION_VERSION}`)
  if (version <= CONFIGURATION_VERSION) return
  throw new FailedError(`The user configuration ${printable(file)} has version ${version}, of a newer keg.`, {
    code: 'configuration-newer',
    hint: `Update keg: this one knows version ${CONFIGURATION_VERSION}. The file is left as it is.`,
    data: {file, version},
  })
}

/** The error for a name that is none of those there are. */
export async function unknown(entry: Entry, known: readonly string[]): Promise<UsageError> {
  const meant = await closestWord(entry.name, known)
  const settings = `The settings are: ${known.join(', ')}.`
  const path = entry.path.split('.').slice(0, -1)
  const place = path.length === 0 ? '' : ` in ${path.join('.')}`
  return entry.nameProblem(
    `there is no setting ${JSON.stringify(entry.name)}${place}.`,
    meant === undefined ? settings : `Did you mean ${meant}? ${settings}`,
  )
}

/** Hands on what is wrong with a name or a value, with its place. */
function allow<T>(entry: Entry, part: 'name' | 'value', check: () => T): T {
  try {
    return check()
  } catch (problem) {
    if (!(problem instanceof KegError)) throw problem
    const hint = problem.hint ?? 'Correct it there.'
    if (part === 'name') throw entry.nameProblem(problem.message, hint)
    throw entry.valueProblem(`${entry.path}: ${problem.message}`, hint)
  }
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return names.some((known) => known === name)
}
