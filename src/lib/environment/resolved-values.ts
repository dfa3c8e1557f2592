import type {UsageError} from '../error/keg-error.js'
import {KegError} from '../error/keg-error.js'
import {invalidValue, NEITHER_YES_NOR_NO, problemOf, readYesOrNo, type ValueProblem} from './schema/check-value.js'
import {findDefinition} from './schema/find-definition.js'
import {isSecretName, isSecretText} from './schema/secret-names.js'
import type {ValueDefinition} from './schema/value-definition.js'
import type {Candidates} from './source/candidate.js'
import type {Filled, Filler} from './template/filler.js'
import type {ExplainedValue, Origin, SourcedValue, Values} from './values.js'

/** What the values are made from. */
export interface ResolvedValuesOptions {
  readonly environmentName: string
  readonly candidates: Candidates
  readonly filler: Filler
  readonly warnings: readonly string[]
}

/** Values that are looked at when they are asked for, so that one that cannot be used is in nobody's way who does not need it. */
export class ResolvedValues implements Values {
  readonly environmentName: string
  readonly warnings: readonly string[]
  readonly #candidates: Candidates
  readonly #filler: Filler

  constructor({candidates, environmentName, filler, warnings}: ResolvedValuesOptions) {
    this.environmentName = environmentName
    this.warnings = warnings
    this.#candidates = candidates
    this.#filler = filler
  }

  get names(): readonly string[] {
    return [...this.#candidates.keys()].filter((name) => this.#highest(name)?.text !== '').sort()
  }

  text(name: string): string | undefined {
    const filled = this.#filler.value(name)
    if (filled === undefined || filled.text === '') return undefined
    this.#check(name, filled)
    return filled.text
  }

  isOn(name: string): boolean {
    const text = this.text(name) ?? findDefinition(name)?.default
    if (text === undefined) return false
    const isYes = readYesOrNo(text)
    // A value that the schema does not know as one of yes or no is read as one here.
    if (isYes === undefined) throw this.#invalid(name, text, NEITHER_YES_NOR_NO)
    return isYes
  }

  wish(name: string): boolean | undefined {
    const isSaid = this.origin(name)?.kind !== 'default' && this.text(name) !== undefined
    return isSaid ? this.isOn(name) : undefined
  }

  origin(name: string): Origin | undefined {
    return this.#highest(name)?.origin
  }

  explain(): readonly ExplainedValue[] {
    return [...this.#candidates.keys()].sort().map((name) => this.#explained(name))
  }

  expand(text: string, place: string): string {
    return this.#filler.text(text, place).text
  }

  asEnvironment(): Record<string, string> {
    const usable = this.names.flatMap((name): [string, string][] => {
      const filled = attempt(() => this.#filler.value(name))
      // One of another form than keg needs may be right for another program.
      if (filled instanceof Error || filled === undefined || problemOf(undefined, filled.text) !== undefined) return []
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
    const problem = problemOf(this.#definition(name), text)
    if (problem !== undefined) throw this.#invalid(name, text, problem, isSecret)
  }

  #invalid(name: string, text: string, problem: ValueProblem, isSecret = false): UsageError {
    return invalidValue(name, isSecret ? undefined : text, problem, this.origin(name)?.place)
  }

  #explained(name: string): ExplainedValue {
    const definition = this.#definition(name)
    const layers = this.#candidates.get(name) ?? []
    const filled = layers.map((_, index) => attempt(() => this.#filler.layer(name, index)))
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

/** What a value is, or what is wrong with it. */
function attempt<T>(work: () => T): T | KegError {
  try {
    return work()
  } catch (error) {
    if (error instanceof KegError) return error
    throw error
  }
}
