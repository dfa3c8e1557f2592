/**
 * `own-engine-keeper.js FOLDER`: waits for the end of its input, then ends the engine of own-engine.js in the folder with all
 * its containers, and removes everything it made. The starter holds the input open, so even a SIGKILL of the starter ends the
 * engine.
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

const groups = await findControlGroups(basename(folder))
await thaw(groups)
await killAll(async () => [...(await findDaemons(folder)), ...(await processesOf(groups))])
await removeShimSockets(folder)
// The deepest first, and the latest first where mounts are stacked.
for (const mount of (await mountsBelow(folder)).reverse()) await run('umount', ['--lazy', mount], {mayFail: true})
for (const bridge of [...(await networkBridges(folder)), `keg-${folder.slice(-6)}`]) await removeBridge(bridge)
for (const group of groups.reverse()) await rmdir(group).catch(() => undefined)
await rm(folder, {recursive: true, force: true, maxRetries: 10, retryDelay: 100})

/**
 * A process in a paused container would not exit.
 *
 * @param {readonly string[]} frozen control groups of either version
 */
async function thaw(frozen) {
  for (const group of frozen) {
    // Without creating the file if it is missing.
    await writeFile(join(group, 'freezer.state'), 'THAWED', {flag: 'r+'}).catch(() => undefined)
    await writeFile(join(group, 'cgroup.freeze'), '0', {flag: 'r+'}).catch(() => undefined)
  }
}

/**
 * Ends processes, and those that they start meanwhile.
 *
 * @param {() => Promise<number[]>} find
 */
async function killAll(find) {
  const deadline = Date.now() + 20_000
  for (let found = await find(); found.length > 0 && Date.now() < deadline; found = await find()) {
    for (const id of found) {
      try {
        process.kill(id, 'SIGKILL')
      } catch {
        // It has exited.
      }
    }
    await sleep(50)
  }
}

/**
 * dockerd, containerd and its shims: the programs started with a file of the folder as argument.
 *
 * @param {string} engineFolder
 * @returns {Promise<number[]>}
 */
async function findDaemons(engineFolder) {
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
 * The control groups of the engine's containers, in cgroup v1 and v2.
 *
 * @param {string} name of the parent of all of them
 * @returns {Promise<string[]>} each before those below it
 */
async function findControlGroups(name) {
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
 * @param {readonly string[]} groups
 * @returns {Promise<number[]>} their processes
 */
async function processesOf(groups) {
  const lists = await Promise.all(groups.map((group) => readFile(join(group, 'cgroup.procs'), 'utf8').catch(() => '')))
  return [...new Set(lists.join('\n').split('\n').filter(Boolean).map(Number))]
}

/**
 * A shim's socket is outside of its engine's folders; its address is written beside the container's state.
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
 * The bridges of networks that were created in the engine and never removed: its database names them.
 *
 * @param {string} engineFolder
 * @returns {Promise<string[]>}
 */
async function networkBridges(engineFolder) {
  const data = join(engineFolder, 'data')
  /** @type {Set<string>} */
  const found = new Set()
  // With userns-remap the data is one folder deeper.
  for (const root of [data, ...(await foldersIn(data))]) {
    const database = await readFile(join(root, 'network/files/local-kv.db'), 'latin1').catch(() => '')
    for (const [bridge] of database.matchAll(/\bbr-[0-9a-f]{12}\b/g)) found.add(bridge)
  }
  const present = new Set(await readdir('/sys/class/net'))
  return [...found].filter((bridge) => present.has(bridge))
}

/**
 * @param {string} parent
 * @returns {Promise<string[]>} empty if it is no folder
 */
async function foldersIn(parent) {
  try {
    const entries = await readdir(parent, {withFileTypes: true})
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name))
  } catch {
    return []
  }
}
