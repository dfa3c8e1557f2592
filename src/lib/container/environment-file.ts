import {readFile} from 'node:fs/promises'
import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import type {Work} from '../work/work.js'

/** Where the container's environment comes from. */
export interface VariableOptions {
  /** Values of `-e`: `KEY=VALUE`, or `KEY` for its value in `environment`. */
  readonly variables: readonly string[]
  /** Paths of files in docker's format. */
  readonly files: readonly string[]
}

/**
 * The environment of a container, as `KEY=VALUE`; a bare `KEY` unsets the image's variable. `-e` overrides files, as with
 * `docker run`. @throws UsageError `variable-invalid`, `environment-file-invalid`, `environment-file-missing`.
 */
export async function containerVariables(
  {environment}: Pick<Work, 'environment'>,
  {variables, files}: VariableOptions,
): Promise<string[]> {
  const fromFiles: string[] = []
  for (const file of files) {
    const content = await readFile(file).catch((cause: unknown) => {
      throw new UsageError(`The file ${printable(file)} cannot be read.`, {
        code: 'environment-file-missing',
        hint: 'Check the path given with --env-file.',
        cause,
      })
    })
    fromFiles.push(...parseEnvironmentFile(content, {file, environment}))
  }
  return [...fromFiles, ...variables.map((variable) => resolveVariable(variable, environment))]
}

function resolveVariable(variable: string, environment: NodeJS.ProcessEnv): string {
  const equals = variable.indexOf('=')
  if (variable === '' || equals === 0 || variable.includes('\0'))
    throw new UsageError(`-e has no variable name: ${printable(variable)}`, {
      code: 'variable-invalid',
      hint: 'Write it as -e KEY=VALUE, or -e KEY to pass on the value of KEY.',
    })
  if (equals !== -1) return variable
  const value = environment[variable]
  return value === undefined ? variable : `${variable}=${value}`
}

/**
 * Parses an environment file as docker does (docker/cli, pkg/kvfile): one variable a line, `#` starts a comment line, values
 * are literal, quotes included, and a bare name takes its value in `environment`, or is left out.
 * @throws UsageError `environment-file-invalid` with the number of the line.
 */
export function parseEnvironmentFile(
  content: Uint8Array,
  {file, environment}: {file: string; environment: NodeJS.ProcessEnv},
): string[] {
  const invalid = (line: number, problem: string): UsageError =>
    new UsageError(`Line ${line} of ${printable(file)} ${problem}.`, {
      code: 'environment-file-invalid',
      hint: 'Every line is KEY=VALUE, KEY or a comment.',
      data: {line},
    })
  let text: string
  try {
    // The decoder drops a byte order mark, as docker does.
    text = new TextDecoder('utf-8', {fatal: true}).decode(content)
  } catch {
    throw invalid(1, 'or a later one is not UTF-8')
  }
  return text.split('\n').flatMap((raw, index) => {
    const line = raw.replace(/\r$/, '').trimStart()
    if (line === '' || line.startsWith('#')) return []
    const equals = line.indexOf('=')
    const name = equals === -1 ? line : line.slice(0, equals)
    if (name === '') throw invalid(index + 1, 'has no variable name')
    if (/\s/.test(name)) throw invalid(index + 1, 'has white space in the variable name')
    if (line.includes('\0')) throw invalid(index + 1, 'contains a NUL character')
    if (equals !== -1) return [line]
    const value = environment[name]
    return value === undefined ? [] : [`${name}=${value}`]
  })
}
