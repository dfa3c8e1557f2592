import {readFile} from 'node:fs/promises'
import {showError} from './lib/command/show-error.js'
import {unexpectedError} from './lib/command/unexpected-error.js'
import {parseJson} from './lib/json/json.js'

/**
 * Shows an error from outside of keg's commands, such as one of a hook or an unhandled rejection, as a bug of keg.
 * @param argv the words of the command line, without the program
 * @returns the exit code
 */
export async function showUnexpected(fault: unknown, argv: readonly string[]): Promise<number> {
  const manifest = await readFile(new URL('../package.json', import.meta.url), 'utf8').catch(() => '')
  const error = await unexpectedError(fault, {
    pjson: parseJson(manifest),
    argv,
    environment: process.env,
    write: (text) => process.stderr.write(text),
  })
  const end = argv.indexOf('--')
  showError(error, {json: argv.slice(0, end === -1 ? undefined : end).includes('--json')})
  return error.exitCode
}
