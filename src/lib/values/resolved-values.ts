import type {UsageError} from '../error/keg-error.js'
import {KegError} from '../error/keg-error.js'
import {
  invalidValue,
  NEITHER_YES_NOR_NO,
  valueProblem,
  readYesOrNo,
  type ValueProblem,
} from '../config/schema/check-value.js'
import {findDefinition} from '../config/schema/find-definition.js'
import {isSecretName, isSecretText} from '../config/schema/secret-names.js'
import type {ValueDefinition} from '../config/schema/value-definition.js'
import type {Candidates} from './source/candidate.js'
import type {Filled, Interpolator} from './template/interpolator.js'
import type {ExplainedValue, Origin, SourcedValue, Values} from './values.js'

/** What values are resolved from. */
export interface ResolvedValuesOptions {
  readonly environmentName: string
  readonly candidates: Candidates
  readonly interpolator: Interpolator
  readonly warnings: readonly string[]
}

/** Values that are checked only when they are read, so that an unusable one does not matter to others. */
export class ResolvedValues implements Values {
  readonly environmentName: string
  readonly warnings: readonly string[]
  readonly #candidates: Candidates
  readonly #interpolator: Interpolator

  constructor({candidates, environmentName, interpolator, warnings}: ResolvedValuesOptions) {
    this.environmentName = environmentName
    this.warnings = warnings
    this.#candidates = candidates
    this.#interpolator = interpolator
  }

  get names(): readonly string[] {
    return [...this.#candidates.keys()].filter((name) => this.#highest(name)?.text !== '').sort()
  }

  text(name: string): string | undefined {
    const filled = this.#interpolator.value(name)
    if (filled === undefined || filled.text === '') return undefined
    this.#check(name, filled)
    return filled.text
  }

  isOn(name: string): boolean {
    const text = this.text(name) ?? findDefinition(name)?.default
    if (text === undefined) return false
    const isYes = readYesOrNo(text)
    // A value that the schema does not have as yes or no, but is read as one here.
    if (isYes === undefined) throw this.#invalid(name, text, NEITHER_YES_NOR_NO)
    return isYes
  }

  explicitlyOn(name: string): boolean | undefined {
    const isSet = this.origin(name)?.kind !== 'default' && this.text(name) !== undefined
    return isSet ? this.isOn(name) : undefined
  }

  origin(name: string): Origin | undefined {
    return this.#highest(name)?.origin
  }

  explain(): readonly ExplainedValue[] {
    return [...this.#candidates.keys()].sort().map((name) => this.#explainValue(name))
  }

  expand(text: string, place: string): string {
    return this.#interpolator.text(text, place).text
  }

  asEnvironment(): Record<string, string> {
    const usable = this.names.flatMap((name): [string, string][] => {
      const filled = attempt(() => this.#interpolator.value(name))
      // A value in another form than keg needs can be right for another program.
      if (filled instanceof Error || filled === undefined || valueProblem(undefined, filled.text) !== undefined)
        return []
      return [[name, filled.text]]
    })
    return Object.fromEntries(usable)
  }

  #highest(name: string) {
    return this.#candidates.get(name)?.at(-1)
  }

  #definition(name: string): ValueDefinition | undefined {
    return findDefinition(name, (other) => this.#candidates.has(other))
  }

  #check(name: string, {isSecret, text}: Filled): void {
    const problem = valueProblem(this.#definition(name), text)
    if (problem !== undefined) throw this.#invalid(name, text, problem, isSecret)
  }

  #invalid(name: string, text: string, problem: ValueProblem, isSecret = false): UsageError {
    return invalidValue(name, isSecret ? undefined : text, problem, this.origin(name)?.place)
  }

  #explainValue(name: string): ExplainedValue {
    const definition = this.#definition(name)
    const layers = this.#candidates.get(name) ?? []
    const filled = layers.map((_, index) => attempt(() => this.#interpolator.layer(name, index)))
    const hidden = layers.map(({origin, text}, index): SourcedValue => {
      const layer = filled[index]
      return {text: layer === undefined || layer instanceof Error ? text : layer.text, origin}
    })
    const outcome = attempt(() => this.text(name))
    const highest = filled.at(-1)
    return {
      name,
      value: highest === undefined || highest instanceof Error ? undefined : highest.text,
      origin: layers.at(-1)?.origin ?? {kind: 'default', place: 'keg'},
      hides: hidden.slice(0, -1).reverse(),
      problem: outcome instanceof Error ? outcome.message : undefined,
      isSecret:
        isSecretName(name) ||
        layers.some(({text}) => isSecretText(text)) ||
        filled.some((layer) => !(layer instanceof Error) && layer?.isSecret),
      meaning: definition?.meaning,
    }
  }
}

/** A value, or its error. */
function attempt<T>(work: () => T): T | KegError {
  try {
    return work()
  } catch (error) {
    if (error instanceof KegError) return error
    throw error
  }
}
