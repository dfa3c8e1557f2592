import {stat} from 'node:fs/promises'
import {readOverride} from '../config/override.js'
import {readUserConfiguration, userConfigurationFile} from '../config/user-configuration.js'
import {count, printable, shellLine} from '../terminal/text.js'
import type {Finding} from './check.js'

/** The user configuration, and what is set for single taps. @throws what readUserConfiguration and readOverride throw */
export async function checkConfiguration(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const file = userConfigurationFile(environment)
  const {defaultTag, registry, taps} = await readUserConfiguration(environment)
  for (const name of taps.keys()) await readOverride(name, environment)
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
  if (mode === undefined) return {status: 'ok', detail: printable(`none (${file}): the defaults hold`), data}
  const where = registry === undefined ? 'no registry' : `registry ${registry}`
  const settings = `${where}, default tag ${defaultTag}, ${count(taps.size, 'linked tap')}`
  const detail = printable(`${file}: ${settings}`)
  // Windows has no such rights.
  if ((mode & 0o077) === 0 || process.platform === 'win32') return {status: 'ok', detail, data}
  return {
    status: 'notice',
    detail: `${detail}; others may open it (mode ${data.mode ?? ''})`,
    remedy: printable(shellLine(['chmod', '600', file])),
    data,
  }
}
