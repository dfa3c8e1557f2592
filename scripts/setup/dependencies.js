import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {SetupError} from './setup-error.js'

export const repository = join(import.meta.dirname, '../..')

/**
 * @typedef {{packages: Record<string, {version?: string, integrity?: string, resolved?: string, link?: boolean,
 *   optional?: boolean, dependencies?: Record<string, string>}>}} Lockfile
 */

/**
 * Installs the dependencies of package-lock.json.
 *
 * @param {import('./session.js').Session} session
 */
export async function installDependencies(session) {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new SetupError(`This is Node ${process.versions.node}: install Node 20.19 or newer, then run this again.`)
  }
  const wanted = await readLockfile(join(repository, 'package-lock.json'))
  if (wanted === undefined) throw new SetupError('There is no package-lock.json here: this is no whole checkout.', 1)
  if (isInstalled(wanted, await readLockfile(join(repository, 'node_modules/.package-lock.json')))) return
  session.log('Installing the dependencies (npm ci) ...')
  // NODE_ENV=production would leave out what the scripts and tests need.
  await npm(session, ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'])
}

/**
 * Bundles keg itself and every plugin of the workspace; leaves the generated files alone.
 *
 * @param {import('./session.js').Session} session
 */
export async function bundle(session) {
  session.log('Bundling ...')
  await session.run(process.execPath, [join(repository, 'scripts/bundle.js')], {cwd: repository})
}

/**
 * Bundles, and writes the generated files (`npm run build`).
 *
 * @param {import('./session.js').Session} session
 */
export async function build(session) {
  session.log('Building (npm run build) ...')
  await npm(session, ['run', '--silent', 'build'])
}

/**
 * Whether the installed packages are those of the lockfile. Modification times do not help: git sets them to the time of the
 * checkout.
 *
 * @param {Lockfile} wanted package-lock.json
 * @param {Lockfile | undefined} installed node_modules/.package-lock.json
 * @returns {boolean}
 */
export function isInstalled(wanted, installed) {
  if (installed === undefined) return false
  for (const [path, entry] of Object.entries(wanted.packages)) {
    if (path === '') continue
    const present = installed.packages[path]
    // Optional packages are mostly those of other platforms.
    if (present === undefined) {
      if (entry.optional === true) continue
      return false
    }
    if (present.version !== entry.version || present.integrity !== entry.integrity || present.link !== entry.link)
      return false
  }
  return Object.keys(installed.packages).every((path) => path in wanted.packages)
}

/**
 * @param {string} path
 * @returns {Promise<Lockfile | undefined>}
 */
async function readLockfile(path) {
  const text = await readFile(path, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  /** @type {unknown} */
  const lockfile = JSON.parse(text)
  return /** @type {Lockfile} */ (lockfile)
}

/**
 * @returns {Promise<string[]>} the folders of the plugins, from package.json. That list has keg itself as well, because
 * changesets
 *   releases only what is in it
 */
export async function readWorkspaces() {
  /** @type {unknown} */
  const root = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'))
  return /** @type {{workspaces: string[]}} */ (root).workspaces.filter((folder) => folder !== '.')
}

/**
 * @param {import('./session.js').Session} session
 * @param {readonly string[]} npmArguments
 */
async function npm(session, npmArguments) {
  // If npm started this, use the same npm; `npm` may not even be on PATH.
  const path = process.env.npm_execpath
  const isNpm = path !== undefined && /npm-cli\.[cm]?js$/.test(path)
  await session.run(isNpm ? process.execPath : 'npm', [...(isNpm ? [path] : []), ...npmArguments], {cwd: repository})
}
