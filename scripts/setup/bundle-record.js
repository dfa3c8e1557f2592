import {basename, join} from 'node:path'
import {repository} from './dependencies.js'

/**
 * Where scripts/bundle.js keeps esbuild's metafile of a package, which says what each file in its dist/ is made of.
 *
 * @param {string} root folder of the package, from the top of the repository; empty for @keg/cli
 */
export function bundleRecordOf(root) {
  return join(repository, '.cache', 'bundles', `${root === '' ? 'cli' : basename(root)}.json`)
}
