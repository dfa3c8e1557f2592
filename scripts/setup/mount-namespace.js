import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {readFile, readlink} from 'node:fs/promises'
import {Socket} from 'node:net'
import {setTimeout as sleep} from 'node:timers/promises'
import {run} from './process.js'
import {SetupError} from './setup-error.js'

/**
 * A mount namespace in which some files of the machine are replaced by others. The machine itself is unchanged, and nothing is
 * left when this process ends, even by SIGKILL. Needs root.
 */
export class MountNamespace {
  /** @param {import('node:child_process').ChildProcess} holder the namespace lives as long as this process */
  constructor(holder) {
    this.#holder = holder
  }

  /** @type {import('node:child_process').ChildProcess} */
  #holder

  /** @returns {Promise<MountNamespace>} */
  static async create() {
    // It exits with its input, which this process holds.
    const holder = spawn('unshare', ['--mount', '--propagation', 'slave', 'cat'], {
      cwd: '/',
      // Ctrl-C is not meant for it.
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

  /** @returns {readonly [string, ...string[]]} prefix of a command that runs it in the namespace */
  get prefix() {
    return ['nsenter', `--mount=/proc/${this.#holder.pid}/ns/mnt`, '--']
  }

  /**
   * @param {string} source
   * @param {string} target is replaced by the source in the namespace; a file by a file, a folder by a folder
   */
  async bind(source, target) {
    const [program, ...programArguments] = this.prefix
    await run(program, [...programArguments, 'mount', '--bind', source, target])
  }

  /** Processes still running in the namespace keep it. */
  end() {
    this.#holder.stdin?.end()
  }
}

/**
 * @param {number | undefined} id
 * @returns {Promise<boolean>} whether the process has its own namespace and has started its program
 */
async function isReady(id) {
  const [own, its] = await Promise.all(['self', id].map((name) => readlink(`/proc/${name}/ns/mnt`).catch(() => '')))
  return its !== '' && its !== own && (await readFile(`/proc/${id}/comm`, 'utf8').catch(() => '')) === 'cat\n'
}
