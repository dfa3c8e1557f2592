import {homedir} from 'node:os'
import {join, posix, resolve} from 'node:path'
import {KegError, UsageError} from '../../error/keg-error.js'
import {parseReference} from '../../reference/reference.js'
import {closestWord} from '../../terminal/closest-word.js'
import {cutColumns} from '../../terminal/columns.js'
import {printable} from '../../terminal/text.js'
import {EXACT_NAMES, findDefinition} from './find-definition.js'
import {isOwnName} from './foreign-names.js'
import {isSecretName, isSecretText} from './secret-names.js'
import type {ValueDefinition} from './value-definition.js'

const YES = ['true', '1', 'yes', 'on']
const NO = ['false', '0', 'no', 'off']

/** The maximum size of one environment variable, with its name (Linux, MAX_ARG_STRLEN). */
const MAX_TEXT_LENGTH = 131_072

/** True or false, in any letter case; undefined for anything else. */
export function readYesOrNo(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  return YES.includes(word) ? true : NO.includes(word) ? false : undefined
}

/**
 * A text in keg's form: a choice in its canonical spelling, and a local path made absolute.
 * @param folder base of relative paths; without one they stay relative
 */
export function finishedText(
  name: string,
  text: string,
  {environment, folder}: {readonly folder: string | undefined; readonly environment: NodeJS.ProcessEnv},
): string {
  const definition = findDefinition(name)
  if (definition?.type === 'choice') return choiceOf(definition, text) ?? text
  if (definition?.type !== 'path here' || text === '') return text
  const path = text === '~' || text.startsWith('~/') ? join(environment.HOME ?? homedir(), text.slice(1)) : text
  return folder === undefined ? path : resolve(folder, path)
}

/** @param text undefined if it is secret */
export function invalidValue(name: string, text: string | undefined, problem: ValueProblem, place = name): UsageError {
  const isSecret = text === undefined || isSecretName(name) || isSecretText(text)
  const shown = isSecret ? '' : ` ${printable(JSON.stringify(cutColumns(text, 200)))}`
  const where = place === name ? '' : `${printable(place)}: `
  return new UsageError(`${where}${name}${shown} ${problem.what}.`, {
    code: 'value-invalid',
    hint: problem.right,
    data: {name, place},
  })
}

/** Why a text is invalid. */
export interface ValueProblem {
  /** The end of a sentence that begins with the name: `is not a port`. */
  readonly what: string
  /** What is allowed. */
  readonly right: string
}

export const NEITHER_YES_NOR_NO: ValueProblem = {
  what: 'is neither yes nor no',
  right: `It may be ${[...YES, ...NO].join(', ')}.`,
}

/** Why a text is invalid; undefined if it is valid. */
export function valueProblem(definition: ValueDefinition | undefined, text: string): ValueProblem | undefined {
  if (text.includes('\0')) return {what: 'contains a NUL character', right: 'Remove it.'}
  if (text.length > MAX_TEXT_LENGTH)
    return {what: 'is too long', right: `At most ${MAX_TEXT_LENGTH} characters are allowed.`}
  switch (definition?.type) {
    case 'yes or no':
      return readYesOrNo(text) === undefined ? NEITHER_YES_NOR_NO : undefined
    case 'choice':
      if (choiceOf(definition, text) !== undefined) return undefined
      return {
        what: 'is not one of its choices',
        right: `It may be ${Object.keys(definition.choices ?? {}).join(', ')}.`,
      }
    case 'port':
      if (/^[0-9]{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return undefined
      return {what: 'is not a port', right: 'A port is a number from 1 to 65535.'}
    case 'path in the container':
      if (posix.isAbsolute(text)) return undefined
      return {what: 'is not an absolute path in the container', right: 'Start it with a slash.'}
    case 'image':
      return imageProblem(text)
    default:
      return undefined
  }
}

function imageProblem(text: string): ValueProblem | undefined {
  try {
    parseReference(text)
    return undefined
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    return {what: 'is not an image reference', right: error.message}
  }
}

function choiceOf({choices = {}}: ValueDefinition, text: string): string | undefined {
  const written = text.trim().toLowerCase()
  return Object.entries(choices).find(([choice]) => choice.toLowerCase() === written)?.[1]
}

/**
 * What to say about an unknown name, with a suggestion; undefined if the name is known, or if it neither begins with KEG_
 * nor is similar to a known one.
 * @param isDefined whether another value is set, as for findDefinition
 */
export async function unknownName(
  name: string,
  isDefined: (name: string) => boolean = () => false,
): Promise<string | undefined> {
  if (!isOwnName(name) || findDefinition(name, isDefined) !== undefined) return undefined
  const closest = await closestWord(name, EXACT_NAMES)
  if (closest === undefined && name.startsWith('DOC_')) return undefined
  return `There is no value ${printable(name)}.${closest === undefined ? '' : ` Did you mean ${closest}?`}`
}
