/**
 * `own-engine-keeper.js FOLDER`: waits until its input ends, then ends the engine of own-engine.js that lives in the folder and
 * all its containers, and removes everything it made. Whoever started it holds the input, so that also a SIGKILL of that
 * process ends the engine.
 */
import {readdir, readFile, rm, rmdir, writeFile} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {removeBridge} from './bridge.js'
import {run} from './process.js'

const folder = process.argv[2]
if (folder === undefined || !basename(folder).startsWith('keg-engine-'))
  throw new TypeError('name the folder of an engine')

process.stdin.resume()
await new Promise((resolve) => process.stdin.once('close', resolve).once('end', resolve))

const groups = await controlGroups(basename(folder))
await thaw(groups)
await endAll(async () => [...(await daemons(folder)), ...(await members(groups))])
await removeShimSockets(folder)
// The deepest first, and the latest first where one lies on another.
for (const mount of (await mountsBelow(folder)).reverse()) await run('umount', ['--lazy', mount], {mayFail: true})
for (const bridge of [...(await networkBridges(folder)), `keg-${folder.slice(-6)}`]) await removeBridge(bridge)
for (const group of groups.reverse()) await rmdir(group).catch(() => undefined)
await rm(folder, {recursive: true, force: true, maxRetries: 10, retryDelay: 100})

/**
 * A process of a paused container would not notice that it has ended.
 *
 * @param {readonly string[]} frozen control groups of either version
 */
async function thaw(frozen) {
  for (const group of frozen) {
    // Opened as it is: a file that is not there must not be made.
    await writeFile(join(group, 'freezer.state'), 'THAWED', {flag: 'r+'}).catch(() => undefined)
    await writeFile(join(group, 'cgroup.freeze'), '0', {flag: 'r+'}).catch(() => undefined)
  }
}

/**
 * Ends processes, and those that they started meanwhile.
 *
 * @param {() => Promise<number[]>} find
 */
async function endAll(find) {
  const deadline = Date.now() + 20_000
  for (let found = await find(); found.length > 0 && Date.now() < deadline; found = await find()) {
    for (const id of found) {
      try {
        process.kill(id, 'SIGKILL')
      } catch {
        // It is gone.
      }
    }
    await sleep(50)
  }
}

/**
 * dockerd, containerd and its shims: the programs that were started with a file of the folder.
 *
 * @param {string} engineFolder
 * @returns {Promise<number[]>}
 */
async function daemons(engineFolder) {
  const found = []
  for (const id of (await readdir('/proc')).map(Number).filter(Number.isInteger)) {
    const name = await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')
    if (!/^(dockerd|containerd)/.test(name)) continue
    const command = await readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')
    if (command.includes(`${engineFolder}/`)) found.push(id)
  }
  return found
}

/**
 * The control groups of the engine's containers, in both versions of Linux's hierarchy.
 *
 * @param {string} name of the parent of all of them
 * @returns {Promise<string[]>} each before those below it
 */
async function controlGroups(name) {
  const root = '/sys/fs/cgroup'
  const hierarchies = [root, ...(await foldersIn(root))]
  const found = []
  for (let level = hierarchies.map((hierarchy) => join(hierarchy, name)); level.length > 0;) {
    const present = []
    const next = []
    for (const group of level) {
      if ((await readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => undefined)) === undefined) continue
      present.push(group)
      next.push(...(await foldersIn(group)))
    }
    found.push(...present)
    level = next
  }
  return found
}

/**
 * @param {readonly string[]} controlGroups
 * @returns {Promise<number[]>} their processes
 */
async function members(controlGroups) {
  const lists = await Promise.all(
    controlGroups.map((group) => readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')),
  )
  return [...new Set(lists.join('\n').split('\n').filter(Boolean).map(Number))]
}

/**
 * A shim listens outside of its engine's folders; where is written beside the container's state.
 *
 * @param {string} engineFolder
 */
async function removeShimSockets(engineFolder) {
  for (const state of await foldersIn(join(engineFolder, 'containerd/io.containerd.runtime.v2.task/moby'))) {
    const address = await readFile(join(state, 'address'), 'utf8').catch(() => '')
    if (address.startsWith('unix:///run/containerd/s/')) await rm(address.slice('unix://'.length), {force: true})
  }
}

/**
 * @param {string} engineFolder
 * @returns {Promise<string[]>} in the order in which they were mounted
 */
async function mountsBelow(engineFolder) {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n')
  return lines
    .map((line) =>
      (line.split(' ')[4] ?? '').replace(/\\\d{3}/g, (octal) => String.fromCharCode(parseInt(octal.slice(1), 8))),
    )
    .filter((path) => path.startsWith(`${engineFolder}/`))
}

/**
 * The bridges of the networks that were made in the engine and never removed: its database names them.
 *
 * @param {string} engineFolder
 * @returns {Promise<string[]>}
 */
async function networkBridges(engineFolder) {
  const data = join(engineFolder, 'data')
  /** @type {Set<string>} */
  const found = new Set()
  // With remapped users the data lies one folder deeper.
  for (const root of [data, ...(await foldersIn(data))]) {
    const database = await readFile(join(root, 'network/files/local-kv.db'), 'latin1').catch(() => '')
    for (const [bridge] of database.matchAll(/\bbr-[0-9a-f]{12}\b/g)) found.add(bridge)
  }
  const present = new Set(await readdir('/sys/class/net'))
  return [...found].filter((bridge) => present.has(bridge))
}

/**
 * @param {string} parent
 * @returns {Promise<string[]>} none where it is no folder
 */
async function foldersIn(parent) {
  try {
    const entries = await readdir(parent, {withFileTypes: true})
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name))
  } catch {
    return []
  }
}
