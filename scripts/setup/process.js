import {spawn} from 'node:child_process'
import {access, constants} from 'node:fs/promises'
import {delimiter, isAbsolute, join} from 'node:path'
import {SetupError} from './setup-error.js'

/** A program exited with an unexpected code; `exitCode` is its own. */
export class CommandError extends SetupError {
  /**
   * @param {string} commandLine
   * @param {number} exitCode
   * @param {string} output the end of its output
   */
  constructor(commandLine, exitCode, output) {
    super(`\`${commandLine}\` failed (exit ${exitCode})${output === '' ? '.' : `:\n${output}`}`, exitCode)
    this.name = 'CommandError'
  }
}

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env] the whole environment of the program; default: that of this process
 * @property {Uint8Array | string} [input] its standard input; default: empty
 * @property {'capture' | 'show' | 'both'} [output] `capture` (default) returns its output; `show` gives it this terminal;
 *   `both` shows and returns its standard output, and gives it this terminal's standard error
 * @property {boolean} [mayFail] true: return its exit code instead of throwing a CommandError
 * @property {AbortSignal} [signal] ends the program with SIGTERM; without one nothing does, not even Ctrl-C at the terminal
 * @property {number} [timeout] milliseconds until it is ended with SIGKILL
 */

/**
 * Runs a program and waits for it. No shell is involved.
 *
 * @param {string} program
 * @param {readonly string[]} programArguments
 * @param {RunOptions} [options]
 * @returns {Promise<{code: number, stdout: string, stderr: string}>} a program ended by a signal has the code 128 + 15
 * @throws {SetupError} if there is no such program (exit code 4), or it fails (CommandError)
 */
export async function run(program, programArguments, options = {}) {
  const {cwd, env = process.env, input, output = 'capture', mayFail = false, signal, timeout} = options
  const child = spawn(program, programArguments, {
    cwd,
    env: withSystemFolders(env),
    signal,
    // In another process group Ctrl-C does not reach it.
    detached: signal === undefined,
    timeout,
    killSignal: timeout === undefined ? 'SIGTERM' : 'SIGKILL',
    stdio: [
      input === undefined ? 'ignore' : 'pipe',
      output === 'show' ? 'inherit' : 'pipe',
      output === 'capture' ? 'pipe' : 'inherit',
    ],
  })
  /** @type {Buffer[]} */
  const stdout = []
  /** @type {Buffer[]} */
  const stderr = []
  child.stdout?.on('data', (/** @type {Buffer} */ chunk) => {
    stdout.push(chunk)
    if (output === 'both') process.stdout.write(chunk)
  })
  child.stderr?.on('data', (/** @type {Buffer} */ chunk) => stderr.push(chunk))
  // A program that exits before it has read everything reports it by its exit code.
  child.stdin?.on('error', () => undefined)
  child.stdin?.end(input)
  const code = await new Promise((/** @type {(code: number) => void} */ resolve, reject) => {
    child.once('error', (error) => {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') {
        reject(new SetupError(`\`${program}\` is needed and is not on this machine: install it, then run this again.`))
      } else if (error.name !== 'AbortError') {
        reject(error)
      }
    })
    child.once('close', (exitCode) => resolve(exitCode ?? 143))
  })
  const result = {code, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString()}
  if (code !== 0 && !mayFail) {
    const outputTail = (result.stderr.trim() || result.stdout.trim()).split('\n').slice(-15).join('\n')
    throw new CommandError(commandLine(program, programArguments), code, output === 'capture' ? outputTail : '')
  }
  return result
}

/**
 * Finds a program, also in system folders that an ordinary user's PATH leaves out.
 *
 * @param {string} program
 * @returns {Promise<string | undefined>} its path; undefined if it is not found
 */
export async function findProgram(program) {
  const folders = isAbsolute(program) ? [''] : (withSystemFolders(process.env).PATH ?? '').split(delimiter)
  for (const folder of folders) {
    const path = join(folder, program)
    try {
      await access(path, constants.X_OK)
      return path
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/**
 * A command as one would type it.
 *
 * @param {string} program
 * @param {readonly string[]} programArguments
 * @returns {string}
 */
export function commandLine(program, programArguments) {
  return [program, ...programArguments]
    .map((argument) =>
      /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", String.raw`'\''`)}'`,
    )
    .join(' ')
}

/**
 * `su` without `-` leaves /usr/sbin out of root's PATH, where dockerd and iptables are.
 *
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv}
 */
export function withSystemFolders(environment) {
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  const missing = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/bin', '/bin'].filter((it) => !folders.includes(it))
  return {...environment, PATH: [...folders, ...missing].join(delimiter)}
}
