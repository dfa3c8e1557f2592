/** What the scenarios of taps share: one home for all runs of keg, a Mutagen daemon, git repositories and links. */
import {randomBytes, randomInt} from 'node:crypto'
import {mkdir} from 'node:fs/promises'
import {dirname, join} from 'node:path'

import {expect} from 'chai'

import {buildImage, docker, Sandbox} from './docker.js'
import {GitSandbox} from './git.js'
import {keg, startKeg, type KegOptions, type KegResult, type RunningKeg} from './keg.js'
import {startMutagen, syncImage, type MutagenDaemon, type MutagenSession} from './mutagen.js'
import {pageFile, type TapShape} from './tap-shapes.js'
import {treeOf, writeFiles, type Tree} from './tree.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

/** A test's linked tap. */
export interface LinkedTap {
  /** The link's unique name. */
  readonly name: string
  readonly folder: string
  /** The image it runs: in the open registry, without the tag. */
  readonly repository: string
}

/** A tap of one of the shapes. */
export interface ShapedTap extends LinkedTap {
  /** The app's port in its container. The tests of two engines share this machine's ports: no other tap uses it. */
  readonly port: number
}

/** The fields of `keg tap start --json` that the scenarios read. */
export interface StartedTap {
  /** Full id of the tap's own container. */
  readonly container: string
  readonly url: string
}

export interface TapOptions {
  /** The branch to check out; default: main. */
  readonly branch?: string
  /** Files to add to the shape's, or to replace. */
  readonly files?: Readonly<Record<string, string>>
  /** Name of its folder; default: the link's. */
  readonly folder?: string
}

export class TapBed {
  readonly #taps: LinkedTap[] = []

  private constructor(
    readonly sandbox: Sandbox,
    readonly git: GitSandbox,
    readonly mutagen: MutagenDaemon,
    /** The base of the taps' images, which Mutagen's agent can run in. */
    readonly baseImage: string,
  ) {}

  /** `stop` removes it, to be called from `after`. */
  static async start(): Promise<TapBed> {
    const mutagen = await startMutagen()
    const [sandbox, git] = [new Sandbox(), new GitSandbox()]
    try {
      return new TapBed(sandbox, git, mutagen, await syncImage(sandbox))
    } catch (error) {
      git.remove()
      await mutagen.stop()
      await sandbox.clean()
      throw error
    }
  }

  /** What all its runs of keg share; everything else in a home is separate for each run. */
  get environment(): Record<string, string> {
    return {
      ...this.mutagen.environment,
      XDG_CONFIG_HOME: join(this.home, 'config'),
      XDG_STATE_HOME: join(this.home, 'state'),
      KEG_DATA_DIR: join(this.home, 'data'),
    }
  }

  /** The folder of all files that keg keeps. */
  get home(): string {
    return join(this.git.folder, 'home')
  }

  /** Runs keg in the bed's home. */
  async keg(kegArguments: readonly string[], {env, ...options}: KegOptions = {}): Promise<KegResult> {
    return keg(kegArguments, {...options, env: {...this.environment, ...env}})
  }

  /** Runs keg; throws with its output if it fails. */
  async kegSucceeds(kegArguments: readonly string[], options: KegOptions = {}): Promise<KegResult> {
    const result = await this.keg(kegArguments, options)
    expect(result.code, `keg ${kegArguments.join(' ')}\n${result.stdout}${result.stderr}`).to.equal(0)
    expect(result.leftovers, 'left in the temporary folder').to.deep.equal([])
    return result
  }

  /** Starts keg in the bed's home without waiting for it. */
  async startKeg(kegArguments: readonly string[], {env, ...options}: KegOptions = {}): Promise<RunningKeg> {
    return startKeg(kegArguments, {...options, env: {...this.environment, ...env}})
  }

  /** Starts a tap by its own command, and leaves it running; throws if that fails, or if it has no URL. */
  async startTap(tap: LinkedTap, words: readonly string[] = [], options: KegOptions = {}): Promise<StartedTap> {
    const {json} = await this.kegSucceeds([tap.name, 'start', '--detach', '--json', ...words], options)
    const {container, url} = json()
    if (typeof container !== 'string' || typeof url !== 'string') throw new Error(JSON.stringify(json()))
    return {container, url}
  }

  /** Flushes the sync of a folder or container with Mutagen itself, unless it is paused. */
  async flush(folder: string): Promise<void> {
    for (const {identifier, paused} of await this.sessionsOf(folder))
      if (!paused) await this.mutagen.run('sync', 'flush', identifier)
  }

  /** Makes a repository with a tap, builds its image, pushes it as `develop`, and links the tap. */
  async tap(shape: TapShape, options: TapOptions = {}): Promise<ShapedTap> {
    const tap = await this.unlinkedTap(shape, options)
    await this.kegSucceeds(['tap', 'link', tap.folder, '--name', tap.name])
    this.#taps.push(tap)
    return tap
  }

  /** The same without the link. */
  async unlinkedTap(
    shape: TapShape,
    {branch = 'main', files, folder: folderName}: TapOptions = {},
  ): Promise<ShapedTap> {
    const name = `tap-${randomBytes(5).toString('hex')}`
    const repository = `${openRegistry}/keg-test/${name}`
    const image = `${repository}:develop`
    const folder = join(this.git.folder, folderName ?? name)
    await mkdir(folder, {recursive: true})
    const port = randomInt(20_000, 30_000)
    await writeFiles(folder, {...shape({baseImage: this.baseImage, image, port}), ...files})
    const git = (...words: string[]) => this.git.git(folderName ?? name, ...words)
    git('init', '--quiet', '--initial-branch', branch)
    git('add', '.')
    git('commit', '--quiet', '--message', 'First')
    await this.build(folder, image)
    await docker(['push', '--quiet', image])
    return {name, folder, repository, port}
  }

  /** Builds a tap's image like its team. */
  async build(folder: string, image: string): Promise<void> {
    this.sandbox.addImage(image)
    const file = ['--file', join(folder, 'container/Dockerfile'), '--build-arg', `KEG_BASE_IMAGE=${this.baseImage}`]
    await buildImage(['--label', this.sandbox.label, '--tag', image, ...file, folder])
  }

  /** Creates a worktree of a tap's repository beside it, on a new branch, and returns its folder. */
  worktree(tap: LinkedTap, branch: string): string {
    const folder = join(dirname(tap.folder), `${tap.name}-${branch.replaceAll('/', '-')}`)
    this.git.git(tap.name, 'worktree', 'add', '--quiet', '-b', branch, folder)
    return folder
  }

  /** Has `stop()` remove everything of a link that a test made itself. */
  addTap(tap: LinkedTap): void {
    this.#taps.push(tap)
  }

  /** The sessions of a folder of this machine, from Mutagen. */
  async sessionsOf(folder: string): Promise<MutagenSession[]> {
    const sessions = await this.mutagen.sessions()
    return sessions.filter(({alpha}) => alpha.path === folder)
  }

  /**
   * Everything of the bed's taps, a line for each: containers in any state, networks, volumes, sessions, and the files
   * that keg keeps; without images.
   */
  async present(): Promise<string[]> {
    const lines = async (kind: string, list: Promise<string[]>): Promise<string[]> =>
      (await list).map((each) => `${kind} ${each}`)
    const found = await Promise.all([
      lines('container', this.containers('{{.Names}} {{.State}}')),
      lines('network', this.#ofProjects('network', '{{.Name}}')),
      lines('volume', this.#ofProjects('volume', '{{.Name}}')),
      lines('session', this.#sessionNames()),
      lines('file', this.#files()),
    ])
    return found.flat().sort()
  }

  /** A line for each container of the bed's taps, in docker's format. @param more filters */
  async containers(format: string, ...more: readonly string[]): Promise<string[]> {
    const filters = more.flatMap((filter) => ['--filter', filter])
    // Taps' containers inherit the sandbox's label from their image.
    return rows(
      await docker(['ps', '--all', '--filter', `label=${this.sandbox.label}`, ...filters, '--format', format]),
    )
  }

  /** Removes everything that was made and still exists; to be called from `after`, also when a test failed. */
  async stop(): Promise<void> {
    try {
      await this.mutagen.stop()
    } finally {
      for (const {name} of this.#taps)
        for (const id of rows(await docker(['ps', '--all', '--quiet', '--filter', `label=com.keg.tap=${name}`])))
          this.sandbox.addContainer(id)
      for (const volume of await this.#ofProjects('volume', '{{.Name}}')) this.sandbox.addVolume(volume)
      for (const network of await this.#ofProjects('network', '{{.ID}}')) this.sandbox.addNetwork(network)
      this.git.remove()
      await this.sandbox.clean()
    }
  }

  /** Networks or volumes that compose created for a tap, on any branch. */
  async #ofProjects(kind: 'network' | 'volume', format: string): Promise<string[]> {
    const label = 'com.docker.compose.project'
    const found = rows(
      await docker([kind, 'ls', '--filter', `label=${label}`, '--format', `{{.Label "${label}"}} ${format}`]),
    )
    return found
      .filter((row) => this.#taps.some(({name}) => row.startsWith(`${name}-`) || row.startsWith(`${name} `)))
      .map((row) => row.slice(row.indexOf(' ') + 1))
  }

  async #sessionNames(): Promise<string[]> {
    const sessions = await this.mutagen.sessions()
    return sessions.map(({alpha, identifier, name = ''}) => `${name} ${identifier} of ${alpha.path}`)
  }

  async #files(): Promise<string[]> {
    const tree = await treeOf(this.home).catch((): Tree => new Map())
    // The lock folders stay, empty; the commands of taps are recreated after each build of keg.
    return [...tree].flatMap(([path, {content, type}]) =>
      type === 'directory' ? [] : [path.startsWith('data/') ? path : `${path} ${content}`],
    )
  }
}

/** What a tap serves at a path, preceded by the status if it is not 200. */
export async function page(url: string, path = ''): Promise<string> {
  const response = await fetch(new URL(path, url))
  return `${response.status === 200 ? '' : `${response.status} `}${await response.text()}`
}

/** Changes what a tap serves. */
export async function editPage(folder: string, text: string): Promise<void> {
  await writeFiles(folder, {[pageFile]: text})
}

function rows(text: string): string[] {
  return text.split('\n').filter((line) => line !== '')
}
