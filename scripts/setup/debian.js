import {mkdir, readdir, readFile, rename, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {findProgram} from './process.js'
import {SetupError} from './setup-error.js'

/** Packages that are only unpacked, never installed, go here: inside the checkout, ignored by git. */
const unpackedPackages = join(import.meta.dirname, '../../.cache/debian')

/** @returns {boolean} whether packages can be installed for the whole machine */
export const isRoot = () => process.getuid?.() === 0

/** @returns {Promise<boolean>} whether this is Debian, Ubuntu or a system made from them */
export async function isDebian() {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && (await findProgram('apt-get')) !== undefined
}

const quiet = {...process.env, DEBIAN_FRONTEND: 'noninteractive'}

/** The packages of a Debian or Ubuntu machine; the lists are brought up to date at most once. */
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
    this.session.tell(`Installing ${names.join(', ')} (Debian packages) ...`)
    await this.#update([])
    const install = ['install', '-y', '-qq', '--no-install-recommends', ...names]
    await this.session.run('apt-get', install, {env: quiet, toItsEnd: true})
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
   * Downloads a package and unpacks it into a folder of the checkout: nothing is installed, no service starts, and no root
   * is needed.
   *
   * @param {string} name
   * @returns {Promise<string>} the folder that holds its files
   */
  async unpack(name) {
    const folder = join(unpackedPackages, name)
    if (await unpacked(folder)) return folder
    this.session.tell(`Fetching ${name} (Debian package, unpacked into .cache) ...`)
    const download = join(unpackedPackages, `${name}.${process.pid}`)
    await mkdir(download, {recursive: true})
    try {
      // Only root may bring the machine's own lists up to date.
      const lists = join(unpackedPackages, 'lists')
      const options = isRoot() ? [] : ['-o', `Dir::State::Lists=${lists}`, '-o', `Dir::Cache=${join(lists, 'cache')}`]
      if (!isRoot()) await mkdir(join(lists, 'cache/archives/partial'), {recursive: true})
      const fetch = () =>
        this.session.run('apt-get', [...options, 'download', '-qq', name], {cwd: download, env: quiet})
      // Lists that are old name files that are gone.
      await fetch().catch(async () => {
        await this.#update(options)
        await fetch()
      })
      const file = (await readdir(download)).find((it) => it.endsWith('.deb'))
      if (file === undefined) throw new SetupError(`apt-get downloaded no package ${name}.`, 1)
      await this.session.run('dpkg', ['-x', join(download, file), join(download, 'files')])
      // Renamed as a whole: a run beside this one sees all of it or nothing.
      await rename(join(download, 'files'), folder).catch(async (/** @type {unknown} */ error) => {
        if (!(await unpacked(folder))) throw error
      })
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
 * @returns {Promise<string | undefined>} the path of a program that `unpack` has fetched earlier
 */
export async function findUnpacked(program, name) {
  for (const folder of ['usr/bin', 'bin']) {
    const path = await findProgram(join(unpackedPackages, name, folder, program))
    if (path !== undefined) return path
  }
  return undefined
}

/** @param {string} folder */
async function unpacked(folder) {
  return (await readdir(folder).catch(() => [])).length > 0
}
