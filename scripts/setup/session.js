import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {run} from './process.js'
import {SetupError} from './setup-error.js'

/** One run of a script: what it started and made is undone at its end, also on failure, Ctrl-C and SIGTERM. */
export class Session {
  /** @type {(() => unknown)[]} */
  #cleanups = []
  #abort = new AbortController()

  /** Aborted when the script is interrupted. */
  get signal() {
    return this.#abort.signal
  }

  /**
   * Prints one short line of progress.
   *
   * @param {string} line
   */
  log(line) {
    process.stderr.write(`${line}\n`)
  }

  /**
   * @param {() => unknown} cleanup called at the end, latest first; its errors are printed and do not stop the others
   */
  addCleanup(cleanup) {
    this.#cleanups.push(cleanup)
  }

  /**
   * @param {string} name first part of the folder's name
   * @returns {Promise<string>} a temporary folder that is removed at the end
   */
  async temporaryFolder(name) {
    // On macOS the temporary folder is behind a symbolic link, which git and docker resolve differently.
    const folder = await mkdtemp(join(await realpath(tmpdir()), `${name}-`))
    this.addCleanup(() => rm(folder, {recursive: true, force: true}))
    return folder
  }

  /**
   * `run` of process.js that ends when the script is interrupted.
   *
   * @param {string} program
   * @param {readonly string[]} programArguments
   * @param {import('./process.js').RunOptions & {uninterrupted?: boolean}} [options] `uninterrupted`: an interruption waits until the
   *   program has exited; for short programs that could not be undone halfway
   */
  async run(program, programArguments, {uninterrupted = false, ...options} = {}) {
    this.signal.throwIfAborted()
    try {
      return await run(program, programArguments, uninterrupted ? options : {...options, signal: this.signal})
    } finally {
      this.signal.throwIfAborted()
    }
  }

  /** @param {Error} reason */
  interrupt(reason) {
    this.#abort.abort(reason)
  }

  /** Undoes everything. */
  async end() {
    for (const cleanup of this.#cleanups.splice(0).reverse()) {
      try {
        await cleanup()
      } catch (error) {
        this.log(`Cleaning up: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}

/**
 * Runs a script's work in a session and sets the exit code of this process.
 *
 * @param {(session: Session) => Promise<number | undefined>} work returns an exit code; undefined is 0
 */
export async function inSession(work) {
  const session = new Session()
  /** @param {'SIGINT' | 'SIGTERM'} signal */
  const stop = (signal) => session.interrupt(new SetupError('Stopped; cleaning up.', signal === 'SIGINT' ? 130 : 143))
  // The handlers stay until everything is undone: a second Ctrl-C must not interrupt the clean-up.
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    process.exitCode = (await work(session)) ?? 0
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    session.log(error.message)
    process.exitCode = error.exitCode
  } finally {
    await session.end()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}
