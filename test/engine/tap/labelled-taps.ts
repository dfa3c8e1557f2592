/** Taps whose containers are created by docker only, with the labels of a start: for tests of what comes after a start. */
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import type {Prompt} from '../../../src/lib/terminal/prompt.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {silent} from '../../../src/lib/terminal/progress.js'
import {docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {startMutagen, syncImage, type MutagenDaemon, type MutagenSession} from '../../support/mutagen.js'
import {writeFiles} from '../../support/tree.js'

/** The folder of the code in the containers. */
export const APP = '/srv/app'

/** A linked folder with a repository. */
export interface LabelledTap {
  readonly name: string
  readonly folder: string
}

export interface ContainerOptions {
  readonly branch?: string
  readonly folder?: string
  /** Compose's name of the service; default: app, whose container is the tap's own. */
  readonly service?: string
  readonly image?: string
  /** More arguments for docker run. */
  readonly words?: readonly string[]
}

export class LabelledTaps {
  /** Messages and questions. */
  readonly said: string[] = []

  private constructor(
    readonly engine: Engine,
    readonly sandbox: Sandbox,
    readonly git: GitSandbox,
    readonly mutagen: MutagenDaemon,
    /** Mutagen's agent can run in it. */
    readonly image: string,
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** To be removed with `stop` in `after`. */
  static async start(): Promise<LabelledTaps> {
    const mutagen = await startMutagen()
    const [sandbox, git] = [new Sandbox(), new GitSandbox()]
    try {
      const engine = await Engine.connect(process.env)
      const environment = {
        ...process.env,
        ...git.environment,
        ...mutagen.environment,
        XDG_CONFIG_HOME: join(git.folder, 'config'),
        XDG_STATE_HOME: join(git.folder, 'state'),
      }
      return new LabelledTaps(engine, sandbox, git, mutagen, await syncImage(sandbox), environment)
    } catch (error) {
      git.remove()
      await mutagen.stop()
      await sandbox.clean()
      throw error
    }
  }

  async stop(): Promise<void> {
    try {
      await this.mutagen.stop()
    } finally {
      await this.engine[Symbol.asyncDispose]()
      this.git.remove()
      await this.sandbox.clean()
    }
  }

  /** Creates a repository with these files on branch main, and links only this tap. */
  async tap(files: Readonly<Record<string, string>>): Promise<LabelledTap> {
    const name = `tap-${uniqueName('x').slice(-8)}`
    const folder = join(this.git.folder, name)
    await mkdir(folder)
    await writeFiles(folder, files)
    this.git.git(name, 'init', '--quiet')
    this.git.git(name, 'add', '.')
    this.git.git(name, 'commit', '--quiet', '--message', 'First')
    await this.link({name, folder})
    return {name, folder}
  }

  /** Makes the user configuration link only this tap. */
  async link({folder, name}: LabelledTap): Promise<void> {
    await mkdir(join(this.git.folder, 'config/keg'), {recursive: true})
    const text = `version: 1\ntaps:\n  ${name}:\n    path: ${JSON.stringify(folder)}\n`
    await writeFile(join(this.git.folder, 'config/keg/config.yml'), text)
  }

  /** Runs a container as a start creates it. Returns its name. */
  async container(tap: LabelledTap, options: ContainerOptions = {}): Promise<string> {
    const {branch = 'main', folder = tap.folder, image = this.image, service = 'app', words = []} = options
    const project = `${tap.name}-${branch}`
    const name = service === 'app' ? project : `${project}-${service}-1`
    const labels = {
      'com.keg.tap': tap.name,
      'com.keg.folder': folder,
      'com.keg.branch': branch,
      'com.keg.role': 'dev',
      ...(service === 'app' && {'com.keg.tap.main': 'true'}),
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
    }
    const labelWords = Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`])
    await this.sandbox.run(['--name', name, ...labelWords, ...words, image])
    return name
  }

  /** Options for all services of a tap's life; without a terminal, except for "go on?" with an answer. */
  options(tap: LabelledTap, answer?: boolean) {
    const prompt: Prompt = {
      isInteractive: answer !== undefined,
      confirm: (question) => {
        this.said.push(question)
        return answer === undefined ? Promise.reject(new Error(`asked: ${question}`)) : Promise.resolve(answer)
      },
      choose: (question) => Promise.reject(new Error(`asked: ${question}`)),
      text: (question) => Promise.reject(new Error(`asked: ${question}`)),
    }
    return {
      name: tap.name,
      folder: this.git.folder,
      environment: this.environment,
      dryRun: false,
      progress: silent,
      prompt,
      notice: (line: string) => {
        this.said.push(line)
      },
      signal: new AbortController().signal,
    }
  }

  /** Runs a script in a container, in the folder of the code. Returns its output. */
  async inside(container: string, script: string): Promise<string> {
    return docker(['exec', '--workdir', APP, container, 'sh', '-euc', script])
  }

  /** The session of that name; undefined if there is none. */
  async session(name: string): Promise<MutagenSession | undefined> {
    return (await this.mutagen.sessions()).find((session) => session.name === name)
  }
}

/** A tap's minimal files, with settings of syncs. */
export function tapFiles(mutagen?: string): Record<string, string> {
  return {
    'container/Dockerfile': 'FROM scratch\n',
    'container/values.yml': `env:\n  DOC_APP_PATH: ${APP}\n  DOC_CORE_PATH: /srv/core\n`,
    ...(mutagen !== undefined && {'container/mutagen.yml': mutagen}),
  }
}
