/**
 * Runs the program repeatedly in one process, for `keg()` in keg.ts: most of a run's time goes into loading the
 * program. Each message runs bin/run.js from its first line, with its own environment, folder and arguments; a mark
 * ends its output.
 */
import {createReadStream} from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {pathToFileURL} from 'node:url'

/**
 * @typedef {object} Run
 * @property {readonly string[]} kegArguments
 * @property {Readonly<Record<string, string>>} environment all of it
 * @property {string} folder where it is started
 * @property {string} mark
 */

const program = join(import.meta.dirname, '../../bin/run.js')
const exit = process.exit.bind(process)
/** How long a run that ended by `process.exit` may finish what it began, in milliseconds; then the process ends. */
const GRACE = 50
let runs = 0
/** Whether the current run has called `process.exit`, and whether it has ended. */
const ending = {isCalledFor: false, isThere: true}

// The last statements of a run call this, and the first call counts. A call from anywhere else ends the process.
process.exit = /** @type {typeof process.exit} */ (
  (code) => {
    if (!/\/bin\/run\.js|\/errors\/handle\.js/.test(new Error('where').stack ?? '')) exit(code)
    if (ending.isCalledFor) return
    ending.isCalledFor = true
    process.exitCode = code ?? process.exitCode ?? 0
    const run = runs
    setTimeout(() => {
      if (run === runs && !ending.isThere) exit(code)
    }, GRACE).unref()
  }
)

process.on('message', (/** @type {Run | {describe: true}} */ asked) => {
  if ('describe' in asked) process.send?.({waitsFor: JSON.stringify(openHandles())})
  else void run(asked)
})
process.on('disconnect', () => exit())

/** @param {Run} asked */
async function run({environment, folder, kegArguments, mark}) {
  for (const name of Object.keys(process.env)) Reflect.deleteProperty(process.env, name)
  // Like bin/dev.js.
  Object.assign(process.env, environment, {NODE_ENV: 'development'})
  process.chdir(folder)
  process.argv = [process.argv[0] ?? '', program, ...kegArguments]
  process.exitCode = undefined
  Object.assign(ending, {isCalledFor: false, isThere: false})
  const input = createReadStream('', {fd: 0, autoClose: false})
  Object.defineProperty(process, 'stdin', {configurable: true, enumerable: true, value: input})
  const forget = rememberListeners()
  const before = process.getActiveResourcesInfo().length

  await import(`${pathToFileURL(program).href}?${++runs}`)
  ending.isThere = true

  http.globalAgent.destroy()
  https.globalAgent.destroy()
  const endedAt = performance.now()
  // Like a process, which runs on while anything is open.
  while (process.getActiveResourcesInfo().length > before && !(isCalledFor() && performance.now() > endedAt + GRACE))
    await wait(1, undefined, {ref: false})
  const code = exitCode()
  const isClean = process.getActiveResourcesInfo().length <= before
  forget()
  input.destroy()
  process.chdir('/')
  process.stdout.write(mark)
  process.stderr.write(mark)
  process.send?.({code, isLast: !isClean}, () => {
    if (!isClean) exit()
  })
}

/** What keeps the process running, from Node's diagnostic report: sockets with their addresses, timers, processes. */
function openHandles() {
  const {libuv} = /** @type {{libuv: {is_active: boolean, is_referenced: boolean}[]}} */ (process.report.getReport())
  return libuv.filter((handle) => handle.is_active && handle.is_referenced)
}

/** Whether the run has called `process.exit`. */
function isCalledFor() {
  return ending.isCalledFor
}

function exitCode() {
  return Number(process.exitCode ?? 0)
}

/** @returns {() => void} removes the listeners added since */
function rememberListeners() {
  /** @type {NodeJS.EventEmitter[]} */
  const emitters = [process, process.stdout, process.stderr]
  const known = emitters.map((emitter) => new Set(emitter.eventNames().flatMap((name) => emitter.rawListeners(name))))
  return () => {
    for (const [index, emitter] of emitters.entries())
      for (const name of emitter.eventNames())
        for (const listener of emitter.rawListeners(name))
          if (known[index]?.has(listener) === false) emitter.removeListener(name, /** @type {() => void} */ (listener))
  }
}
