#!/usr/bin/env -S node --
// The two dashes keep Node 20 from taking keg's --env-file for its own.
import module from 'node:module'
import {fileURLToPath} from 'node:url'
import {stripVTControlCharacters} from 'node:util'

// Node 22 has it; Node 20 and its types do not.
/** @type {typeof module & {enableCompileCache?: () => unknown}} */
const {enableCompileCache} = module
enableCompileCache?.()
const distFolder = new URL('../dist/', import.meta.url)
const {flush, handle, run, settings} = /** @type {typeof import('../src/oclif.js')} */ (await importBuilt('oclif.js'))
settings.enableAutoTranspile = false

/** Files of keg and its plugins, installed or in a checkout. */
const kegDistFile = /[\\/](?:@keg[\\/]\w+|src[\\/]commands[\\/]\w+)[\\/]dist[\\/]/

silenceNodeWarnings()
leaveDeletedFolder()
for (const event of ['uncaughtException', 'unhandledRejection'])
  process.once(event, (error) => void handleError(error).then((code) => process.exit(code)))
try {
  await run(process.argv.slice(2), import.meta.url)
  await flushOutput()
} catch (error) {
  if (!isOclifError(error) || isExit(error)) process.exit(await handleError(error))
  else {
    // Errors of oclif's own plugins, shown like keg's.
    const {message, oclif} = error
    process.stderr.write(`Error: ${stripVTControlCharacters(message).replace(/\nSee more help with --help$/, '')}\n`)
    process.exit(oclif.exit)
  }
}

/**
 * @param {string} name of a built module
 * @returns {Promise<unknown>}
 */
function importBuilt(name) {
  return import(new URL(name, distFolder).href)
}

/**
 * Whether oclif threw an error to end a command. An installed plugin has its own copy of oclif, with its own classes.
 * @param {unknown} error
 * @returns {error is Error & {code?: string, oclif: {exit?: number}}}
 */
function isOclifError(error) {
  return error instanceof Error && 'oclif' in error
}

/**
 * Whether an error only ends the program: its message was shown before.
 * @param {unknown} error
 * @returns {error is Error & {code: 'EEXIT', oclif: {exit?: number}}}
 */
function isExit(error) {
  return isOclifError(error) && error.code === 'EEXIT'
}

/**
 * Shows an error that no command has shown: a bug of keg asks for a report, oclif shows all others.
 * @param {unknown} error
 * @returns {Promise<number>} the exit code
 */
async function handleError(error) {
  // Closed outputs are not a bug of keg; without standard error, nothing can be shown.
  if (error === process.stderr.errored) return 1
  if (error === process.stdout.errored) {
    process.stderr.write(`Error: Standard output cannot be written. (${process.stdout.errored?.message})\n`)
    return 1
  }
  // A plugin's error has the class of its own oclif, so this oclif would show it like any other.
  if (isExit(error)) return error.oclif.exit ?? 1
  const {stack = ''} = error instanceof Error ? error : {}
  if (!isFromKeg(stack)) {
    await handle(error instanceof Error ? error : new Error(String(error)))
    return 1
  }
  const {showUnexpected} = /** @type {typeof import('../src/unexpected.js')} */ (await importBuilt('unexpected.js'))
  return await showUnexpected(error, process.argv.slice(2))
}

/**
 * Whether a stack trace has files of keg: other plugins report their own bugs, and oclif runs all commands.
 * @param {string} stack
 */
function isFromKeg(stack) {
  const folders = [distFolder.href, fileURLToPath(distFolder)]
  return stack
    .split('\n')
    .some(
      (line) =>
        (kegDistFile.test(line) || folders.some((folder) => line.includes(folder))) &&
        !folders.some((folder) => line.includes(`${folder}oclif`)),
    )
}

/**
 * If the reader is gone, as with `| head`, oclif's own flush would never end, and Node exits with code 13. That is no error;
 * a full disk is.
 */
async function flushOutput() {
  const {stdout} = process
  if (stdout.errored === null) await Promise.race([flush(), new Promise((resolve) => stdout.once('error', resolve))])
  /** @type {NodeJS.ErrnoException | null} */
  const problem = stdout.errored
  if (problem !== null && problem.code !== 'EPIPE' && problem.code !== 'EIO') throw problem
}

/**
 * Node's warnings are for developers: oclif's warning about a plugin that cannot be loaded is shown in keg's form, and the
 * rest only with KEG_DEBUG.
 */
function silenceNodeWarnings() {
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    const {detail, message, stack} = /** @type {Error & {detail?: string}} */ (warning)
    const plugin = /^plugin: (.+)$/m.exec(detail ?? '')?.[1]
    if (!['', '0', 'false', 'no', 'off'].includes((process.env.KEG_DEBUG ?? '').toLowerCase()))
      process.stderr.write(`${stack}\n`)
    else if (plugin !== undefined && plugin !== '@keg/cli')
      process.stderr.write(`Warning: the plugin ${plugin} cannot be loaded: ${message.split('\n')[0]}\n`)
  })
}

/**
 * A shell can be in a folder that was deleted, such as a worktree's. Libraries, and programs that keg starts, need an
 * existing one. If it was recreated under its name, use that.
 */
function leaveDeletedFolder() {
  try {
    process.cwd()
  } catch {
    for (const folder of [process.env.PWD ?? '/', '/'])
      try {
        process.chdir(folder)
        return
      } catch {
        // Try the next one.
      }
  }
}
