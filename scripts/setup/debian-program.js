import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {DebianPackages, findUnpackedLibrary} from './debian.js'

/** How far from a program a library's package may be among the dependencies. */
const MAX_DEPTH = 3

/**
 * @typedef {object} UnpackedPrograms
 * @property {string} folder the files of their package
 * @property {string} libraries LD_LIBRARY_PATH: folders of the libraries that this machine does not have; empty if it has all
 */

/**
 * Unpacks a Debian package, and those of the libraries that its programs need and this machine does not have.
 *
 * @param {import('./session.js').Session} session
 * @param {string} name
 * @param {readonly string[]} programs their paths in the package
 * @returns {Promise<UnpackedPrograms>}
 * @throws {import('./setup-error.js').SetupError} if a package cannot be had
 */
export async function unpackPrograms(session, name, programs) {
  const packages = new DebianPackages(session)
  const folder = await packages.unpack(name)
  const paths = programs.map((program) => join(folder, program))
  /** @type {Set<string>} */
  const folders = new Set()
  /** @type {string[]} */
  const unpacked = []
  let names = [name]
  for (let depth = 0; ; depth++) {
    const missing = await missingLibraries(session, paths, [...folders])
    if (missing.length === 0 || depth === MAX_DEPTH) break
    names = (await Promise.all(names.map((each) => libraryPackages(session, each)))).flat()
    for (const each of new Set(names)) {
      if (unpacked.includes(each) || (await isInstalled(session, each))) continue
      unpacked.push(each)
      await packages.unpack(each)
    }
    for (const library of await missingLibraries(session, paths, [...folders]))
      for (const each of unpacked) {
        const found = await findUnpackedLibrary(library, each)
        if (found !== undefined) folders.add(found)
      }
  }
  return {folder, libraries: [...folders].join(':')}
}

/**
 * @param {string} line of `ldd`
 * @returns {{name: string, path: string | undefined} | undefined} a library, and where it is found; undefined for another line
 */
export function parseLibraryLine(line) {
  const [, name, path] = /^\s*(\S+) => (?:not found|(\/\S+) \(0x[0-9a-f]+\))$/.exec(line) ?? []
  if (name !== undefined) return {name, path}
  const [, loader] = /^\s*(\/\S+) \(0x[0-9a-f]+\)$/.exec(line) ?? []
  return loader === undefined ? undefined : {name: loader, path: loader}
}

/**
 * @param {import('./session.js').Session} session
 * @param {readonly string[]} programs
 * @param {string} libraries LD_LIBRARY_PATH
 * @returns {Promise<Map<string, string | undefined>>} all libraries that the programs load, and where they are found
 */
export async function librariesOf(session, programs, libraries) {
  const env = {...process.env, LD_LIBRARY_PATH: libraries}
  const {stdout} = await session.run('ldd', programs, {env, mayFail: true})
  const found = stdout.split('\n').flatMap((line) => parseLibraryLine(line) ?? [])
  return new Map(found.map(({name, path}) => [name, path]))
}

/**
 * @param {import('./session.js').Session} session
 * @param {readonly string[]} programs
 * @param {readonly string[]} folders
 */
async function missingLibraries(session, programs, folders) {
  const libraries = await librariesOf(session, programs.filter(existsSync), folders.join(':'))
  return [...libraries].flatMap(([library, path]) => (path === undefined ? [library] : []))
}

/**
 * @param {import('./session.js').Session} session
 * @param {string} name
 */
async function libraryPackages(session, name) {
  const {stdout} = await session.run('apt-cache', ['depends', name], {mayFail: true})
  return [...stdout.matchAll(/^ [ |]Depends: (lib\S+)$/gm)].map(([, library = '']) => library)
}

/**
 * @param {import('./session.js').Session} session
 * @param {string} name
 */
async function isInstalled(session, name) {
  const {stdout} = await session.run('dpkg-query', ['-W', '-f', '${db:Status-Abbrev}', name], {mayFail: true})
  return stdout.startsWith('ii')
}
