import {isMap, isNothing, valueOf, YamlChecker} from '../yaml/yaml-checker.js'
import {readYamlFile} from '../yaml/yaml-file.js'
import type {TapProblem} from '../model.js'

/**
 * Reads the names of a compose file's services, in the order of the file. The rest is left to compose.
 * @param problems receives what is wrong
 * @param options an override extends another file, and need not have services
 */
export async function readServices(
  file: string,
  problems: TapProblem[],
  {isOverride = false}: {readonly isOverride?: boolean} = {},
): Promise<string[]> {
  const checker = new YamlChecker(problems)
  const before = problems.length
  const root = await readYamlFile(file, problems)
  if (root === undefined && problems.length > before) return []
  const entries = checker.entries(root, 'this file', 'Write it as services: {NAME: {...}}')
  if (root !== undefined && !isMap(root)) return []
  const services = valueOf(entries, 'services')
  const named = checker.entries(services, 'services', 'Write it as services: {NAME: {...}}')
  for (const {key, value} of named)
    if (!isMap(value) && !isNothing(value))
      checker.error(value, `the service ${key} must be a map.`, 'Write what it has, such as environment: [NODE_ENV]')
  const comesFromElsewhere = valueOf(entries, 'include') !== undefined
  if (
    named.length === 0 &&
    !isOverride &&
    !comesFromElsewhere &&
    (services === undefined || isNothing(services) || isMap(services))
  )
    checker.error(
      services ?? {file, line: 1, column: 1},
      'there is no service in this file.',
      'Add one: services: {NAME: {environment: [NODE_ENV]}}, or remove the file.',
    )
  return named.map(({key}) => key)
}
