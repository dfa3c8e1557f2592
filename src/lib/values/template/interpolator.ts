import {KegError} from '../../error/keg-error.js'
import {isSecretName, isSecretText} from '../../config/schema/secret-names.js'
import type {Candidate, Candidates} from '../source/candidate.js'
import type {TemplateData} from './template-data.js'
import {parseTemplate, type TemplatePart} from './template.js'
import {circular, notDefined, tooLong, unclosed, type FindClosest} from './template-error.js'

/** A text with its templates filled in. */
export interface Filled {
  readonly text: string
  /** Whether it contains a secret. */
  readonly isSecret: boolean
}

/** What templates are filled in from. */
export interface InterpolatorOptions {
  readonly candidates: Candidates
  /** What templates can name besides `envs`. */
  readonly data: TemplateData
  /** The process's environment, without what keg set itself. */
  readonly environment: NodeJS.ProcessEnv
  /** Turns a value's filled-in text into keg's form. */
  readonly finish: (name: string, text: string) => string
  readonly findClosest: FindClosest
}

/** The values being filled in, from the first one on. */
type Chain = readonly {readonly name: string; readonly place: string}[]

/** The maximum size of one environment variable (Linux, MAX_ARG_STRLEN): a few templates can make a text of any length. */
const MAX_TEXT_LENGTH = 131_072
/** Deeper than anybody needs, but less than the stack. */
const MAX_CHAIN_LENGTH = 50

/** Fills in templates on demand. Evaluates nothing: a template is the name of a text. */
export class Interpolator {
  readonly #options: InterpolatorOptions
  /** By name and index of the source. */
  readonly #filled = new Map<string, Filled>()

  constructor(options: InterpolatorOptions) {
    this.#options = options
  }

  /** A value from its highest source; undefined if there is none. @throws UsageError `value-template` */
  value(name: string): Filled | undefined {
    return this.#layer(name, this.#count(name) - 1, [])
  }

  /** A value from one of its sources, counted from the lowest. @throws UsageError `value-template` */
  layer(name: string, index: number): Filled | undefined {
    return this.#layer(name, index, [])
  }

  /** Any text. @param place its place, for errors. @throws UsageError `value-template` */
  text(text: string, place: string): Filled {
    return this.#fill(text, place, (variable) => this.#layer(variable, this.#count(variable) - 1, []))
  }

  #count(name: string): number {
    return this.#options.candidates.get(name)?.length ?? 0
  }

  #layer(name: string, index: number, chain: Chain): Filled | undefined {
    const candidate = this.#options.candidates.get(name)?.[index]
    if (candidate === undefined) return undefined
    if (candidate.problem !== undefined) throw candidate.problem
    const key = `${index} ${name}`
    const known = this.#filled.get(key)
    if (known !== undefined) return known
    const here = [...chain, {name, place: candidate.origin.place}]
    if (chain.length >= MAX_CHAIN_LENGTH) throw circular(here)
    const raw = this.#raw(name, index, candidate, here)
    const filled = {...raw, text: this.#options.finish(name, raw.text)}
    this.#filled.set(key, filled)
    return filled
  }

  #raw(name: string, index: number, {hasTemplates, origin, text}: Candidate, chain: Chain): Filled {
    const isSecret = isSecretName(name) || isSecretText(text)
    if (!hasTemplates) return {text, isSecret}
    const filled = this.#fill(text, origin.place, (variable) => {
      if (variable !== name) {
        if (chain.some((link) => link.name === variable)) throw circular([...chain, {name: variable, place: ''}])
        return this.#layer(variable, this.#count(variable) - 1, chain)
      }
      // A value that names itself means the one it overrides, as in a shell.
      if (index > 0) return this.#layer(name, index - 1, chain)
      const outer = this.#processVariable(name)
      if (outer === undefined) throw circular([...chain, {name, place: ''}])
      return outer
    })
    return {...filled, isSecret: isSecret || filled.isSecret}
  }

  #fill(text: string, place: string, valueOf: (variable: string) => Filled | undefined): Filled {
    let isSecret = false
    let filled = ''
    for (const part of parseTemplate(text)) {
      const found = this.#partText(part, place, valueOf)
      filled += found.text
      isSecret ||= found.isSecret
      if (filled.length > MAX_TEXT_LENGTH) throw tooLong(place, MAX_TEXT_LENGTH)
    }
    return {text: filled, isSecret: isSecret || isSecretText(filled)}
  }

  #partText(part: TemplatePart, place: string, valueOf: (variable: string) => Filled | undefined): Filled {
    if ('literal' in part) return {text: part.literal, isSecret: false}
    if ('unclosed' in part) throw unclosed(part.unclosed, place)
    const found = this.#lookUp(part.expression, valueOf)
    if (found === undefined) throw this.#undefinedError(part.expression, place)
    return found
  }

  #lookUp(expression: string, valueOf: (variable: string) => Filled | undefined): Filled | undefined {
    const variable = /^envs\.(\w+)$/.exec(expression)?.[1]
    if (variable !== undefined) return valueOf(variable) ?? this.#processVariable(variable)
    const text = this.#options.data.get(expression)
    if (text instanceof KegError) throw text
    return text === undefined ? undefined : {text, isSecret: isSecretText(text)}
  }

  #processVariable(name: string): Filled | undefined {
    const text = this.#options.environment[name]
    return text === undefined ? undefined : {text, isSecret: isSecretName(name) || isSecretText(text)}
  }

  #undefinedError(expression: string, place: string): Error {
    const {candidates, data, findClosest} = this.#options
    const known = [...data.keys(), ...[...candidates.keys()].map((name) => `envs.${name}`)]
    return notDefined({expression, place, known, findClosest})
  }
}
