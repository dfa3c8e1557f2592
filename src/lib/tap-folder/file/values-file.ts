import {readActions} from './actions.js'
import {shortened, valueOf, YamlChecker} from '../yaml/yaml-checker.js'
import {readYamlFile, type YamlEntry} from '../yaml/yaml-file.js'
import type {Action, TapProblem, ValuesFile, WrittenValue} from '../model.js'

/** A values file with its actions. */
export interface WrittenValues extends ValuesFile {
  readonly actions: ReadonlyMap<string, Action>
}

/** Reads values.yml, or values-<environment>.yml. @param problems receives what is wrong */
export async function readValuesFile(file: string, problems: TapProblem[]): Promise<WrittenValues> {
  const checker = new YamlChecker(problems)
  const root = await readYamlFile(file, problems)
  const entries = checker.entries(root, 'this file', 'Write values as env: {NAME: value}')
  await checker.known(entries, ['env', 'actions'], 'a file of values')
  const values = new Map<string, WrittenValue>()
  for (const entry of checker.entries(valueOf(entries, 'env'), 'env', 'Write each value in a line: NAME: value')) {
    const value = readValue(entry, checker)
    if (value !== undefined) values.set(entry.key, value)
  }
  return {file, values, actions: await readActions(valueOf(entries, 'actions'), checker)}
}

function readValue({column, file, key, line, value}: YamlEntry, checker: YamlChecker): WrittenValue | undefined {
  const place = {file, line, column}
  const shown = JSON.stringify(shortened(key))
  // A valid name for an environment variable; others would be lost.
  if (!/^[^\s=\0]+$/.test(key))
    checker.error(place, `${shown} is not a name for a value.`, 'Use letters, digits and _.')
  else if (value.kind !== 'text')
    checker.error(value, `${key} must be a string, a number, or yes or no.`, 'Put a string in quotes: "text"')
  else if (value.text.includes('\0')) checker.error(value, `${key} contains a NUL character.`, 'Remove it.')
  else return {...place, text: value.text}
  return undefined
}
