import {FailedError, KegError, UsageError} from '../../error/keg-error.js'
import {checkTapName} from '../../reference/tap-name.js'
import {closestWord} from '../../terminal/closest-word.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {
  absoluteFolder,
  checkCommonValueName,
  checkPathName,
  checkValue,
  CONFIGURATION_VERSION,
  LIST_RULES,
  SETTINGS,
  TEXT_RULES,
} from '../setting/setting-rules.js'
import {parseSettingsFile, type Entry, type SettingsFile} from './settings-file.js'
import {
  configurationOf,
  type InvalidEntries,
  type InvalidEntry,
  type UserConfiguration,
  type WrittenSetting,
} from '../model.js'

/** The user configuration and its file. */
export interface ReadConfiguration extends SettingsFile {
  readonly configuration: UserConfiguration
}

/**
 * Parses the text of the user configuration; lists invalid entries, and uses the rest.
 * @throws UsageError `configuration-invalid` if it is not YAML or not a mapping of settings; FailedError
 * `configuration-newer`
 */
export async function readSettings(
  text: string,
  file: string,
  environment: NodeJS.ProcessEnv,
): Promise<ReadConfiguration> {
  const parsed = await parseSettingsFile(text, file, SETTINGS)
  const {entries} = parsed
  const valid = new ValidEntries(removalOf)
  // First, because what a newer keg wrote may make no sense here.
  checkVersion(entries, file, valid)
  const known = await valid.among(entries, SETTINGS)
  const read = <T>(name: (typeof SETTINGS)[number], work: (entry: Entry) => T): T | undefined => {
    const entry = known.find((each) => each.name === name)
    return entry && valid.attempt(entry, () => work(entry))
  }
  const textOf = (name: keyof typeof TEXT_RULES): string | undefined =>
    read(name, (entry) => {
      const written = entry.text()
      allow(entry, 'value', () => TEXT_RULES[name](written))
      return written
    })
  const listOf = (name: keyof typeof LIST_RULES): readonly string[] | undefined =>
    read(name, (entry) => {
      const written = entry.texts()
      for (const text of written) allow(entry, 'value', () => LIST_RULES[name](text))
      return written
    })
  const taps = read('taps', (entry) => entry.entries())
  const configuration = configurationOf(
    {
      registry: textOf('registry'),
      defaultTag: textOf('defaultTag'),
      protectedTags: listOf('protectedTags'),
      environment: textOf('environment'),
      env: read('env', (entry) => readValues(entry, checkCommonValueName, valid)),
      paths: read('paths', (entry) => readPaths(entry, environment, valid)),
      taps: await readTaps(taps ?? [], environment, valid),
    },
    valid.invalid,
  )
  return {...parsed, configuration}
}

/** Separates valid entries of a settings file from invalid ones, and keeps the errors. */
export class ValidEntries {
  readonly #invalid = new Map<string, InvalidEntry>()

  readonly #removalOf: ((entry: Entry) => string) | undefined

  /** @param removalOf the command that removes an entry; undefined if there is none */
  constructor(removalOf?: (entry: Entry) => string) {
    this.#removalOf = removalOf
  }

  get invalid(): InvalidEntries {
    return this.#invalid
  }

  /** The result for a valid entry; undefined for an invalid one. */
  attempt<T>(entry: Entry, work: () => T): T | undefined {
    try {
      if (entry.nameError !== undefined) throw entry.nameError
      return work()
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      this.add(entry, error)
      return undefined
    }
  }

  /** Those of the entries whose names are known. */
  async among(entries: readonly Entry[], known: readonly string[]): Promise<Entry[]> {
    const found: Entry[] = []
    for (const entry of entries) {
      const error = entry.nameError ?? (isOneOf(known, entry.name) ? undefined : await unknown(entry, known))
      if (error === undefined) found.push(entry)
      else this.add(entry, error)
    }
    return found
  }

  /** Keeps the error of an entry. @returns the same with a hint */
  add(entry: Entry, {data, hint = 'Fix it there.', message}: UsageError): UsageError {
    const removal = this.#removalOf?.(entry)
    const or = /[.?!]$/.test(hint) ? ' Or' : '; or'
    const error = new UsageError(message, {
      code: 'configuration-invalid',
      hint: printable(removal === undefined ? hint : `${hint}${or} remove it with: ${removal}`),
      ...(data === undefined ? {} : {data}),
    })
    this.#invalid.set(entry.path, {error, keys: entry.keys})
    return error
  }
}

/** Links have their own command. */
function removalOf({keys, name, path}: Entry): string {
  const isLink = keys.length === 2 && path.startsWith('taps.')
  return isLink ? commandLine`keg tap unlink ${name}` : commandLine`keg config unset ${path}`
}

/**
 * KEG_* and DOC_* values of the configuration or of an override. Includes invalid ones with their problem: they override
 * other sources, and whoever reads them gets the error.
 * @param checkName throws a KegError for a name that is not allowed
 * @throws UsageError `configuration-invalid` if the setting is not a mapping
 */
export function readValues(
  setting: Entry,
  checkName: (name: string) => void,
  valid: ValidEntries,
): ReadonlyMap<string, WrittenSetting> {
  const values = new Map<string, WrittenSetting>()
  for (const entry of setting.entries()) {
    const isNamed = valid.attempt(entry, () => {
      allow(entry, 'name', () => checkName(entry.name))
      return true
    })
    if (isNamed !== true) continue
    try {
      const text = entry.scalar()
      allow(entry, 'value', () => checkValue(entry.name, text))
      values.set(entry.name, {text, line: entry.line})
    } catch (error) {
      if (!(error instanceof UsageError)) throw error
      values.set(entry.name, {text: '', line: entry.line, problem: valid.add(entry, error)})
    }
  }
  return values
}

function readPaths(setting: Entry, environment: NodeJS.ProcessEnv, valid: ValidEntries): ReadonlyMap<string, string> {
  const paths = new Map<string, string>()
  for (const entry of setting.entries()) {
    const path = valid.attempt(entry, () => {
      allow(entry, 'name', () => checkPathName(entry.name))
      const text = entry.text()
      return allow(entry, 'value', () => absoluteFolder(text, environment))
    })
    if (path !== undefined) paths.set(entry.name, path)
  }
  return paths
}

/** A record with more than a path is still a tap. */
async function readTaps(
  records: readonly Entry[],
  environment: NodeJS.ProcessEnv,
  valid: ValidEntries,
): Promise<ReadonlyMap<string, {readonly path: string}>> {
  const taps = new Map<string, {readonly path: string}>()
  for (const entry of records) {
    const record = valid.attempt(entry, () => {
      allow(entry, 'name', () => checkTapName(entry.name))
      return entry.entries()
    })
    if (record === undefined) continue
    const [part] = await valid.among(record, ['path'])
    const path = valid.attempt(entry, () => {
      if (part === undefined) throw entry.nameProblem(`${entry.path} has no path.`, 'Write it as: path: /its/folder')
      const text = part.text()
      return allow(part, 'value', () => absoluteFolder(text, environment))
    })
    if (path !== undefined) taps.set(entry.name, {path})
  }
  return taps
}

function checkVersion(entries: readonly Entry[], file: string, valid: ValidEntries): void {
  const entry = entries.find(({name}) => name === 'version')
  const version = entry && valid.attempt(entry, () => versionOf(entry))
  if (version === undefined || version <= CONFIGURATION_VERSION) return
  throw new FailedError(
    `The user configuration ${printable(file)} has version ${version}, which is that of a newer keg.`,
    {
      code: 'configuration-newer',
      hint: `Update keg: this one knows version ${CONFIGURATION_VERSION}. The file is left as it is.`,
      data: {file, version},
    },
  )
}

function versionOf(entry: Entry): number {
  const version = entry.wholeNumber()
  if (version !== undefined && version >= 1) return version
  throw entry.valueProblem('version must be a whole number.', `keg writes: version: ${CONFIGURATION_VERSION}`)
}

/** The error for an unknown name. */
async function unknown(entry: Entry, known: readonly string[]): Promise<UsageError> {
  const closest = await closestWord(entry.name, known)
  const settings = `The settings are: ${known.join(', ')}.`
  const path = entry.path.split('.').slice(0, -1)
  const place = path.length === 0 ? '' : ` in ${path.join('.')}`
  return entry.nameProblem(
    `there is no setting ${JSON.stringify(entry.name)}${place}.`,
    closest === undefined ? settings : `Did you mean ${closest}? ${settings}`,
  )
}

/** Adds the place to an error about a name or a value. */
function allow<T>(entry: Entry, part: 'name' | 'value', check: () => T): T {
  try {
    return check()
  } catch (problem) {
    if (!(problem instanceof KegError)) throw problem
    const hint = problem.hint ?? 'Fix it there.'
    if (part === 'name') throw entry.nameProblem(problem.message, hint)
    throw entry.valueProblem(`${entry.path}: ${problem.message}`, hint)
  }
}

function isOneOf(names: readonly string[], name: string): boolean {
  return names.includes(name)
}
