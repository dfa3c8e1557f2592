import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {run} from './process.js'
import {SetupError} from './setup-error.js'

/** One run of a script: what it started and made is undone at its end, also on failure, Ctrl-C and SIGTERM. */
export class Session {
  /** @type {(() => unknown)[]} */
  #undo = []
  #abort = new AbortController()

  /** Ends when the script is interrupted. */
  get signal() {
    return this.#abort.signal
  }

  /**
   * One short line for whoever watches.
   *
   * @param {string} line
   */
  tell(line) {
    process.stderr.write(`${line}\n`)
  }

  /**
   * @param {() => unknown} undo called at the end, latest first; what it throws is told and does not stop the others
   */
  atEnd(undo) {
    this.#undo.push(undo)
  }

  /**
   * @param {string} name first part of the folder's name
   * @returns {Promise<string>} a temporary folder that is removed at the end
   */
  async temporaryFolder(name) {
    // On macOS the temporary folder lies behind a symbolic link, which git and docker resolve differently.
    const folder = await mkdtemp(join(await realpath(tmpdir()), `${name}-`))
    this.atEnd(() => rm(folder, {recursive: true, force: true}))
    return folder
  }

  /**
   * `run` of process.js that ends when the script is interrupted.
   *
   * @param {string} program
   * @param {readonly string[]} programArguments
   * @param {import('./process.js').RunOptions & {toItsEnd?: boolean}} [options] `toItsEnd`: an interruption waits until the
   *   program has ended; for what is short and could not be undone if it were left half done
   */
  async run(program, programArguments, {toItsEnd = false, ...options} = {}) {
    this.signal.throwIfAborted()
    try {
      return await run(program, programArguments, toItsEnd ? options : {...options, signal: this.signal})
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
    for (const undo of this.#undo.splice(0).reverse()) {
      try {
        await undo()
      } catch (error) {
        this.tell(`Cleaning up: ${error instanceof Error ? error.message : String(error)}`)
      }
    }
  }
}

/**
 * Runs a script's work in a session and sets the exit code of this process by how it ends.
 *
 * @param {(session: Session) => Promise<number | undefined>} work returns an exit code; undefined is 0
 */
export async function inSession(work) {
  const session = new Session()
  /** @param {'SIGINT' | 'SIGTERM'} signal */
  const stop = (signal) => session.interrupt(new SetupError('Stopped; cleaning up.', signal === 'SIGINT' ? 130 : 143))
  // The handlers stay until everything is undone: a second Ctrl-C must not cut the cleaning short.
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    process.exitCode = (await work(session)) ?? 0
  } catch (error) {
    if (!(error instanceof SetupError)) throw error
    session.tell(error.message)
    process.exitCode = error.exitCode
  } finally {
    await session.end()
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}
