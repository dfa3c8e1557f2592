import {stat} from 'node:fs/promises'
import {readOverride} from '../config/override.js'
import {readUserConfiguration, userConfigurationFile} from '../config/user-configuration.js'
import type {UsageError} from '../error/keg-error.js'
import {commandLine} from '../terminal/command-line.js'
import {count, printable} from '../terminal/text.js'
import {findingOf, type Finding} from './check.js'

/**
 * Checks the user configuration and the settings of single taps.
 * @throws what readUserConfiguration and readOverride throw
 */
export async function checkConfiguration(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const file = userConfigurationFile(environment)
  const configuration = await readUserConfiguration(environment)
  const overrides = await Promise.all([...configuration.taps.keys()].map((name) => readOverride(name, environment)))
  const invalid = [configuration, ...overrides].flatMap((each) => [...each.invalid.values()].map(({error}) => error))
  if (invalid.length > 0) return invalidFinding(invalid, file)
  const {defaultTag, registry, taps} = configuration
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => undefined,
  )
  const data = {
    file,
    mode: mode?.toString(8).padStart(4, '0') ?? null,
    registry: registry ?? null,
    defaultTag,
    taps: [...taps.keys()],
  }
  if (mode === undefined) return {status: 'ok', detail: printable(`none (${file}): the defaults are used`), data}
  const where = registry === undefined ? 'no registry' : `registry ${registry}`
  const settings = `${where}, default tag ${defaultTag}, ${count(taps.size, 'linked tap')}`
  const detail = printable(`${file}: ${settings}`)
  // Windows has no such permissions.
  if ((mode & 0o077) === 0 || process.platform === 'win32') return {status: 'ok', detail, data}
  return {
    status: 'notice',
    detail: `${detail}; others can read it (mode ${data.mode ?? ''})`,
    remedy: commandLine`chmod 600 ${file}`,
    data,
  }
}

/** Lists each invalid entry, and how to fix it. */
function invalidFinding(errors: readonly UsageError[], file: string): Finding {
  const [first] = errors
  const data = {file, error: 'configuration-invalid', invalid: errors.map(({data: place}) => place ?? {})}
  if (errors.length === 1 && first !== undefined) return {...findingOf(first), data}
  return {
    status: 'problem',
    detail: `${count(errors.length, 'entry', 'entries')} of the configuration are not valid`,
    notes: errors.map(({hint, message}) => printable([message, hint ?? ''].join(' ').trimEnd())),
    remedy: 'Fix or remove each, as its line says.',
    data,
  }
}
