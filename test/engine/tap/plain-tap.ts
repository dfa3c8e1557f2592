/** A linked tap whose containers are created by docker only, without syncs: for tests of what comes after a start. */
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {startKeg, type KegOptions, type KegResult, type RunningKeg} from '../../support/keg.js'
import {kegOnTerminal, type KegOnTerminal} from '../package/terminal.js'

/** A shell that exits on SIGTERM, which a first process does only with a trap. */
export const WAITING = ['sh', '-c', "trap 'exit 0' TERM; sleep 1000000 & wait"]

export class PlainTap {
  readonly sandbox = new Sandbox()
  readonly git = new GitSandbox()
  readonly name = uniqueName('tap').replace('keg-test-', '')
  readonly folder: string

  /** @param values of container/values.yml, as YAML */
  constructor(values: string, {branch = 'feature/x'} = {}) {
    this.folder = this.git.repository(this.name, branch)
    mkdirSync(join(this.folder, 'container'))
    this.git.write(join(this.name, 'container/Dockerfile'), 'FROM scratch\n')
    this.git.write(join(this.name, 'container/values.yml'), values)
    this.git.git(this.name, 'add', '.')
    this.git.git(this.name, 'commit', '--quiet', '--message', 'Tap')
    mkdirSync(join(this.git.folder, 'keg'))
    this.git.write('keg/config.yml', `version: 1\ntaps:\n  ${this.name}: {path: ${this.folder}}\n`)
  }

  /** Leads keg to the link, and makes its runs share their state. */
  get environment(): Record<string, string> {
    return {XDG_CONFIG_HOME: this.git.folder, XDG_STATE_HOME: join(this.git.folder, 'state')}
  }

  /**
   * Runs a container as a start creates it. Returns its name.
   * @param words for docker run: options, image, command
   */
  async container(words: readonly string[] = [baseImage, ...WAITING], {branch = 'feature/x', service = 'app'} = {}) {
    const name = `${this.name}-${branch.replaceAll('/', '-')}${service === 'app' ? '' : `-${service}-1`}`
    const labels = {
      'com.keg.tap': this.name,
      'com.keg.folder': this.folder,
      'com.keg.branch': branch,
      'com.keg.role': 'dev',
      ...(service === 'app' && {'com.keg.tap.main': 'true'}),
      'com.docker.compose.service': service,
    }
    const options = Object.entries(labels).flatMap(([label, value]) => ['--label', `${label}=${value}`])
    await this.sandbox.run(['--name', name, '--hostname', 'inside', ...options, ...words])
    return name
  }

  async startKeg(words: readonly string[], {env, ...options}: KegOptions = {}): Promise<RunningKeg> {
    return startKeg(words, {...options, env: {...this.environment, ...env}})
  }

  async keg(words: readonly string[], options: KegOptions = {}): Promise<KegResult> {
    return (await this.startKeg(words, options)).ended
  }

  async kegOnTerminal(words: readonly string[]): Promise<KegOnTerminal> {
    return kegOnTerminal(words, this.environment)
  }

  async stop(): Promise<void> {
    this.git.remove()
    await this.sandbox.clean()
  }
}

/** The command lines of all processes in a container. */
export async function processesIn(container: string): Promise<string[]> {
  const rows = (await docker(['top', container, '-eo', 'pid,args'])).split('\n').slice(1)
  return rows.map((row) => row.trim().replace(/^\d+ +/, ''))
}
