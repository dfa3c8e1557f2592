import {readUserConfiguration} from '../../config/user-configuration.js'
import {FailedError, KegError, UsageError} from '../../error/keg-error.js'
import {openTap, type OpenTapOptions} from '../../tap/open-tap.js'
import {findTap} from '../../tap/link/find-tap.js'
import {takeTapName} from '../../tap/link/take-tap-name.js'
import type {Tap} from '../../tap/tap.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {environmentNameOf} from '../environment-name.js'
import {resolveValues} from '../resolve-values.js'
import {isOwnName} from '../schema/foreign-names.js'
import {EXACT_NAMES, findDefinition} from '../schema/find-definition.js'
import type {ExplainedValue, Origin, Values} from '../values.js'

/** Which values are asked for. */
export interface TapValuesOptions extends Omit<OpenTapOptions, 'flags' | 'name'> {
  /** A linked tap, a value, or one after the other. */
  readonly words: readonly string[]
  /** Whether a value that nobody sets is wanted, too, for what is known of it. */
  readonly explain: boolean
}

/** A value as it may be shown to anybody. */
export interface ShownValue {
  readonly name: string
  /** Null for a secret, for one that cannot be used, and where nobody sets it. */
  readonly value: string | null
  readonly secret: boolean
  readonly origin: Origin | null
  /** What it hides, high to low. */
  readonly hides: readonly {readonly value: string | null; readonly origin: Origin}[]
  readonly meaning: string | null
  /** What keeps it from being used. */
  readonly problem: string | null
  /** In words, what counts where nobody sets it. */
  readonly otherwise: string | null
}

/** The values of a tap, or without one of the user. */
export interface TapValues {
  readonly tap: string | null
  readonly folder: string | null
  readonly environment: string
  /** The one that is asked for alone; null for all. */
  readonly key: string | null
  readonly values: readonly ShownValue[]
  /** Of one value alone those that are about it. */
  readonly warnings: readonly string[]
}

/**
 * The values of the tap that is named or that the current folder is in; elsewhere those that there are without a tap.
 * @throws UsageError `value-unknown`, FailedError `value-missing`, what `text` of the values throws for the one that is asked for,
 * and what openTap throws
 */
export async function readTapValues({explain, words, ...options}: TapValuesOptions): Promise<TapValues> {
  const {name, rest} = await takeTapName(words, options.environment)
  const [key] = rest
  // Two words that do not begin with a tap: the first one was meant to be one.
  if (rest.length > 1) await findTap({...options, name: key})
  const {tap, values} = await open(name, options)
  const explained = values.explain()
  const shown = explained.filter((each) => key === undefined || each.name === key).map(asShown)
  if (key !== undefined && shown.length === 0) {
    if (findDefinition(key) === undefined) throw await unknownKey(key, explained, options)
    if (!explain) throw missing(key, tap)
    shown.push(unsaid(key))
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
  name: string | undefined,
  options: Omit<OpenTapOptions, 'name'>,
): Promise<{readonly tap: Tap | undefined; readonly values: Values}> {
  try {
    return await openTap({...options, name})
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'tap-missing') throw error
  }
  const {environment} = options
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

/** Whoever asks for one value has to know where it is not the value that is printed. */
function secrecy(shown: readonly ShownValue[]): string[] {
  return shown.flatMap(({name, secret}) => (secret ? [`${name} is a secret: it is not shown.`] : []))
}

/** What is known of a value that nobody sets. */
function unsaid(name: string): ShownValue {
  const {meaning, otherwise} = findDefinition(name) ?? {}
  const nothing = {value: null, secret: false, origin: null, hides: [], problem: null}
  return {name, ...nothing, meaning: meaning ?? null, otherwise: otherwise ?? null}
}

async function unknownKey(
  key: string,
  explained: readonly ExplainedValue[],
  options: Omit<OpenTapOptions, 'name'>,
): Promise<UsageError> {
  // A word in small letters was meant to be a tap: the error says which there are.
  if (!/^[A-Z][A-Z0-9_]*$/.test(key)) await findTap({...options, name: key})
  const meant = await closestWord(key, [...explained.map(({name}) => name), ...EXACT_NAMES])
  return new UsageError(`There is no value ${printable(key)}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`, {
    code: 'value-unknown',
    hint: 'See all that there are with: keg tap env',
  })
}

function missing(key: string, tap: Tap | undefined): FailedError {
  const otherwise = findDefinition(key)?.otherwise
  const where = tap === undefined ? '' : ` in the tap ${tap.name}`
  const means = isOwnName(key) ? 'in values.yml, .env or the shell' : 'in values.yml'
  return new FailedError(`Nobody sets ${key}${where}.`, {
    code: 'value-missing',
    hint: `${otherwise === undefined ? '' : `What counts then: ${otherwise}. `}Set it ${means}.`,
  })
}
