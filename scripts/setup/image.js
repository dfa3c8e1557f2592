import {readFile} from 'node:fs/promises'
import {DebianPackages, findUnpacked, isDebian} from './debian.js'
import {findProgram, run} from './process.js'
import {SetupError} from './setup-error.js'
import {createTar} from './tar.js'

/**
 * Makes sure that `makeBusyboxImage` finds a static busybox.
 *
 * @param {import('./session.js').Session} session
 */
export async function requireBusybox(session) {
  if ((await findStaticBusybox()) !== undefined) return
  if (await isDebian()) await new DebianPackages(session).unpack('busybox-static')
  if ((await findStaticBusybox()) === undefined) throw new SetupError(missing)
}

const missing =
  'The base image is made from a statically linked busybox for Linux: put one on PATH (Debian: busybox-static), and run this again.'

/**
 * Creates an image without a registry: busybox with a link for each of its programs, users, and nothing else.
 *
 * @param {string} name such as `keg-test:3f9a`
 * @param {{env?: NodeJS.ProcessEnv}} [options] the environment that leads docker's client to its engine
 */
export async function makeBusyboxImage(name, {env} = {}) {
  const busybox = await findStaticBusybox()
  if (busybox === undefined) throw new SetupError(missing)
  const programs = (await run(busybox, ['--list'])).stdout.split('\n').filter((it) => it !== '' && it !== 'busybox')
  const archive = createTar([
    {path: 'bin', type: 'folder'},
    {path: 'bin/busybox', type: 'file', mode: 0o755, content: await readFile(busybox)},
    ...programs.map((program) => ({path: `bin/${program}`, type: /** @type {const} */ ('link'), target: 'busybox'})),
    {path: 'etc', type: 'folder'},
    {
      path: 'etc/passwd',
      type: 'file',
      content: 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000:app:/home/app:/bin/sh\n',
    },
    {path: 'etc/group', type: 'file', content: 'root:x:0:\napp:x:1000:\n'},
    {path: 'home', type: 'folder'},
    {path: 'root', type: 'folder', mode: 0o700},
    {path: 'tmp', type: 'folder', mode: 0o1777},
    {path: 'usr', type: 'folder'},
    {path: 'usr/bin', type: 'folder'},
    {path: 'usr/bin/env', type: 'link', target: '../../bin/busybox'},
    {path: 'var', type: 'folder'},
  ])
  await run('docker', ['import', '--change', 'CMD ["/bin/sh"]', '-', name], {input: archive, env})
}

/** @returns {Promise<string | undefined>} */
async function findStaticBusybox() {
  const candidates = [
    await findProgram('busybox'),
    await findProgram('/bin/busybox'),
    await findProgram('/usr/bin/busybox'),
    await findUnpacked('busybox', 'busybox-static'),
  ]
  for (const path of candidates) {
    if (path !== undefined && isStaticProgram(await readFile(path))) return path
  }
  return undefined
}

/**
 * Whether a file is a Linux program that needs no other file to run: a 64-bit ELF file without an interpreter
 * (https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.pheader.html).
 *
 * @param {Buffer} file
 * @returns {boolean}
 */
export function isStaticProgram(file) {
  const is64BitLittleEndian = file.length >= 64 && file.readUInt32BE(0) === 0x7f454c46 && file[4] === 2 && file[5] === 1
  if (!is64BitLittleEndian) return false
  const table = Number(file.readBigUInt64LE(32))
  const [entrySize, entries] = [file.readUInt16LE(54), file.readUInt16LE(56)]
  const types = Array.from({length: entries}, (_, index) => file.readUInt32LE(table + index * entrySize))
  const loaded = 1
  const interpreter = 3
  return types.includes(loaded) && !types.includes(interpreter)
}
