import {homedir} from 'node:os'
import {join, posix, resolve} from 'node:path'
import {KegError, UsageError} from '../../error/keg-error.js'
import {parseReference} from '../../reference/reference.js'
import {closestWord} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {EXACT_NAMES, findDefinition} from './find-definition.js'
import {isOwnName} from './foreign-names.js'
import {isSecretName, isSecretText} from './secret-names.js'
import type {ValueDefinition} from './value-definition.js'

const YES = ['true', '1', 'yes', 'on']
const NO = ['false', '0', 'no', 'off']

/** What a program can be given as one variable, with its name (Linux, MAX_ARG_STRLEN). */
const LONGEST_TEXT = 131_072

/** True or false, whatever the letter case; undefined for what means neither. */
export function readYesOrNo(text: string): boolean | undefined {
  const word = text.trim().toLowerCase()
  return YES.includes(word) ? true : NO.includes(word) ? false : undefined
}

/**
 * A text as keg reads it: a choice has the spelling that keg knows it by, and a path here is absolute.
 * @param folder that relative paths begin at; without one they stay as they are
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

/** @param text undefined where it must not be shown */
export function invalidValue(name: string, text: string | undefined, problem: ValueProblem, place = name): UsageError {
  const isSecret = text === undefined || isSecretName(name) || isSecretText(text)
  const shown = isSecret ? '' : ` ${printable(JSON.stringify(text.slice(0, 200)))}`
  const where = place === name ? '' : `${printable(place)}: `
  return new UsageError(`${where}${name}${shown} ${problem.what}.`, {
    code: 'value-invalid',
    hint: problem.right,
    data: {name, place},
  })
}

/** What is wrong with a text. */
export interface ValueProblem {
  /** The end of a sentence that begins with the name: `is no port`. */
  readonly what: string
  /** What it may be. */
  readonly right: string
}

export const NEITHER_YES_NOR_NO: ValueProblem = {
  what: 'is neither yes nor no',
  right: `It may be ${[...YES, ...NO].join(', ')}.`,
}

/** What is wrong with a text; undefined where nothing is. */
export function problemOf(definition: ValueDefinition | undefined, text: string): ValueProblem | undefined {
  if (text.includes('\0')) return {what: 'has a character that no variable can hold', right: 'Take the NUL away.'}
  if (text.length > LONGEST_TEXT)
    return {what: 'is too long to be given to a program', right: `It may have ${LONGEST_TEXT} characters.`}
  switch (definition?.type) {
    case 'yes or no':
      return readYesOrNo(text) === undefined ? NEITHER_YES_NOR_NO : undefined
    case 'choice':
      if (choiceOf(definition, text) !== undefined) return undefined
      return {what: 'is none of its choices', right: `It may be ${Object.keys(definition.choices ?? {}).join(', ')}.`}
    case 'port':
      if (/^[0-9]{1,5}$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535) return undefined
      return {what: 'is no port', right: 'It is a number from 1 to 65535.'}
    case 'path in the container':
      if (posix.isAbsolute(text)) return undefined
      return {what: 'is no absolute path in the container', right: 'Begin it with a slash.'}
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
    return {what: 'is no image reference', right: error.message}
  }
}

function choiceOf({choices = {}}: ValueDefinition, text: string): string | undefined {
  const written = text.trim().toLowerCase()
  return Object.entries(choices).find(([choice]) => choice.toLowerCase() === written)?.[1]
}

/**
 * What to say of a name that keg does not know, with the one that may have been meant; undefined where there is nothing to say: the
 * name is known, or none of those that begin with KEG_ and not close to one that keg knows.
 * @param isThere whether there is a value of another name, as for findDefinition
 */
export async function unknownName(
  name: string,
  isThere: (name: string) => boolean = () => false,
): Promise<string | undefined> {
  if (!isOwnName(name) || findDefinition(name, isThere) !== undefined) return undefined
  const meant = await closestWord(name, EXACT_NAMES)
  if (meant === undefined && name.startsWith('DOC_')) return undefined
  return `keg knows no value ${printable(name)}.${meant === undefined ? '' : ` Did you mean ${meant}?`}`
}
