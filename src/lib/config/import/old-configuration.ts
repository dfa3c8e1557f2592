import {readFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {dirname, join, resolve} from 'node:path'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {parseJson} from '../../json/json.js'
import {printable} from '../../terminal/text.js'

/** The configuration of a keg up to version 6: `cli.config.json`, with what else lies in its folder. */
export interface OldConfiguration {
  readonly file: string
  /** Its folder, where files for single taps are. */
  readonly folder: string
  readonly content: object
}

/**
 * Reads an old configuration.
 * @param file undefined looks where the old keg looks: KEG_GLOBAL_CONFIG, or `~/.kegConfig/cli.config.json`
 * @param folder what a relative path begins at
 * @throws UsageError `import-missing`, `import-invalid`; FailedError `import-unreadable`
 */
export async function readOldConfiguration(
  file: string | undefined,
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<OldConfiguration> {
  const path = resolve(folder, file ?? usualFile(environment))
  const content = parseJson(await readText(path))
  if (typeof content === 'object' && content !== null && !Array.isArray(content))
    return {file: path, folder: dirname(path), content}
  throw new UsageError(`${printable(path)} is no configuration of an old keg: it is no JSON object.`, {
    code: 'import-invalid',
    hint: 'Name its cli.config.json with: keg config import FILE',
  })
}

function usualFile({HOME, KEG_GLOBAL_CONFIG}: NodeJS.ProcessEnv): string {
  if (KEG_GLOBAL_CONFIG) return KEG_GLOBAL_CONFIG
  return join(HOME === undefined || HOME === '' ? homedir() : HOME, '.kegConfig', 'cli.config.json')
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      throw new UsageError(`There is no configuration of an old keg: ${printable(file)} is not there.`, {
        code: 'import-missing',
        hint: 'Name its cli.config.json with: keg config import FILE',
      })
    }
    throw new FailedError(`${printable(file)} cannot be read.`, {
      code: 'import-unreadable',
      hint: 'It has to be a file that you may read.',
      cause: error,
    })
  }
}
