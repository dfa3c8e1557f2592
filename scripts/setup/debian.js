import {mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {findProgram, run} from './process.js'
import {SetupError} from './setup-error.js'

/** Packages that are only unpacked, never installed: inside the checkout, ignored by git. */
const unpackedPackages = join(import.meta.dirname, '../../.cache/debian')

/** Comes with apt on Debian. */
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg'

/** @returns {boolean} whether packages can be installed for the whole machine */
export const isRoot = () => process.getuid?.() === 0

/**
 * @param {{itself?: boolean}} [options] `itself`: Debian only, as its releases are in no other system's archive
 * @returns {Promise<boolean>} whether this is Debian, Ubuntu or a system based on them
 */
export async function isDebian({itself = false} = {}) {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  const system = itself ? /^ID=debian$/m : /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m
  return system.test(release) && (await findProgram('apt-get')) !== undefined
}

const quiet = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}

/** The packages of a Debian or Ubuntu machine; the lists are updated at most once. */
export class DebianPackages {
  #updated = false

  /** @param {import('./session.js').Session} session */
  constructor(session) {
    this.session = session
  }

  /**
   * Installs packages for the whole machine; needs root.
   *
   * @param {readonly string[]} names
   */
  async install(names) {
    this.session.log(`Installing ${names.join(', ')} (Debian packages) ...`)
    await this.#update([])
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...names]
    await this.session.run('apt-get', install, {env: quiet, uninterrupted: true})
  }

  /**
   * @param {string} name
   * @returns {Promise<boolean>} whether the lists have such a package
   */
  async has(name) {
    const {code, stdout} = await this.session.run('apt-cache', ['show', name], {mayFail: true})
    return code === 0 && stdout !== ''
  }

  /**
   * Downloads a package and unpacks it into a folder of the checkout: installs nothing, starts no service, needs no root.
   *
   * @param {string} name
   * @returns {Promise<string>} the folder that holds its files
   */
  async unpack(name) {
    const folder = join(unpackedPackages, name)
    if (await unpacked(folder)) return folder
    this.session.log(`Fetching ${name} (Debian package, unpacked into .cache) ...`)
    await mkdir(unpackedPackages, {recursive: true})
    const download = await mkdtemp(join(unpackedPackages, `${name}.`))
    try {
      // Only root can update the machine's own lists.
      const lists = join(unpackedPackages, 'lists')
      const options = isRoot() ? [] : ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${join(lists, 'cache')}`]
      if (!isRoot()) await mkdir(join(lists, 'cache/archives/partial'), {recursive: true})
      const fetch = () =>
        this.session.run('apt-get', [...options, 'download', '-qq', name], {cwd: download, env: quiet})
      // Old lists name files that no longer exist.
      await fetch().catch(async () => {
        await this.#update(options)
        await fetch()
      })
      const file = (await readdir(download)).find((it) => it.endsWith('.deb'))
      if (file === undefined) throw new SetupError(`apt-get downloaded no package ${name}.`, 1)
      await this.session.run('dpkg', ['-x', join(download, file), join(download, 'files')])
      await renameOrKeep(join(download, 'files'), folder)
    } finally {
      await rm(download, {recursive: true, force: true})
    }
    return folder
  }

  /**
   * Downloads packages of one release of Debian, whichever this machine has, and unpacks them together into a folder of the
   * checkout. apt uses separate lists, so nothing on the machine changes.
   *
   * @param {string} suite such as `trixie`
   * @param {readonly string[]} names
   * @returns {Promise<string>} the folder that holds their files
   */
  async unpackFrom(suite, names) {
    const folder = join(unpackedPackages, [suite, ...names].join('-'))
    if (await unpacked(folder)) return folder
    const mirrors = await debianMirrors()
    if (mirrors.length === 0)
      throw new SetupError(`apt has no source of Debian packages here to fetch ${names.join(', ')} of ${suite} from.`)
    this.session.log(`Fetching ${names.join(', ')} of ${suite} (Debian packages, unpacked into .cache) ...`)
    await mkdir(unpackedPackages, {recursive: true})
    const download = await mkdtemp(`${folder}.`)
    const state = join(download, 'apt')
    await Promise.all(
      ['apt/lists/partial', 'apt/cache/archives/partial', 'packages', 'files'].map((name) =>
        mkdir(join(download, name), {recursive: true}),
      ),
    )
    try {
      const sources = join(state, 'sources.list')
      const options = [
        ['Dir::Etc::SourceList', sources],
        ['Dir::Etc::SourceParts', '/dev/null'],
        ['Dir::State::Lists', join(state, 'lists')],
        ['Dir::State::Status', '/dev/null'],
        ['Dir::Cache', join(state, 'cache')],
        ['Acquire::Languages', 'none'],
        // apt's download user may not enter the checkout.
        ...(isRoot() ? [['APT::Sandbox::User', 'root']] : []),
      ].flatMap(([name, value]) => ['-o', `${name}=${value}`])
      // Not every release trusts Debian's keys unless the source names them.
      const signature = (await readFile(keyring).catch(() => undefined)) === undefined ? '' : `[signed-by=${keyring}] `
      const downloadFrom = async (/** @type {string} */ mirror) => {
        await writeFile(sources, `deb ${signature}${mirror} ${suite} main\n`)
        await this.session.run('apt-get', [...options, 'update', '-qq'], {env: quiet})
        const packages = join(download, 'packages')
        await this.session.run('apt-get', [...options, 'download', '-qq', ...names], {cwd: packages, env: quiet})
      }
      for (const [index, mirror] of mirrors.entries()) {
        try {
          await downloadFrom(mirror)
          break
        } catch (error) {
          // Another archive may have suites of the same names.
          if (index === mirrors.length - 1) throw error
        }
      }
      for (const file of await readdir(join(download, 'packages')))
        await this.session.run('dpkg', ['-x', join(download, 'packages', file), join(download, 'files')])
      await renameOrKeep(join(download, 'files'), folder)
    } finally {
      await rm(download, {recursive: true, force: true})
    }
    return folder
  }

  /** @param {readonly string[]} options */
  async #update(options) {
    if (this.#updated) return
    await this.session.run('apt-get', [...options, 'update', '-qq'], {env: quiet})
    this.#updated = true
  }
}

/**
 * @param {string} program
 * @param {string} name the Debian package it is in
 * @returns {Promise<string | undefined>} the path of a program that `unpack` has fetched
 */
export async function findUnpacked(program, name) {
  for (const folder of ['usr/bin', 'bin', 'usr/sbin']) {
    const path = await findProgram(join(unpackedPackages, name, folder, program))
    if (path !== undefined) return path
  }
  return undefined
}

/**
 * @param {string} file such as `libwrap.so.0`
 * @param {string} name the Debian package it is in
 * @returns {Promise<string | undefined>} the folder of a library that `unpack` has fetched
 */
export async function findUnpackedLibrary(file, name) {
  const libraries = join(unpackedPackages, name, 'usr/lib')
  const found = await readdir(libraries, {recursive: true}).catch(() => undefined)
  const path = found?.find((it) => basename(it) === file)
  return path === undefined ? undefined : join(libraries, dirname(path))
}

/**
 * Renames the whole folder: a concurrent run sees all of it or nothing, and the first one stays.
 *
 * @param {string} files
 * @param {string} folder
 */
async function renameOrKeep(files, folder) {
  await rename(files, folder).catch(async (/** @type {unknown} */ error) => {
    if (!(await unpacked(folder))) throw error
  })
}

/** @returns {Promise<string[]>} the mirrors of this machine's Debian packages, Debian's own first as far as apt knows */
async function debianMirrors() {
  if (!(await isDebian({itself: true}))) return []
  const format = '$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)'
  const {code, stdout} = await run('apt-get', ['indextargets', '--format', format, 'Created-By: Packages'], {
    mayFail: true,
  })
  if (code !== 0) return []
  const release = /^VERSION_CODENAME=(\S+)$/m.exec(await readFile('/etc/os-release', 'utf8'))?.[1]
  const targets = stdout
    .split('\n')
    .map((line) => line.split('|'))
    .filter(([uri, suite, component]) => /^https?:/.test(uri ?? '') && suite === release && component === 'main')
  const own = targets.filter(([, , , origin]) => origin === 'Debian')
  return [...new Set([...own, ...targets].map(([uri = '']) => uri))]
}

/** @param {string} folder */
async function unpacked(folder) {
  return (await readdir(folder).catch(() => [])).length > 0
}
