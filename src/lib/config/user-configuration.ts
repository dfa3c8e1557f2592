import {readFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {FailedError, KegError, UsageError} from '../error/keg-error.js'
import {parseRegistry, parseTag} from '../reference/reference.js'
import {printable} from '../terminal/text.js'

/** What the user set for all commands. */
export interface UserConfiguration {
  /** Where packages go: `HOST[:PORT][/NAMESPACE]`, checked. */
  readonly registry: string | undefined
  /** The tag that everybody pulls; a package takes it only where it is named. */
  readonly defaultTag: string
  /** Which `values-<environment>.yml` counts; undefined where nobody says. */
  readonly environment: string | undefined
  /** KEG_* and DOC_* values for all taps, below what a tap says itself; templates are not filled in. */
  readonly env: ReadonlyMap<string, WrittenSetting>
  /** Folders of dependencies on this machine, by their names. */
  readonly paths: ReadonlyMap<string, string>
  /** Linked taps by their names. */
  readonly taps: ReadonlyMap<string, {readonly path: string}>
}

/** A setting with the line of the file that has it. */
export interface WrittenSetting {
  readonly text: string
  readonly line: number
}

/** Each setting, and what throws a UsageError for a text it cannot have. */
const settings: Readonly<Record<'defaultTag' | 'registry', (text: string) => unknown>> = {
  defaultTag: parseTag,
  registry: parseRegistry,
}

/**
 * The file of the user configuration, there or not: `keg/config.yml` in `$XDG_CONFIG_HOME`, which has to be absolute
 * (XDG Base Directory Specification 0.8), or else in `~/.config`.
 */
export function userConfigurationFile(environment: NodeJS.ProcessEnv): string {
  const {HOME, XDG_CONFIG_HOME} = environment
  const home = HOME === undefined || HOME === '' ? homedir() : HOME
  const base = XDG_CONFIG_HOME !== undefined && isAbsolute(XDG_CONFIG_HOME) ? XDG_CONFIG_HOME : join(home, '.config')
  return join(base, 'keg', 'config.yml')
}

/**
 * Reads the user configuration; no file and an empty one are the defaults.
 * @throws UsageError `configuration-invalid` with file, line and column for what is not YAML, an unknown setting and a wrong
 * value; FailedError `configuration-unreadable` when the file is there but cannot be read.
 */
export async function readUserConfiguration(environment: NodeJS.ProcessEnv): Promise<UserConfiguration> {
  const file = userConfigurationFile(environment)
  const text = await readIfThere(file)
  const values = text === undefined ? new Map<string, string>() : await readSettings(text, file)
  return {
    registry: values.get('registry'),
    defaultTag: values.get('defaultTag') ?? 'develop',
    environment: undefined,
    env: new Map(),
    paths: new Map(),
    taps: new Map(),
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined
    }
    throw new FailedError(`The user configuration ${printable(file)} cannot be read.`, {
      code: 'configuration-unreadable',
      hint: 'It has to be a file that you may read; take it away to go on without it.',
      cause: error,
    })
  }
}

async function readSettings(text: string, file: string): Promise<Map<string, string>> {
  const {isMap, isScalar, LineCounter, parseDocument} = await import('yaml')
  const lineCounter = new LineCounter()
  // Pretty errors quote the line, and with it whatever stands there.
  const document = parseDocument(text, {lineCounter, prettyErrors: false})
  const invalid = (offset: number, problem: string, hint: string): UsageError => {
    const {line, col: column} = lineCounter.linePos(offset)
    return new UsageError(`${printable(file)}:${line}:${column}: ${printable(problem)}`, {
      code: 'configuration-invalid',
      hint,
      data: {file, line, column},
    })
  }

  const [error] = document.errors
  if (error !== undefined) throw invalid(error.pos[0], error.message, 'Correct the YAML there.')
  const values = new Map<string, string>()
  const {contents} = document
  if (contents === null || (isScalar(contents) && contents.value === null)) return values
  const known = Object.keys(settings).join(', ')
  if (!isMap(contents)) {
    throw invalid(contents.range[0], 'a list of settings is expected here.', `Settings are ${known}: name: value`)
  }
  for (const {key, value} of contents.items) {
    const name = isScalar(key) ? key.value : undefined
    const place = (isScalar(key) ? key : contents).range[0]
    if (!isSetting(name)) {
      throw invalid(place, `there is no setting ${JSON.stringify(name ?? null)}.`, `The settings are: ${known}.`)
    }
    const setting = isScalar(value) ? value.value : undefined
    const valuePlace = isScalar(value) ? value.range[0] : place
    if (typeof setting !== 'string') {
      throw invalid(valuePlace, `${name} has to be a text.`, `Put it in quotes, as in: ${name}: "text"`)
    }
    try {
      settings[name](setting)
    } catch (problem) {
      if (!(problem instanceof KegError)) throw problem
      throw invalid(valuePlace, `${name}: ${problem.message}`, problem.hint ?? 'Correct it there.')
    }
    values.set(name, setting)
  }
  return values
}

function isSetting(name: unknown): name is 'defaultTag' | 'registry' {
  return typeof name === 'string' && Object.hasOwn(settings, name)
}
