import {installLine, readSystem} from '../process/system.js'
import {engineEnvironment} from '../engine/connection-environment.js'
import type {EngineWork} from '../engine/engine-work.js'
import {retryRace} from '../engine/retry.js'
import {FailedError, MissingError} from '../error/keg-error.js'
import {followProcess} from '../process/follow-process.js'
import {runProcess} from '../process/run-process.js'
import {commandLine} from '../terminal/command-line.js'
import {cutColumns} from '../terminal/columns.js'
import {printable} from '../terminal/text.js'
import type {ComposeModel} from './compose-model.js'

/**
 * A compose project on an engine, and where docker compose runs. Its environment interpolates variables; each warning of
 * compose is shown once.
 */
export interface ComposeContext extends Pick<EngineWork, 'engine' | 'environment' | 'signal' | 'warn'> {
  /** The name of the compose project. */
  readonly project: string
  /** The tap's folder. */
  readonly folder: string
  /** Env files for interpolation; a later one overrides an earlier one. */
  readonly envFiles: readonly string[]
}

/** Which files docker compose reads, and which services. */
export interface ComposeConfigRequest {
  /** A later one overrides an earlier one. */
  readonly files: readonly string[]
  /** Enabled in addition to the environment's profiles. */
  readonly profile?: string
  /** Only this service and its dependencies, whatever its profile, as in `docker compose up NAME`. */
  readonly service?: string
}

/** What docker compose does with a model. */
export interface ComposeTask extends Pick<EngineWork, 'progress'> {
  readonly model: ComposeModel
  /** For example `up --detach`. */
  readonly args: readonly string[]
  /** The stage's name in progress. */
  readonly stage: string
}

/** Longer notes would push the stage out of the line. */
const MAX_NOTE_LENGTH = 100

/**
 * Reads files as compose does: merged and interpolated.
 * @returns the model as JSON text, and compose's warnings
 * @throws UsageError, MissingError `compose-missing`, FailedError `compose-failed`
 */
export async function composeConfig(
  context: ComposeContext,
  {files, profile, service}: ComposeConfigRequest,
): Promise<{readonly text: string; readonly warnings: readonly string[]}> {
  const args = ['config', '--format', 'json', '--no-consistency']
  // Relative paths are relative to the first file's folder, as when compose is called directly.
  const {exitCode, stderr, stdout} = await runCompose(context, [
    ...files.flatMap((file) => ['--file', file]),
    ...(profile === undefined ? [] : ['--profile', profile]),
    ...args,
    ...(service === undefined ? [] : [service]),
  ])
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  if (exitCode !== 0) throw await composeFailed(context, args, lines)
  return {text: stdout, warnings: [...new Set(lines.flatMap(warningOf))]}
}

/**
 * Runs docker compose with a model on its standard input, and shows its output as progress. What compose has done already, it finds done
 * when it is run again.
 * @throws MissingError `compose-missing`, FailedError `compose-failed` with the last lines; the reason of the signal, once
 * it has ended
 */
export async function composeTask(context: ComposeContext, task: ComposeTask): Promise<void> {
  await retryRace(() => runTask(context, task), context.signal)
}

async function runTask(context: ComposeContext, {args, model, progress, stage}: ComposeTask): Promise<void> {
  progress({stage, state: 'running'})
  const onLine = (line: string): void => {
    const [warning] = warningOf(line)
    if (warning === undefined)
      progress({stage, state: 'running', note: cutColumns(printable(line.trim()), MAX_NOTE_LENGTH)})
    else context.warn(warning)
  }
  const {exitCode, isMissing, lastLines} = await followProcess({
    command: [
      'docker',
      'compose',
      ...projectArguments(context),
      '--file',
      '-',
      '--project-directory',
      context.folder,
      ...args,
    ],
    directory: context.folder,
    environment: environmentOf(context),
    input: JSON.stringify(model),
    line: onLine,
    signal: context.signal,
  })
  if (isMissing) throw await composeMissing('The docker client is not on the PATH', 'docker')
  if (exitCode !== 0) throw await composeFailed(context, args, lastLines)
  progress({stage, state: 'done'})
}

/** Which lines of the logs of a project are wanted. */
export interface ComposeLogsRequest {
  /** Until all containers have ended. */
  readonly follow: boolean
  /** The number of lines from the end, of each container; undefined is all. */
  readonly tail?: number | undefined
  /** Gets each line, raw. */
  readonly line: (line: string) => void
}

/**
 * Reads the logs of all containers of a project, each line after the name of its container.
 * @throws MissingError `compose-missing`; the reason of the signal
 */
export async function composeLogs(context: ComposeContext, {follow, line, tail}: ComposeLogsRequest): Promise<void> {
  const flags = ['--no-color', ...(follow ? ['--follow'] : []), ...(tail === undefined ? [] : ['--tail', String(tail)])]
  const {isMissing} = await followProcess({
    command: ['docker', 'compose', ...projectArguments(context), 'logs', ...flags],
    directory: context.folder,
    environment: environmentOf(context),
    input: '',
    line,
    signal: context.signal,
  })
  if (isMissing) throw await composeMissing('The docker client is not on the PATH', 'docker')
}

async function runCompose(context: ComposeContext, args: readonly string[]) {
  try {
    return await runProcess({
      command: ['docker', 'compose', ...projectArguments(context), ...args],
      directory: context.folder,
      environment: environmentOf(context),
      signal: context.signal,
    })
  } catch (error) {
    if (!(error instanceof MissingError)) throw error
    throw await composeMissing('The docker client is not on the PATH', 'docker')
  }
}

function projectArguments({envFiles, project}: ComposeContext): string[] {
  return ['--ansi', 'never', '--project-name', project, ...envFiles.flatMap((file) => ['--env-file', file])]
}

function environmentOf({engine, environment}: ComposeContext): NodeJS.ProcessEnv {
  return engineEnvironment(environment, engine.endpoint)
}

/** Without the plugin, docker takes `compose` for an argument and complains about the rest; so check for the plugin. */
async function composeFailed(
  context: ComposeContext,
  args: readonly string[],
  lines: readonly string[],
): Promise<FailedError | MissingError> {
  const messages = lines.filter((line) => warningOf(line).length === 0)
  const informative = messages.filter((line) => !STEP.test(line))
  const output = (informative.length > 0 ? informative : messages)
    .slice(-MAX_LINES)
    .map((line) => printable(messageOf(line)))
  const version = await runProcess({
    command: ['docker', 'compose', 'version', '--short'],
    environment: environmentOf(context),
  })
  if (version.exitCode !== 0 || !/^v?\d+\.\d/.test(version.stdout.trim()))
    return composeMissing('The docker client has no Docker Compose', 'compose')
  if (lines.some((line) => /^unknown flag: --(?:no-consistency|format|env-file|ansi)/.test(line)))
    return composeMissing(`Docker Compose ${printable(version.stdout.trim())} is too old`, 'compose')
  const inFolder = commandLine`cd ${context.folder}`
  const create = createMissing(output.join('\n'))
  return new FailedError([`docker compose ${args[0] ?? ''} failed:`, ...output.map((line) => `  ${line}`)].join('\n'), {
    code: 'compose-failed',
    hint:
      create !== undefined
        ? `Create it with: ${create}`
        : args[0] === 'config'
          ? `Fix the compose file. Show the values of its variables with: ${inFolder} && ${commandLine`keg tap env`}`
          : `Show the model that compose was given with: ${inFolder} && ${commandLine`keg tap start --dry-run --json`}`,
    data: {said: output},
  })
}

/** The command that creates the external network or volume for want of which compose failed. */
function createMissing(output: string): string | undefined {
  const network = /\bnetwork "?([\w.-]+)"? declared as external, but could not be found/.exec(output)?.[1]
  if (network !== undefined) return commandLine`docker network create ${network}`
  const volume = /\bexternal volume "?([\w.-]+)"? not found/.exec(output)?.[1]
  return volume === undefined ? undefined : commandLine`docker volume create ${volume}`
}

async function composeMissing(problem: string, what: 'compose' | 'docker'): Promise<MissingError> {
  return new MissingError(`${problem}, and keg needs it to start taps and compose projects.`, {
    code: 'compose-missing',
    hint: `Install it: ${installLine(what, await readSystem())}`,
  })
}

/** The warning in a log line of compose. */
function warningOf(line: string): string[] {
  return /\blevel=warning\b/.test(line) ? [printable(withoutFlags(messageOf(line)))] : []
}

/** Compose's advice about its own flags does not help a user of keg. */
function withoutFlags(message: string): string {
  const orphans = /^Found orphan containers \(\[(.+)\]\)/.exec(message)?.[1]?.split(' ')
  if (orphans === undefined) return message
  const remove = commandLine`docker rm --force ${orphans}`
  return `These containers belong to no service of the compose file: ${orphans.join(', ')}. Remove them with: ${remove}`
}

/** The message of a log line (logrus writes `time="..." level=warning msg="..."`); other lines unchanged. */
function messageOf(line: string): string {
  const text = /\bmsg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? /\bmsg=(\S+)/.exec(line)?.[1]
  return text === undefined ? line.trim() : text.replaceAll(/\\(.)/g, '$1')
}

const MAX_LINES = 12

/** Compose's progress lines: `Container shop-db-1  Created`. */
const STEP = /^\s*(?:Container|Image|Network|Volume)\s+\S+\s+[A-Z][a-z]+\s*$/
