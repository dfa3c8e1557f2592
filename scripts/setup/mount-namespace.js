import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile, readlink} from 'node:fs/promises'
import {Socket} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {run} from './process.js'
import {SetupError} from './setup-error.js'

/**
 * A view of the file system in which files of the machine stand for others, while the machine itself stays as it is: nothing
 * is left of it when this process ends, however that comes about. Needs root.
 */
export class MountNamespace {
  /** @param {import('node:child_process').ChildProcess} holder the process that the namespace lives as long as */
  constructor(holder) {
    this.#holder = holder
  }

  /** @type {import('node:child_process').ChildProcess} */
  #holder

  /** @returns {Promise<MountNamespace>} */
  static async create() {
    // It ends with its input, which this process holds.
    const holder = spawn('unshare', ['--mount', '--propagation', 'slave', 'cat'], {
      cwd: '/',
      // Ctrl-C is not for it.
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    await once(holder, 'spawn')
    holder.stdin.on('error', () => undefined)
    holder.unref()
    if (holder.stdin instanceof Socket) holder.stdin.unref()
    const deadline = Date.now() + 10_000
    while (!(await isReady(holder.pid))) {
      if (Date.now() > deadline || holder.exitCode !== null)
        throw new SetupError('This machine does not let root have a mount namespace.')
      await sleep(10)
    }
    return new MountNamespace(holder)
  }

  /** @returns {readonly [string, ...string[]]} what to put before a command for it to run in the namespace */
  get prefix() {
    return ['nsenter', `--mount=/proc/${this.#holder.pid}/ns/mnt`, '--']
  }

  /**
   * @param {string} source
   * @param {string} target what stands for the source in the namespace; a file for a file, a folder for a folder
   */
  async bind(source, target) {
    const [program, ...programArguments] = this.prefix
    await run(program, [...programArguments, 'mount', '--bind', source, target])
  }

  /** What still runs in it keeps it. */
  end() {
    this.#holder.stdin?.end()
  }
}

/**
 * @param {number | undefined} id
 * @returns {Promise<boolean>} whether the process has its own namespace, and the program in it has been started
 */
async function isReady(id) {
  const [own, its] = await Promise.all(['self', id].map((name) => readlink(`/proc/${name}/ns/mnt`).catch(() => '')))
  return its !== '' && its !== own && (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')) === 'cat\n'
}
