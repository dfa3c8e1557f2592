import {readUserConfiguration} from '../../config/user-configuration.js'
import {FailedError, KegError, UsageError} from '../../error/keg-error.js'
import {openTap, type OpenTapOptions} from '../../values/open-tap.js'
import {findTap} from '../../tap-folder/link/find-tap.js'
import {takeTapName} from '../../tap-folder/link/take-tap-name.js'
import type {Tap} from '../../tap-folder/tap.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {environmentNameOf} from '../../values/environment-name.js'
import {resolveValues} from '../../values/resolve-values.js'
import {isOwnName} from '../../config/schema/foreign-names.js'
import {EXACT_NAMES, findDefinition} from '../../config/schema/find-definition.js'
import type {ExplainedValue, Origin, Values} from '../../values/values.js'
import type {Work} from '../../work/work.js'

/** Which values to show. */
export interface TapValuesOptions extends Pick<OpenTapOptions, 'environmentName'> {
  /** A linked tap, a value, or both in that order. */
  readonly words: readonly string[]
  /** Whether to show a value that is not set, with what is known about it. */
  readonly explain: boolean
}

/** A value that is safe to show. */
export interface ShownValue {
  /** Its name in the environment: `KEG_PROXY_HOST`. */
  readonly name: string
  /** Null for a secret, an unusable value, or one that is not set. */
  readonly value: string | null
  /** Whether it looks like a secret and is hidden. */
  readonly secret: boolean
  /** Where it is set; null if it is not. */
  readonly origin: Origin | null
  /** Other values that it overrides, the highest first. */
  readonly hides: readonly {
    /** Null for a secret. */
    readonly value: string | null
    /** Where it is set. */
    readonly origin: Origin
  }[]
  /** Its purpose; null for an unknown one. */
  readonly meaning: string | null
  /** Why it cannot be used. */
  readonly problem: string | null
  /** What applies if it is not set, as text. */
  readonly otherwise: string | null
}

/** The values of a tap, or the user's without a tap. */
export interface TapValues {
  /** Name of the tap; null without one. */
  readonly tap: string | null
  /** Its folder; null without a tap. */
  readonly folder: string | null
  /** The environment: `local`. */
  readonly environment: string
  /** The requested value; null for all. */
  readonly key: string | null
  /** In the order shown. */
  readonly values: readonly ShownValue[]
  /** For a single value, only those about it. */
  readonly warnings: readonly string[]
}

/**
 * The values of the given tap or of the one that the current folder is in; otherwise those without a tap.
 * @throws UsageError `value-unknown`, FailedError `value-missing`, what `text` of the values throws for the requested one,
 * and what openTap throws
 */
export async function readTapValues(work: Work, options: TapValuesOptions): Promise<TapValues> {
  const {environmentName, explain, words} = options
  const {environment, folder} = work
  const {name, rest} = await takeTapName(words, environment)
  const [key] = rest
  // Two words that do not begin with a tap: the first one was meant to be one.
  if (rest.length > 1) await findTap({environment, folder}, {name: key})
  const {tap, values} = await open({environment, folder}, {environmentName, name})
  const explained = values.explain()
  const shown = explained.filter((each) => key === undefined || each.name === key).map(asShown)
  if (key !== undefined && shown.length === 0) {
    if (findDefinition(key) === undefined) throw await unknownKey(work, key, explained)
    if (!explain) throw missing(key, tap)
    shown.push(unsetValue(key))
  }
  if (key !== undefined && !explain && values.text(key) === undefined) throw missing(key, tap)
  return {
    tap: tap?.name ?? null,
    folder: tap?.folder ?? null,
    environment: values.environmentName,
    key: key ?? null,
    values: shown,
    warnings: key === undefined ? values.warnings : secrecy(shown),
  }
}

async function open(
  work: Pick<Work, 'environment' | 'folder'>,
  options: Omit<OpenTapOptions, 'flags'>,
): Promise<{readonly tap: Tap | undefined; readonly values: Values}> {
  try {
    return await openTap(work, options)
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'tap-missing') throw error
  }
  const {environment} = work
  const configuration = await readUserConfiguration(environment)
  const named = environmentNameOf(options.environmentName, environment, configuration)
  const values = await resolveValues({
    configuration,
    environment,
    environmentName: named.name,
    environmentOrigin: named.origin,
    tap: undefined,
    flags: new Map(),
  })
  return {tap: undefined, values}
}

function asShown({hides, isSecret, meaning, name, origin, problem, value}: ExplainedValue): ShownValue {
  const text = (said: string | undefined): string | null => (isSecret ? null : (said ?? null))
  return {
    name,
    value: text(value),
    secret: isSecret,
    origin,
    hides: hides.map((each) => ({value: text(each.text), origin: each.origin})),
    meaning: meaning ?? null,
    problem: problem ?? null,
    otherwise: null,
  }
}

/** A warning if a requested value is not printed because it is secret. */
function secrecy(shown: readonly ShownValue[]): string[] {
  return shown.flatMap(({name, secret}) => (secret ? [`${name} is a secret: it is not shown.`] : []))
}

/** What is known about a value that is not set. */
function unsetValue(name: string): ShownValue {
  const {meaning, otherwise} = findDefinition(name) ?? {}
  const nothing = {value: null, secret: false, origin: null, hides: [], problem: null}
  return {name, ...nothing, meaning: meaning ?? null, otherwise: otherwise ?? null}
}

async function unknownKey(
  {environment, folder}: Work,
  key: string,
  explained: readonly ExplainedValue[],
): Promise<UsageError> {
  // A lower-case word was meant to be a tap: the error lists them.
  if (!/^[A-Z][A-Z0-9_]*$/.test(key)) await findTap({environment, folder}, {name: key})
  const question = await didYouMean(key, [...explained.map(({name}) => name), ...EXACT_NAMES])
  return new UsageError(`There is no value ${printable(key)}.`, {
    code: 'value-unknown',
    hint: `${question}List all values with: ${commandLine`keg tap env`}`,
  })
}

function missing(key: string, tap: Tap | undefined): FailedError {
  const otherwise = findDefinition(key)?.otherwise
  const where = tap === undefined ? '' : ` in the tap ${tap.name}`
  const means = isOwnName(key) ? 'in values.yml, .env or the shell' : 'in values.yml'
  return new FailedError(`${key} is not set${where}.`, {
    code: 'value-missing',
    hint: `${otherwise === undefined ? '' : `The default is: ${otherwise}. `}Set it ${means}.`,
  })
}
