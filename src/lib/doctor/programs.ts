import {engineEnvironment} from '../engine/connection-environment.js'
import {MissingError} from '../error/keg-error.js'
import {runProcess} from '../process/run-process.js'
import {printable} from '../terminal/text.js'
import type {Finding, Subject} from './check.js'
import {installLine, type Installable, type System} from './system.js'
import {isOlder} from './version.js'

/** A program that keg, or one of its plugins, starts. */
export interface Program extends Subject {
  readonly install: Installable
  /** Prints the version. */
  readonly command: readonly [string, ...string[]]
  /** Where the version is in what is printed: its first group. */
  readonly version: RegExp
  /** The oldest one that will do. */
  readonly oldest?: string
  /** Plugins that cannot work without it. */
  readonly neededBy: readonly string[]
  /** What it is for, where nothing installed needs it. */
  readonly use: string
  /** A part of the docker client: an exit code other than zero says that it is not there. */
  readonly isPartOfClient?: boolean
}

export const PROGRAMS: readonly Program[] = [
  {
    id: 'docker',
    title: 'docker client',
    install: 'docker',
    command: ['docker', '--version'],
    version: /^Docker version ([^\s,]+)/m,
    neededBy: ['@keg/tap', '@keg/build'],
    use: 'docker login, and what compose and buildx are part of',
  },
  {
    id: 'compose',
    title: 'compose',
    install: 'compose',
    command: ['docker', 'compose', 'version', '--short'],
    version: /^v?(\d\S*)/m,
    oldest: '2.0.0',
    neededBy: ['@keg/tap'],
    use: 'taps',
    isPartOfClient: true,
  },
  {
    id: 'buildx',
    title: 'buildx',
    install: 'buildx',
    command: ['docker', 'buildx', 'version'],
    version: /^\S+ v?(\d\S*)/m,
    neededBy: ['@keg/build'],
    use: 'building images',
    isPartOfClient: true,
  },
  {
    id: 'mutagen',
    title: 'mutagen',
    install: 'mutagen',
    command: ['mutagen', 'version'],
    version: /^v?(\d\S*)/m,
    oldest: '0.18.0',
    neededBy: ['@keg/sync'],
    use: 'syncing code into containers',
  },
  {
    id: 'git',
    title: 'git',
    install: 'git',
    command: ['git', '--version'],
    version: /^git version (\S+)/m,
    neededBy: ['@keg/docker'],
    use: 'packages and their branches',
  },
]

/** Only looked for where the engine is behind it. */
export const SSH: Program = {
  id: 'ssh',
  title: 'ssh',
  install: 'ssh',
  command: ['ssh', '-V'],
  version: /^(\S+?_\d[\w.]*)/m,
  neededBy: ['@keg/cli'],
  use: 'engines at ssh://',
}

export interface ProgramOptions {
  readonly environment: NodeJS.ProcessEnv
  /** Names of the plugins that are installed. */
  readonly plugins: readonly string[]
  readonly system: System
  readonly signal: AbortSignal
  readonly timeoutMilliseconds: number
}

/** Looks for a program and its version. @throws FailedError `program-timeout` when it hangs */
export async function checkProgram(program: Program, options: ProgramOptions): Promise<Finding> {
  const {environment, signal, timeoutMilliseconds} = options
  try {
    const {command} = program
    const answer = await runProcess({
      command,
      environment: command[0] === 'docker' ? withoutEngine(environment) : environment,
      signal,
      timeoutMilliseconds,
    })
    return judge(program, answer, options)
  } catch (error) {
    if (error instanceof MissingError) return notFound(program, options)
    throw error
  }
}

/** Docker's client asks its engine whatever it is to do (20.10), and waits for one that answers nothing. */
function withoutEngine(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return engineEnvironment(environment, {selection: {DOCKER_HOST: 'unix:///nowhere/docker.sock'}})
}

function judge(
  program: Program,
  {exitCode, stderr, stdout}: {exitCode: number; stderr: string; stdout: string},
  options: ProgramOptions,
): Finding {
  const line = program.command.join(' ')
  if (exitCode !== 0)
    return program.isPartOfClient === true
      ? notFound(program, options)
      : {
          status: isNeeded(program, options) ? 'problem' : 'notice',
          detail: `${line} ends with exit code ${exitCode}`,
          remedy: installLine(program.install, options.system),
          data: {version: null},
        }
  // ssh says it on standard error.
  const version = program.version.exec(stdout)?.[1] ?? program.version.exec(stderr)?.[1]
  if (version === undefined)
    return {status: 'notice', detail: `there, but ${line} names no version`, data: {version: null}}
  const data = {version}
  if (program.oldest === undefined || !isOlder(version, program.oldest))
    return {status: 'ok', detail: printable(version), data}
  return {
    status: isNeeded(program, options) ? 'problem' : 'notice',
    detail: printable(`${version} is too old: keg needs ${program.oldest} or newer for ${program.use}`),
    remedy: installLine(program.install, options.system),
    data,
  }
}

function notFound(program: Program, options: ProgramOptions): Finding {
  const needing = program.neededBy.filter((plugin) => plugin === '@keg/cli' || options.plugins.includes(plugin))
  return {
    status: isNeeded(program, options) ? 'missing' : 'notice',
    detail:
      needing.length > 0 ? `not found, and needed by ${needing.join(', ')}` : `not found; only for ${program.use}`,
    remedy: installLine(program.install, options.system),
    data: {version: null},
  }
}

function isNeeded({neededBy}: Program, {plugins}: ProgramOptions): boolean {
  return neededBy.some((plugin) => plugin === '@keg/cli' || plugins.includes(plugin))
}
