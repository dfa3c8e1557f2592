import {installLine, readSystem} from '../../doctor/system.js'
import {engineEnvironment} from '../../engine/connection-environment.js'
import type {Engine} from '../../engine/engine.js'
import {FailedError, MissingError} from '../../error/keg-error.js'
import {followProcess} from '../../process/follow-process.js'
import {runProcess} from '../../process/run-process.js'
import type {ProgressListener} from '../../terminal/progress.js'
import {printable} from '../../terminal/text.js'
import type {ComposeModel} from './compose-model.js'

/** A compose project on an engine, and where docker compose runs for it. */
export interface ComposeContext {
  readonly engine: Engine
  /** Compose's name of the project. */
  readonly project: string
  /** The tap's folder. */
  readonly folder: string
  /** What compose fills variables in from. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
}

/** What docker compose is to do with a model. */
export interface ComposeTask {
  readonly model: ComposeModel
  /** Such as `up --detach`. */
  readonly words: readonly string[]
  /** How the stage is called while it runs, for people. */
  readonly stage: string
  readonly progress: ProgressListener
}

/** Long notes would push the stage itself out of the line. */
const LONGEST_NOTE = 100

/**
 * Reads files as compose does: merged, with their variables filled in.
 * @returns the model as JSON text, and what compose warned of
 * @throws UsageError, MissingError `compose-missing`, FailedError `compose-failed`
 */
export async function composeConfig(
  context: ComposeContext,
  {envFile, files}: {readonly files: readonly string[]; readonly envFile: string | undefined},
): Promise<{readonly text: string; readonly warnings: readonly string[]}> {
  const words = ['config', '--format', 'json', '--no-consistency']
  // Relative paths are those of the first file's folder, as where compose is called by hand.
  const {exitCode, stderr, stdout} = await runCompose(context, [
    ...files.flatMap((file) => ['--file', file]),
    ...(envFile === undefined ? [] : ['--env-file', envFile]),
    ...words,
  ])
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  if (exitCode !== 0) throw await composeFailed(context, words, lines)
  return {text: stdout, warnings: [...new Set(lines.flatMap(warningOf))]}
}

/**
 * Has docker compose do something with a model, which it is given by its standard input. What it prints is told as progress.
 * @throws MissingError `compose-missing`, FailedError `compose-failed` with its last lines; the reason of the signal, once it has ended
 */
export async function composeTask(
  context: ComposeContext,
  {model, progress, stage, words}: ComposeTask,
): Promise<void> {
  progress({stage, state: 'running'})
  const {exitCode, isMissing, lastLines} = await followProcess({
    command: [
      'docker',
      'compose',
      ...projectWords(context),
      '--file',
      '-',
      '--project-directory',
      context.folder,
      ...words,
    ],
    directory: context.folder,
    environment: environmentOf(context),
    input: JSON.stringify(model),
    line: (line) => progress({stage, state: 'running', note: printable(line.trim()).slice(0, LONGEST_NOTE)}),
    signal: context.signal,
  })
  if (isMissing) throw await composeMissing('The docker client is not on the PATH', 'docker')
  if (exitCode !== 0) throw await composeFailed(context, words, lastLines)
  progress({stage, state: 'done'})
}

async function runCompose(context: ComposeContext, words: readonly string[]) {
  try {
    return await runProcess({
      command: ['docker', 'compose', ...projectWords(context), ...words],
      directory: context.folder,
      environment: environmentOf(context),
      signal: context.signal,
    })
  } catch (error) {
    if (!(error instanceof MissingError)) throw error
    throw await composeMissing('The docker client is not on the PATH', 'docker')
  }
}

function projectWords({project}: ComposeContext): string[] {
  return ['--ansi', 'never', '--project-name', project]
}

function environmentOf({engine, environment}: ComposeContext): NodeJS.ProcessEnv {
  return engineEnvironment(environment, engine.endpoint)
}

/** A client without the plugin takes `compose` for an argument, and complains of whatever follows; so it is asked. */
async function composeFailed(
  context: ComposeContext,
  words: readonly string[],
  lines: readonly string[],
): Promise<FailedError | MissingError> {
  const telling = lines.filter((line) => !STEP.test(line))
  const said = (telling.length > 0 ? telling : lines).slice(-MOST_LINES).map((line) => printable(line.trim()))
  const version = await runProcess({
    command: ['docker', 'compose', 'version', '--short'],
    environment: environmentOf(context),
  })
  if (version.exitCode !== 0 || !/^v?\d+\.\d/.test(version.stdout.trim()))
    return composeMissing('The docker client has no Docker Compose', 'compose')
  if (lines.some((line) => /^unknown flag: --(?:no-consistency|format|env-file|ansi)/.test(line)))
    return composeMissing(`Docker Compose ${printable(version.stdout.trim())} is too old`, 'compose')
  return new FailedError([`docker compose ${words[0] ?? ''} failed:`, ...said.map((line) => `  ${line}`)].join('\n'), {
    code: 'compose-failed',
    hint:
      words[0] === 'config'
        ? 'Correct the compose file. Its variables are filled in from what keg tap env shows.'
        : 'The model that it was given is shown by: keg tap start --dry-run --json',
    data: {said},
  })
}

async function composeMissing(problem: string, what: 'compose' | 'docker'): Promise<MissingError> {
  return new MissingError(`${problem}, and taps are started by it.`, {
    code: 'compose-missing',
    hint: `Install it: ${installLine(what, await readSystem())}`,
  })
}

/** Of the lines that compose logs, the warnings that are about something that keg cannot know better. */
function warningOf(line: string): string[] {
  const text = /level=warning msg="((?:[^"\\]|\\.)*)"/.exec(line)?.[1]?.replaceAll(/\\(.)/g, '$1')
  // Files of old taps have a version, which no compose of today reads.
  return text === undefined || text.includes('attribute `version` is obsolete') ? [] : [printable(text)]
}

const MOST_LINES = 12

/** What compose says of each thing as it goes on: `Container shop-db-1  Created`. */
const STEP = /^\s*(?:Container|Image|Network|Volume)\s+\S+\s+[A-Z][a-z]+\s*$/
