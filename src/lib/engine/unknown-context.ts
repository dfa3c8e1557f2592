import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {UsageError} from '../error/keg-error.js'
import {parseJson, property} from '../json/json.js'
import {didYouMean} from '../terminal/closest-word.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'

/**
 * The error for a missing docker context, with a similar name if there is one.
 * @param contexts the folder of the docker client's contexts
 * @param asker who named it: `DOCKER_CONTEXT or --context`
 */
export async function unknownContext(
  name: string,
  {selectedBy, contexts}: {selectedBy: string; contexts: string},
): Promise<UsageError> {
  const names = ['default', ...(await contextNames(contexts))]
  return new UsageError(`There is no docker context ${printable(name)} (${selectedBy}).`, {
    code: 'context-unknown',
    hint: `${await didYouMean(name, names)}List the contexts there are with: ${commandLine`docker context ls`}`,
    data: {contexts: names},
  })
}

/** The names are in the files: the folders are named after digests. */
async function contextNames(contexts: string): Promise<string[]> {
  const folders = await readdir(join(contexts, 'meta')).catch(() => [])
  const texts = folders.map((folder) => readFile(join(contexts, 'meta', folder, 'meta.json'), 'utf8').catch(() => ''))
  const names = (await Promise.all(texts)).map((text) => property(parseJson(text), 'Name'))
  return names.filter((name) => typeof name === 'string').sort()
}
