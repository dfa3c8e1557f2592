import {execFileSync} from 'node:child_process'
import {mkdtempSync, realpathSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'

/** A temporary folder and home: the git of this machine, without its configuration. */
export class GitSandbox {
  /** The folder, as a real path. */
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'keg-git-')))
  /** An environment in which git sees only this sandbox. */
  readonly environment: NodeJS.ProcessEnv

  constructor() {
    const configuration = join(this.folder, 'gitconfig')
    writeFileSync(
      configuration,
      '[user]\n\tname = Ada Lovelace\n\temail = ada@example.com\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n',
    )
    this.environment = {
      PATH: process.env.PATH,
      HOME: this.folder,
      GIT_CONFIG_GLOBAL: configuration,
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CEILING_DIRECTORIES: tmpdir(),
    }
  }

  /** Runs git in a folder (relative to the sandbox) and returns its output without the last newline. */
  git(folder: string, ...parameters: string[]): string {
    const directory = join(this.folder, folder)
    const options = {cwd: directory, env: this.environment, encoding: 'utf8', stdio: 'pipe'} as const
    return execFileSync('git', parameters, options).replace(/\n$/, '')
  }

  /** Creates a repository with one commit of one file, `file.txt`; returns its path. */
  repository(name = 'repository', branch = 'main'): string {
    this.git('.', 'init', '--quiet', name)
    this.git(name, 'symbolic-ref', 'HEAD', `refs/heads/${branch}`)
    this.write(join(name, 'file.txt'), 'first\n')
    this.git(name, 'add', '.')
    this.git(name, 'commit', '--quiet', '--message', 'First')
    return join(this.folder, name)
  }

  /** Writes a file in the sandbox. */
  write(file: string, content: string, mode = 0o644): void {
    writeFileSync(join(this.folder, file), content, {mode})
  }

  /** The environment with a folder of the sandbox first on the PATH. */
  withProgramsIn(folder: string): NodeJS.ProcessEnv {
    return {...this.environment, PATH: join(this.folder, folder) + delimiter + (this.environment.PATH ?? '')}
  }

  remove(): void {
    rmSync(this.folder, {recursive: true, force: true})
  }
}
