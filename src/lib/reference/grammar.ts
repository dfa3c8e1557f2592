/**
 * The grammar of image references, read from left to right so that a mistake has a position. Source:
 * github.com/distribution/reference v0.6.0 (regexp.go, reference.go), which docker and the registries use. In addition, a port
 * must be 1 to 65535, an IPv6 address must be valid, and digests of sha256, sha384 and sha512 must have their length and be in
 * lower case, as github.com/opencontainers/go-digest requires.
 */
import {isIPv6} from 'node:net'

import {UsageError} from '../error/keg-error.js'
import {shown, shownCharacter} from './shown-text.js'

declare const brand: unique symbol
type Branded<Name extends string> = string & {readonly [brand]: Name}

/** A valid tag: a letter, digit or underscore, then up to 127 of those, `.` and `-`. */
export type Tag = Branded<'tag'>
/** A valid digest, such as `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = Branded<'digest'>
/** The valid path of a repository inside its registry: parts with `/` between them, at most 255 characters. */
export type RepositoryPath = Branded<'repository-path'>

/** Maximum lengths of a repository path (RepositoryNameTotalLengthMax) and a tag in the grammar, in characters. */
export const longestRepositoryPath = 255
export const longestTag = 128

const digestLengths: ReadonlyMap<string, number> = new Map([
  ['sha256', 64],
  ['sha384', 96],
  ['sha512', 128],
])
const shortestDigest = 32

/** Where a text violates the grammar (0-based index, at most its length) and why; the callers make a UsageError of it. */
export class GrammarProblem extends Error {
  constructor(
    readonly index: number,
    readonly problem: string,
    readonly hint?: string,
  ) {
    super(problem)
    this.name = 'GrammarProblem'
  }
}

/** What a text was expected to be, for the error message. */
export interface Meaning {
  code: string
  noun: string
  hint: string
}

/** Runs a parser on `text`; turns a GrammarProblem into a UsageError with the text and the 1-based position. */
export function orUsageError<Result>(text: string, {code, noun, hint}: Meaning, read: () => Result): Result {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof GrammarProblem)) throw error
    const position = error.index + 1
    const subject = text === '' ? 'An empty text' : shown(text)
    throw new UsageError(`${subject} is not ${noun}: ${error.problem} (position ${position}).`, {
      code,
      hint: error.hint ?? hint,
      data: {position},
    })
  }
}

/** Whether a text is a valid tag. */
export function isTag(text: string): text is Tag {
  return reads(text, scanTag)
}

/** Whether a text is a valid digest. */
export function isDigest(text: string): text is Digest {
  return reads(text, scanDigest)
}

/** Whether a text is a valid repository path (without a host) of at most 255 characters. */
export function isRepositoryPath(text: string): text is RepositoryPath {
  return text.length <= longestRepositoryPath && reads(text, scanPath)
}

/** Parses a whole text as a tag; throws GrammarProblem. */
export function readTag(text: string): Tag {
  mustEnd(text, scanTag(text, 0), 'a tag')
  if (!isTag(text)) throw new GrammarProblem(0, 'it is not a tag')
  return text
}

/** Parses a whole text as a digest; throws GrammarProblem. */
export function readDigest(text: string): Digest {
  mustEnd(text, scanDigest(text, 0), 'a digest')
  if (!isDigest(text)) throw new GrammarProblem(0, 'it is not a digest')
  return text
}

/** Parses a whole text as a repository path; throws GrammarProblem. */
export function readRepositoryPath(text: string): RepositoryPath {
  mustEnd(text, scanPath(text, 0), 'a repository name')
  if (!isRepositoryPath(text)) throw pathTooLong(longestRepositoryPath)
  return text
}

/** The problem of a repository path that exceeds the limit. */
export function pathTooLong(index: number): GrammarProblem {
  return new GrammarProblem(index, `a repository name has at most ${longestRepositoryPath} characters`)
}

/**
 * Whether the first part of a name is a host by docker's rule: it has a `.` or `:` or an upper-case letter, or is `localhost`.
 */
export function isHostPart(part: string): boolean {
  return part === 'localhost' || /[.:A-Z]/.test(part)
}

/** Reads `host[:port]` from `start` up to exactly `end`; throws GrammarProblem. */
export function scanHost(text: string, start: number, end: number): void {
  let index = text[start] === '[' ? scanIPv6(text, start, end) : scanDomain(text, start, end)
  if (index === end) return
  if (text[index] !== ':') {
    throw new GrammarProblem(index, `${shownCharacter(text, index)} is not allowed in a host name`)
  }
  const portStart = index + 1
  index = portStart + lengthOf(/[0-9]+/y, text, portStart)
  if (portStart === end) throw new GrammarProblem(portStart, 'a port number is missing')
  if (index !== end) throw new GrammarProblem(index, `${shownCharacter(text, index)} is not allowed in a port number`)
  const port = Number(text.slice(portStart, end))
  if (port < 1 || port > 65_535) throw new GrammarProblem(portStart, 'a port number is 1 to 65535')
}

/** Reads path parts from `start`; returns the index of what follows (`:`, `@` or the end); throws GrammarProblem. */
export function scanPath(text: string, start: number): number {
  let index = scanPathPart(text, start)
  while (text[index] === '/') index = scanPathPart(text, index + 1)
  if (index < text.length && text[index] !== ':' && text[index] !== '@') throw notInName(text, index)
  return index
}

/** Reads a tag from `start`; returns the index of what follows; throws GrammarProblem. */
export function scanTag(text: string, start: number): number {
  const length = lengthOf(/\w[\w.-]*/y, text, start)
  if (length === 0) {
    const problem = start >= text.length ? 'a tag is missing' : `${shownCharacter(text, start)} cannot start a tag`
    throw new GrammarProblem(start, problem)
  }
  if (length > longestTag) {
    throw new GrammarProblem(start + longestTag, `a tag has at most ${longestTag} characters`)
  }
  return start + length
}

/** Reads a digest from `start`; returns the index of what follows; throws GrammarProblem. */
export function scanDigest(text: string, start: number): number {
  let index = start
  for (;;) {
    const length = lengthOf(/[A-Za-z][A-Za-z0-9]*/y, text, index)
    if (length === 0) throw notInAlgorithm(text, index)
    index += length
    if (!/[-_+.]/.test(text.charAt(index))) break
    index += 1
  }
  if (text[index] !== ':') throw notInAlgorithm(text, index)
  const algorithm = text.slice(start, index)
  const wanted = digestLengths.get(algorithm)
  if (wanted === undefined && digestLengths.has(algorithm.toLowerCase())) {
    throw new GrammarProblem(start, 'the algorithm of a digest is written in lower case')
  }
  const digits = index + 1
  const length = lengthOf(wanted === undefined ? /[0-9A-Fa-f]+/y : /[0-9a-f]+/y, text, digits)
  const end = digits + length
  if (wanted !== undefined && length > wanted) {
    throw new GrammarProblem(digits + wanted, `a ${algorithm} digest has exactly ${wanted} digits`)
  }
  if (length < (wanted ?? shortestDigest)) {
    const expected = wanted === undefined ? `at least ${shortestDigest}` : `${wanted} lower-case`
    throw new GrammarProblem(
      end,
      `a ${algorithm} digest has ${expected} hexadecimal digits, and this one has ${length}`,
    )
  }
  return end
}

/** Fails unless `index` is the end of `text`. */
export function mustEnd(text: string, index: number, noun: string): void {
  if (index < text.length) {
    throw new GrammarProblem(index, `${shownCharacter(text, index)} is not allowed in ${noun}`)
  }
}

function scanPathPart(text: string, start: number): number {
  let index = start
  for (;;) {
    const length = lengthOf(/[a-z0-9]+/y, text, index)
    if (length === 0) throw notAtStartOfName(text, index, start)
    index += length
    const separator = lengthOf(/__|[._]|-+/y, text, index)
    if (separator === 0) return index
    index += separator
  }
}

function scanIPv6(text: string, start: number, end: number): number {
  const inside = start + 1
  const close = inside + lengthOf(/[0-9A-Fa-f:]+/y, text, inside)
  if (close >= end) throw new GrammarProblem(end, 'the "]" after an IPv6 address is missing')
  if (text[close] !== ']') {
    throw new GrammarProblem(close, `${shownCharacter(text, close)} is not allowed in an IPv6 address`)
  }
  if (!isIPv6(text.slice(inside, close))) throw new GrammarProblem(inside, 'this is not an IPv6 address')
  return close + 1
}

function scanDomain(text: string, start: number, end: number): number {
  let index = start
  for (;;) {
    const length = lengthOf(/[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?/y, text, index)
    if (length === 0) {
      const missing = index >= end || /[./:]/.test(text.charAt(index))
      const problem = missing
        ? 'a part of the host name is missing'
        : `${shownCharacter(text, index)} cannot start a part of a host name`
      throw new GrammarProblem(Math.min(index, end), problem)
    }
    index += length
    if (index >= end || text[index] !== '.') return index
    index += 1
  }
}

function notAtStartOfName(text: string, index: number, start: number): GrammarProblem {
  const atStart = index === start
  if (/^(?:$|[/:@])/.test(text.charAt(index))) {
    return new GrammarProblem(
      index,
      atStart
        ? 'a part of the repository name is missing'
        : `a part of a repository name cannot end with ${shownCharacter(text, index - 1)}`,
    )
  }
  if (/[a-z]/i.test(text.charAt(index))) return notInName(text, index)
  const place = atStart
    ? 'start a part of a repository name'
    : `follow ${shownCharacter(text, index - 1)} in a repository name`
  return new GrammarProblem(index, `${shownCharacter(text, index)} cannot ${place}`)
}

function notInName(text: string, index: number): GrammarProblem {
  const character = shownCharacter(text, index)
  return /[A-Z]/.test(text.charAt(index))
    ? new GrammarProblem(index, `${character} is upper case, and repository names are lower case`)
    : new GrammarProblem(index, `${character} is not allowed in a repository name`)
}

function notInAlgorithm(text: string, index: number): GrammarProblem {
  return index >= text.length
    ? new GrammarProblem(index, 'a digest is missing, such as sha256: and 64 digits')
    : new GrammarProblem(index, `${shownCharacter(text, index)} is not allowed here in the algorithm of a digest`)
}

function reads(text: string, scan: (text: string, start: number) => number): boolean {
  try {
    return scan(text, 0) === text.length
  } catch (error) {
    if (error instanceof GrammarProblem) return false
    throw error
  }
}

/** How many characters a sticky pattern matches at `index`; the caller passes its own pattern, so that no state is shared. */
function lengthOf(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index
  return pattern.exec(text)?.[0].length ?? 0
}
