/** keg as its users get it: published to the tests' own registry, and installed from there with npm. */
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {mkdir, mkdtemp, readFile, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {delimiter, join} from 'node:path'
import {pathToFileURL} from 'node:url'

import type {Metafile} from 'esbuild'
import {bundleRecordOf} from '../../../scripts/setup/bundle-record.js'
import {readWorkspaces, repository} from '../../../scripts/setup/dependencies.js'
import {isolatedEnvironment} from '../../../scripts/setup/environment.js'
import {checkAnswers} from '../../support/answers.js'
import {NpmRegistry} from './npm-registry.js'

export interface RunOptions {
  /** Default: the machine's home, which is in no repository. */
  cwd?: string
  /** Added to the machine's environment; undefined removes a variable. */
  env?: Record<string, string | undefined>
  /** Closes its standard output. */
  stdoutClosed?: boolean
}

/** How a program ended. */
export interface RunResult {
  code: number | null
  stdout: string
  stderr: string
}

/** One person's computer: a home, without plugins at first. */
export class Machine {
  constructor(
    readonly home: string,
    readonly environment: NodeJS.ProcessEnv,
  ) {}

  /** Runs keg until it ends, with any exit code; throws if its answer does not match its schema. */
  async keg(kegArguments: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const result = await this.run('keg', kegArguments, options)
    if (options.stdoutClosed !== true) checkAnswers({kegArguments, stdout: result.stdout})
    return result
  }

  /** Runs keg; throws with its output if it does not exit with 0. Returns its standard output. */
  async kegSucceeds(kegArguments: readonly string[], options: RunOptions = {}): Promise<string> {
    return succeeded(`keg ${kegArguments.join(' ')}`, await this.keg(kegArguments, options))
  }

  /** Pastes a line into a shell; throws with its output if it does not exit with 0. Returns its standard output. */
  async paste(line: string, options: RunOptions = {}): Promise<string> {
    return succeeded(line, await this.run('/bin/sh', ['-c', line], options))
  }

  /** Names of all packages that a run of keg loads, as modules or bundled into a file of keg. */
  async packagesOf(
    kegArguments: readonly string[],
    options: RunOptions = {},
  ): Promise<{packages: string[]} & RunResult> {
    const record = join(this.home, 'modules')
    await writeFile(record, '')
    const recorder = pathToFileURL(join(import.meta.dirname, 'record-modules.js')).href
    const env = {...options.env, NODE_OPTIONS: `--import=${recorder}`, RECORD_MODULES: record}
    const result = await this.keg(kegArguments, {...options, env})
    const paths = (await readFile(record, 'utf8')).split('\n').filter((path) => path !== '')
    const packages = new Set<string>()
    for (const path of paths) {
      for (const place of [path, ...(await inputsOf(path))]) {
        const name = /^.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(place)?.[1]
        if (name !== undefined) packages.add(name)
      }
    }
    return {...result, packages: [...packages]}
  }

  async run(program: string, programArguments: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const child = spawn(program, programArguments, {
      cwd: options.cwd ?? this.home,
      env: defined({...this.environment, ...options.env}),
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process that hangs is to be reported before the test itself times out.
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

/** The sources of a file that the build made, as its record has them; none for any other file. */
async function inputsOf(path: string): Promise<string[]> {
  const [, name, file] = /^.*\/@keg\/(\w+)\/dist\/(.*)$/.exec(path) ?? []
  if (name === undefined || file === undefined) return []
  const root = name === 'cli' ? '' : join('src', 'commands', name)
  const {outputs} = JSON.parse(await readFile(bundleRecordOf(root), 'utf8')) as Metafile
  return Object.keys(outputs[join(root, 'dist', file)]?.inputs ?? {})
}

export class InstalledKeg {
  private constructor(
    readonly registry: NpmRegistry,
    private readonly folder: string,
  ) {}

  /** Publishes this checkout's packages as built, and installs @keg/cli like `npm install --global`. */
  static async create(): Promise<InstalledKeg> {
    const folder = await realpath(await mkdtemp(join(tmpdir(), 'keg-test-installed-')))
    const installed = new InstalledKeg(await NpmRegistry.start(repository), folder)
    try {
      const {host} = new URL(installed.registry.url)
      const settings = [
        `registry=${installed.registry.url}`,
        `//${host}/:_authToken=token-of-the-tests`,
        `cache=${join(folder, 'npm-cache')}`,
        `prefix=${installed.prefix}`,
        'audit=false',
        'fund=false',
        // The tests neither compile native addons nor build what they publish.
        'ignore-scripts=true',
        'loglevel=error',
        'update-notifier=false',
      ]
      await writeFile(installed.npmSettings, `${settings.join('\n')}\n`)
      const machine = await installed.machine('publisher')
      for (const workspace of [...(await readWorkspaces()), '.'])
        await npm(machine, ['publish'], join(repository, workspace))
      await npm(machine, ['install', '--global', '@keg/cli'], machine.home)
      return installed
    } catch (error) {
      await installed.remove()
      throw error
    }
  }

  /** A machine with `keg` on its PATH. By HTTP it reaches nothing but loopback. */
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

/** Runs the npm that started the tests; `npm` might not be on PATH. */
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
