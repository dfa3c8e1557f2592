import {readFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
import {FailedError, UsageError} from '../error/keg-error.js'
import {parseJson} from '../json/json.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'

/** The configuration of a keg up to version 6: `cli.config.json`, and the other files in its folder. */
export interface OldConfiguration {
  readonly file: string
  /** Its folder, with the files for single taps. */
  readonly folder: string
  readonly content: object
}

/**
 * Reads an old configuration.
 * @param file undefined looks where the old keg does: KEG_GLOBAL_CONFIG, or `~/.kegConfig/cli.config.json`
 * @param folder base of a relative path
 * @throws UsageError `import-missing`, `import-invalid`; FailedError `import-unreadable`
 */
export async function readOldConfiguration(
  file: string | undefined,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<OldConfiguration> {
  const path = resolve(folder, file ?? defaultFile(environment))
  const content = parseJson(await readText(path))
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return {file: path, folder: dirname(path), content}
  throw new UsageError(`${printable(path)} is not the configuration of an old keg: it is not a JSON object.`, {
    code: 'import-invalid',
    hint: `Import its cli.config.json with: ${commandLine`keg config import FILE`}`,
  })
}

function defaultFile({HOME, KEG_GLOBAL_CONFIG}: NodeJS.ProcessEnv): string {
  if (KEG_GLOBAL_CONFIG) return KEG_GLOBAL_CONFIG
  return join(HOME === undefined || HOME === '' ? homedir() : HOME, '.kegConfig', 'cli.config.json')
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      throw new UsageError(`There is no configuration of an old keg: ${printable(file)} does not exist.`, {
        code: 'import-missing',
        hint: `Import its cli.config.json with: ${commandLine`keg config import FILE`}`,
      })
    }
    throw new FailedError(`${printable(file)} cannot be read.`, {
      code: 'import-unreadable',
      hint: 'It must be a file that you can read.',
      cause: error,
    })
  }
}
