import {engineEnvironment} from '../engine/connection-environment.js'
import {MissingError} from '../error/keg-error.js'
import {runProcess} from '../process/run-process.js'
import {printable} from '../terminal/text.js'
import type {Finding, Subject} from './check.js'
import {installLine, type Installable, type System} from '../process/system.js'
import {isOlder} from '../process/version.js'
import type {Work} from '../work/work.js'

/** A program that keg, or one of its plugins, starts. */
export interface Program extends Subject {
  readonly install: Installable
  /** Prints its version. */
  readonly command: readonly [string, ...string[]]
  /** The version in the output: the first group. */
  readonly version: RegExp
  /** The oldest supported version. */
  readonly oldest?: string
  /** Plugins that need it. */
  readonly neededBy: readonly string[]
  /** Its purpose, if no installed plugin needs it. */
  readonly use: string
  /** A part of the docker client: a nonzero exit code means that it is missing. */
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

/** Only checked if the engine is reached through ssh. */
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
  /** The names of the installed plugins. */
  readonly plugins: readonly string[]
  readonly system: System
  readonly timeoutMilliseconds: number
}

/** Finds a program and its version. @throws FailedError `program-timeout` if it hangs */
export async function checkProgram(
  work: Pick<Work, 'environment' | 'signal'>,
  program: Program,
  options: ProgramOptions,
): Promise<Finding> {
  const {environment, signal} = work
  const {timeoutMilliseconds} = options
  try {
    const {command} = program
    const answer = await runProcess({
      command,
      environment: command[0] === 'docker' ? withoutEngine(environment) : environment,
      signal,
      timeoutMilliseconds,
    })
    return programFinding(program, answer, options)
  } catch (error) {
    if (error instanceof MissingError) return notFound(program, options)
    throw error
  }
}

/** The docker client contacts its engine for any command (20.10), and waits for one that does not answer. */
function withoutEngine(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return engineEnvironment(environment, {selection: {DOCKER_HOST: 'unix:///nowhere/docker.sock'}})
}

function programFinding(
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
  // ssh prints it on standard error.
  const version = program.version.exec(stdout)?.[1] ?? program.version.exec(stderr)?.[1]
  if (version === undefined)
    return {status: 'notice', detail: `found, but ${line} shows no version`, data: {version: null}}
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
