/** Shared by the scenarios of keg sync: a Mutagen daemon, an image for its agent, and containers with their folders. */
import {mkdir, realpath} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, type KegOptions, type KegResult} from '../../support/keg.js'
import {startMutagen, syncImage, type MutagenDaemon, type MutagenSession} from '../../support/mutagen.js'
import {treeDifferences, treeIn, treeOf, writeFiles} from '../../support/tree.js'

/** A folder of the user node. */
export const remote = '/home/node/app'

export class SyncBed {
  private constructor(
    readonly sandbox: Sandbox,
    readonly mutagen: MutagenDaemon,
    readonly image: string,
  ) {}

  /** To be removed with `stop` in `after`. @param daemonEnvironment for the daemon only */
  static async start(daemonEnvironment: Readonly<Record<string, string>> = {}): Promise<SyncBed> {
    const mutagen = await startMutagen(daemonEnvironment)
    const sandbox = new Sandbox()
    try {
      return new SyncBed(sandbox, mutagen, await syncImage(sandbox))
    } catch (error) {
      await mutagen.stop()
      await sandbox.clean()
      throw error
    }
  }

  async stop(): Promise<void> {
    try {
      await this.mutagen.stop()
    } finally {
      await this.sandbox.clean()
    }
  }

  /** Starts a container, and creates a folder with these files. */
  async container(files: Readonly<Record<string, string>>): Promise<SyncedContainer> {
    // A name as people give folders, which lists on a command line must support.
    const folder = join(await realpath(await this.sandbox.temporaryFolder('synced')), 'Zoë\u2019s shop, a "first" one')
    await mkdir(folder)
    await writeFiles(folder, files)
    const name = uniqueName('synced')
    await this.sandbox.run(['--name', name, this.image])
    return new SyncedContainer(this, this.sandbox.addContainer(name), folder)
  }

  /** Runs keg with this daemon. */
  async keg(kegArguments: readonly string[], {env, ...options}: KegOptions = {}): Promise<KegResult> {
    return keg(kegArguments, {...options, env: {...this.mutagen.environment, ...env}})
  }

  /** Runs keg; throws with its output if it fails. */
  async kegSucceeds(kegArguments: readonly string[], options: KegOptions = {}): Promise<KegResult> {
    const result = await this.keg(kegArguments, options)
    expect(result.code, `keg ${kegArguments.join(' ')}\n${result.stdout}${result.stderr}`).to.equal(0)
    return result
  }
}

export class SyncedContainer {
  constructor(
    private readonly bed: SyncBed,
    readonly name: string,
    readonly folder: string,
  ) {}

  /** The command that creates its session. */
  get createLine(): string[] {
    return ['sync', 'create', this.name, '--local', this.folder, '--remote', remote]
  }

  /** Runs a script in it, in the synced folder, by a user. Returns its output. */
  async inside(script: string, user = 'node'): Promise<string> {
    return docker(['exec', '--user', user, '--workdir', remote, this.name, 'sh', '-euc', script])
  }

  /** Sessions into it or into a former container of its name, from Mutagen. */
  async sessions(): Promise<MutagenSession[]> {
    const sessions = await this.bed.mutagen.sessions()
    return sessions.filter(({alpha}) => alpha.path === this.folder)
  }

  /** Its only session, from Mutagen; throws if there is none, or more. */
  async session(): Promise<MutagenSession> {
    const [session, ...others] = await this.sessions()
    if (session === undefined || others.length > 0) throw new Error(`${others.length + (session ? 1 : 0)} sessions`)
    return session
  }

  /** Flushes all changes with Mutagen itself. */
  async flush(): Promise<void> {
    await this.bed.mutagen.run('sync', 'flush', (await this.session()).identifier)
  }

  /** Differences between its folder and the local one. */
  async differences(): Promise<string[]> {
    return treeDifferences(await treeOf(this.folder), await treeIn(this.name, remote))
  }
}
