/** keg as its users get it: published to a registry of the tests' own, and installed from there with npm. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, readFile, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {pathToFileURL} from 'node:url'

import {readWorkspaces, repository} from '../../../scripts/setup/dependencies.js'
import {isolatedEnvironment} from '../../../scripts/setup/environment.js'
import {NpmRegistry} from './npm-registry.js'

export interface RunOptions {
  /** Default: the machine's home, which is in no repository. */
  cwd?: string
  /** Above the machine's environment; undefined takes a variable away. */
  env?: Record<string, string | undefined>
  /** Has nobody read its standard output. */
  stdoutClosed?: boolean
}

/** How a program ended. */
export interface RunResult {
  code: number | null
  stdout: string
  stderr: string
}

/** One person's computer: a home of its own, without plugins at first. */
export class Machine {
  constructor(
    readonly home: string,
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Runs keg to its end, whatever its exit code. */
  async keg(kegArguments: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    return this.run('keg', kegArguments, options)
  }

  /** Runs keg; throws with all that it said when it does not end with 0. Returns its standard output. */
  async kegSucceeds(kegArguments: readonly string[], options: RunOptions = {}): Promise<string> {
    return succeeded(`keg ${kegArguments.join(' ')}`, await this.keg(kegArguments, options))
  }

  /** Pastes a line into a shell; throws with all that it said when it does not end with 0. Returns its standard output. */
  async paste(line: string, options: RunOptions = {}): Promise<string> {
    return succeeded(line, await this.run('/bin/sh', ['-c', line], options))
  }

  /** Paths of all modules that a run of keg loads. */
  async modulesOf(kegArguments: readonly string[], options: RunOptions = {}): Promise<{modules: string[]} & RunResult> {
    const record = join(this.home, 'modules')
    await writeFile(record, '')
    const recorder = pathToFileURL(join(import.meta.dirname, 'record-modules.js')).href
    const env = {...options.env, NODE_OPTIONS: `--import=${recorder}`, RECORD_MODULES: record}
    const result = await this.keg(kegArguments, {...options, env})
    return {...result, modules: (await readFile(record, 'utf8')).split('\n')}
  }

  async run(program: string, programArguments: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const child = spawn(program, programArguments, {
      cwd: options.cwd ?? this.home,
      env: defined({...this.environment, ...options.env}),
      stdio: ['ignore', 'pipe', 'pipe'],
      // One that hangs is to be heard, before the test itself is given up.
      timeout: 120_000,
    })
    if (options.stdoutClosed === true) child.stdout.destroy()
    const text = {stdout: '', stderr: ''}
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (part: string) => (text[stream] += part))
    const [code] = (await once(child, 'close')) as [number | null]
    return {code, ...text}
  }
}

export class InstalledKeg {
  private constructor(
    readonly registry: NpmRegistry,
    private readonly folder: string,
  ) {}

  /** Publishes this checkout's packages as they are built, and installs @keg/cli as `npm install --global` does. */
  static async create(): Promise<InstalledKeg> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-installed-')))
    const installed = new InstalledKeg(await NpmRegistry.start(repository), folder)
    try {
      const {host} = new URL(installed.registry.url)
      const settings = [
        `registry=${installed.registry.url}`,
        `//${host}/:_authToken=token-of-the-tests`,
        `cache=${join(folder, 'npm-cache')}`,
        'audit=false',
        'fund=false',
        // Neither do the tests compile native addons, nor build what they publish.
        'ignore-scripts=true',
        'loglevel=error',
        'update-notifier=false',
      ]
      await writeFile(installed.npmSettings, `${settings.join('\n')}\n`)
      const machine = await installed.machine('publisher')
      for (const workspace of [...(await readWorkspaces()), '.'])
        await npm(machine, ['publish'], join(repository, workspace))
      await npm(machine, ['install', '--global', '--prefix', installed.prefix, '@keg/cli'], machine.home)
      return installed
    } catch (error) {
      await installed.remove()
      throw error
    }
  }

  /** A machine on which `keg` is on PATH. Nothing but loopback can be reached from it by HTTP. */
  async machine(name: string): Promise<Machine> {
    const home = join(this.folder, name)
    await mkdir(home)
    const nowhere = 'http://127.0.0.1:1'
    const npmSettings = Object.keys(process.env).filter((variable) => /^npm_/i.test(variable))
    return new Machine(home, {
      ...(await isolatedEnvironment(home)),
      ...Object.fromEntries([...npmSettings, 'NODE_OPTIONS', 'NO_COLOR', 'FORCE_COLOR'].map((it) => [it, undefined])),
      NPM_CONFIG_USERCONFIG: this.npmSettings,
      PATH: [join(this.prefix, 'bin'), process.env.PATH].join(delimiter),
      http_proxy: nowhere,
      https_proxy: nowhere,
      no_proxy: '127.0.0.1',
    })
  }

  async remove(): Promise<void> {
    await this.registry.stop()
    await rm(this.folder, {force: true, recursive: true})
  }

  private get npmSettings(): string {
    return join(this.folder, 'npmrc')
  }

  private get prefix(): string {
    return join(this.folder, 'prefix')
  }
}

/** The npm that started the tests goes on; `npm` may not even be on PATH. */
async function npm(machine: Machine, npmArguments: readonly string[], cwd: string): Promise<void> {
  const path = process.env.npm_execpath
  const isNpm = path !== undefined && /npm-cli\.[cm]?js$/.test(path)
  const result = isNpm
    ? await machine.run(process.execPath, [path, ...npmArguments], {cwd})
    : await machine.run('npm', npmArguments, {cwd})
  succeeded(`npm ${npmArguments.join(' ')}`, result)
}

function succeeded(command: string, {code, stderr, stdout}: RunResult): string {
  if (code !== 0) throw new Error(`\`${command}\` ended with ${String(code)}:\n${stdout}${stderr}`)
  return stdout
}

function defined(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined))
}
