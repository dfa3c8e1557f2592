import {stat} from 'node:fs/promises'
import {readUserConfiguration, userConfigurationFile} from '../config/user-configuration.js'
import {printable, shellLine} from '../terminal/text.js'
import type {Finding} from './check.js'

/** The user configuration. @throws what readUserConfiguration throws */
export async function checkConfiguration(environment: NodeJS.ProcessEnv): Promise<Finding> {
  const file = userConfigurationFile(environment)
  const {defaultTag, registry} = await readUserConfiguration(environment)
  const mode = await stat(file).then(
    (found) => found.mode & 0o777,
    () => undefined,
  )
  const data = {file, mode: mode?.toString(8).padStart(4, '0') ?? null, registry: registry ?? null, defaultTag}
  if (mode === undefined) return {status: 'ok', detail: printable(`none (${file}): the defaults hold`), data}
  const settings = `${registry === undefined ? 'no registry' : `registry ${registry}`}, default tag ${defaultTag}`
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
