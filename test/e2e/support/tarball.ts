/** What a package's tarball holds, and what its modules need. */
import {dirname, join} from 'node:path/posix'
import {Readable} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {gunzipSync} from 'node:zlib'

import typescript from 'typescript'

import {readTar} from '../../support/tar.js'

/** Paths inside the package, with what they hold. */
export type Files = Map<string, string>

export async function filesOf(tarball: Buffer): Promise<Files> {
  const files: Files = new Map()
  for await (const {body, name} of readTar(Readable.from([gunzipSync(tarball)])))
    files.set(name.replace(/^package\//, ''), (await buffer(body)).toString('utf8'))
  return files
}

export interface Imports {
  /** Files of the package that the entry points reach, themselves included. */
  files: Set<string>
  /** Packages they import. */
  packages: Set<string>
}

/** Follows the imports of compiled modules, static and dynamic. Throws where one leads to no file. */
export function importsFrom(files: Files, entryPoints: readonly string[]): Imports {
  const found: Imports = {files: new Set(), packages: new Set()}
  const open = [...entryPoints]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.files.has(path)) continue
    const content = files.get(path)
    if (content === undefined) throw new Error(`${path} is imported and not there`)
    found.files.add(path)
    for (const {fileName: specifier} of typescript.preProcessFile(content).importedFiles) {
      if (specifier.startsWith('.')) open.push(join(dirname(path), specifier))
      else if (!specifier.startsWith('node:')) found.packages.add(packageOf(specifier))
    }
  }
  return found
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
