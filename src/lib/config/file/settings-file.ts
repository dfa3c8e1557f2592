import type {Document, ParsedNode} from 'yaml'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** One `name: value` of a file of settings. */
export interface Entry {
  readonly name: string
  /** The names that lead to it, with dots, as in `env.KEG_PROXY_HOST`. */
  readonly path: string
  /** Of the name; counts from 1. */
  readonly line: number
  /** What is wrong with the name. */
  nameProblem(problem: string, hint: string): UsageError
  /** What is wrong with the value. */
  valueProblem(problem: string, hint: string): UsageError
  /** @throws UsageError `configuration-invalid` where the value is anything but text */
  text(): string
  /** Numbers and truth values too, as they are written. @throws UsageError `configuration-invalid` for anything else */
  scalar(): string
  /** Undefined where the value is no whole number. */
  wholeNumber(): number | undefined
  /** None where there is a name alone. @throws UsageError `configuration-invalid` where it is no list of names and values */
  entries(): readonly Entry[]
}

/** A file of settings, parsed. */
export interface SettingsFile {
  readonly document: Document
  /** None in an empty file. */
  readonly entries: readonly Entry[]
}

/** @throws FailedError `configuration-unreadable`; undefined where there is no file */
export async function readIfThere(file: string): Promise<string | undefined> {
  const {readFile} = await import('node:fs/promises')
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

/**
 * Parses a file of settings.
 * @param settings names of the settings there are, for the hints
 * @throws UsageError `configuration-invalid` with file, line and column for what is not YAML, and for anything but settings
 */
export async function parseSettingsFile(
  text: string,
  file: string,
  settings: readonly string[],
): Promise<SettingsFile> {
  const {isMap, isScalar, LineCounter, parseDocument} = await import('yaml')
  const lineCounter = new LineCounter()
  // Pretty errors quote the line, and with it whatever stands there.
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
  const entriesOf = (node: ParsedNode, path: string): readonly Entry[] => {
    if (!isMap(node)) {
      const what =
        path === '' ? 'a list of settings is expected here.' : `${path} has to be a list of names and values.`
      const hint = path === '' ? `Settings are ${settings.join(', ')}: name: value` : 'Write each as: name: value'
      throw invalid(node.range[0], what, hint)
    }
    return node.items.map(({key, value}) => {
      if (!isScalar(key) || typeof key.value !== 'string') {
        const said = isScalar(key) ? JSON.stringify(key.value) : 'null'
        const place = isScalar(key) ? key.range[0] : node.range[0]
        throw invalid(place, `there is no setting ${said}.`, `The settings are: ${settings.join(', ')}.`)
      }
      return entryOf(key.value, key.range[0], value, path === '' ? key.value : `${path}.${key.value}`)
    })
  }

  const entryOf = (name: string, place: number, value: ParsedNode | null, path: string): Entry => {
    const content: unknown = isScalar(value) ? value.value : undefined
    const valuePlace = isScalar(value) ? value.range[0] : place
    const noText = (): UsageError =>
      invalid(valuePlace, `${path} has to be a text.`, `Put it in quotes, as in: ${name}: "text"`)
    return {
      name,
      path,
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
        // As it is written, so that 1.10 does not become 1.1.
        if (isWritten && isScalar(value) && typeof value.source === 'string') return value.source
        throw noText()
      },
      wholeNumber: () => (typeof content === 'number' && Number.isSafeInteger(content) ? content : undefined),
      entries: () => (value === null || isNothing(value) ? [] : entriesOf(value, path)),
    }
  }

  const [error] = document.errors
  if (error !== undefined) throw invalid(error.pos[0], error.message, 'Correct the YAML there.')
  const {contents} = document
  return {document, entries: contents === null || isNothing(contents) ? [] : entriesOf(contents, '')}
}
