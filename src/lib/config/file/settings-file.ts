import type {Document, ParsedNode} from 'yaml'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** One `name: value` of a settings file. */
export interface Entry {
  readonly name: string
  /** Its names joined with dots, as in `env.KEG_PROXY_HOST`. */
  readonly path: string
  /** Its keys in the document, as for `deleteIn`. */
  readonly keys: readonly unknown[]
  /** The line of the name, from 1. */
  readonly line: number
  /** The error for a name that is not text; otherwise undefined. */
  readonly nameError: UsageError | undefined
  /** An error about the name. */
  nameProblem(problem: string, hint: string): UsageError
  /** An error about the value. */
  valueProblem(problem: string, hint: string): UsageError
  /** @throws UsageError `configuration-invalid` if the value is not text */
  text(): string
  /** Also numbers and booleans, as written. @throws UsageError `configuration-invalid` for anything else */
  scalar(): string
  /** @throws UsageError `configuration-invalid` if the value is not a list of texts */
  texts(): readonly string[]
  /** Undefined if the value is not an integer. */
  wholeNumber(): number | undefined
  /** Empty for a name without a value. @throws UsageError `configuration-invalid` if it is not a mapping */
  entries(): readonly Entry[]
}

/** A parsed settings file. */
export interface SettingsFile {
  readonly document: Document
  /** None in an empty file. */
  readonly entries: readonly Entry[]
}

/** @throws FailedError `configuration-unreadable`; undefined if there is no file */
export async function readIfExists(file: string): Promise<string | undefined> {
  const {readFile} = await import('node:fs/promises')
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined
    }
    throw new FailedError(`The user configuration ${printable(file)} cannot be read.`, {
      code: 'configuration-unreadable',
      hint: 'It must be a file that you can read. Remove it to continue without it.',
      cause: error,
    })
  }
}

/**
 * Parses a settings file.
 * @param settings names of the existing settings, for hints
 * @throws UsageError `configuration-invalid` with file, line and column if it is not YAML or not a mapping
 */
export async function parseSettingsFile(
  text: string,
  file: string,
  settings: readonly string[],
): Promise<SettingsFile> {
  const {isMap, isScalar, isSeq, LineCounter, parseDocument} = await import('yaml')
  const lineCounter = new LineCounter()
  // Pretty errors quote the line, which can contain a secret.
  const document = parseDocument(text, {lineCounter, prettyErrors: false})
  const invalid = (offset: number, problem: string, hint: string): UsageError => {
    const {line, col: column} = lineCounter.linePos(offset)
    return new UsageError(`${printable(file)}:${line}:${column}: ${printable(problem)}`, {
      code: 'configuration-invalid',
      hint: printable(hint),
      data: {file, line, column},
    })
  }

  const isNothing = (node: ParsedNode): boolean => isScalar(node) && node.value === null
  const entriesOf = (node: ParsedNode, path: string, keys: readonly unknown[]): readonly Entry[] => {
    if (!isMap(node)) {
      const what = path === '' ? 'a list of settings is expected here.' : `${path} must be a list of names and values.`
      const hint = path === '' ? `Settings are ${settings.join(', ')}: name: value` : 'Write each as: name: value'
      throw invalid(node.range[0], what, hint)
    }
    return node.items.map(({key, value}) => {
      const isText = isScalar(key) && typeof key.value === 'string'
      const name = isText ? String(key.value) : isScalar(key) ? JSON.stringify(key.value) : 'null'
      const place = isScalar(key) ? key.range[0] : node.range[0]
      const nameError = isText
        ? undefined
        : invalid(place, `there is no setting ${name}.`, `The settings are: ${settings.join(', ')}.`)
      const entry = entryOf(name, place, value, {path: path === '' ? name : `${path}.${name}`, keys: [...keys, key]})
      return {...entry, nameError}
    })
  }

  const entryOf = (
    name: string,
    place: number,
    value: ParsedNode | null,
    {keys, path}: Pick<Entry, 'keys' | 'path'>,
  ): Omit<Entry, 'nameError'> => {
    const content: unknown = isScalar(value) ? value.value : undefined
    const valuePlace = isScalar(value) ? value.range[0] : place
    const noText = (): UsageError =>
      invalid(valuePlace, `${path} must be a string.`, `Put it in quotes, as in: ${name}: "text"`)
    return {
      name,
      path,
      keys,
      line: lineCounter.linePos(place).line,
      nameProblem: (problem, hint) => invalid(place, problem, hint),
      valueProblem: (problem, hint) => invalid(valuePlace, problem, hint),
      text() {
        if (typeof content !== 'string') throw noText()
        return content
      },
      scalar() {
        if (typeof content === 'string') return content
        const isWritten = typeof content === 'number' || typeof content === 'boolean' || typeof content === 'bigint'
        // As written, so that 1.10 does not become 1.1.
        if (isWritten && isScalar(value) && typeof value.source === 'string') return value.source
        throw noText()
      },
      texts() {
        const items: readonly unknown[] = isSeq(value) ? value.items : [undefined]
        return items.map((item) => {
          if (isScalar(item) && typeof item.value === 'string') return item.value
          const offset = isSeq(value) ? value.range[0] : valuePlace
          throw invalid(offset, `${path} must be a list of strings.`, `Write it as: ${name}: [one, two]`)
        })
      },
      wholeNumber: () => (typeof content === 'number' && Number.isSafeInteger(content) ? content : undefined),
      entries: () => (value === null || isNothing(value) ? [] : entriesOf(value, path, keys)),
    }
  }

  const [error] = document.errors
  if (error !== undefined) throw invalid(error.pos[0], error.message, 'Fix the YAML there.')
  const {contents} = document
  return {document, entries: contents === null || isNothing(contents) ? [] : entriesOf(contents, '', [])}
}
