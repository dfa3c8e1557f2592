import {Engine} from '../../engine/engine.js'
import {startDetached} from '../../engine/exec.js'
import type {ContainerDetails} from '../../engine/types.js'
import {CTRL_C, CTRL_D} from '../../exec/end-program.js'
import {execMode} from '../../exec/exec-mode.js'
import type {ExecStreams} from '../../exec/exec-streams.js'
import {execError, runExec} from '../../exec/run-exec.js'
import {containerVariables} from '../../container/environment-file.js'
import {nameOf} from '../../target/find-target.js'
import {shellLine} from '../../terminal/text.js'
import {findTap} from '../link/find-tap.js'
import {runningTapContainer} from './tap-container.js'

/** Where something is to be run, and as whom. */
export interface InTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** A service of the tap; undefined is the tap's own container. */
  readonly service?: string | undefined
  readonly user?: string | undefined
  /** A folder in the container; undefined is where it works. */
  readonly workingDirectory?: string | undefined
  /** Values of `-e`: `KEY=VALUE`, or `KEY` for the value that it has here. */
  readonly variables: readonly string[]
  readonly detach: boolean
  /** Only say what would be run. */
  readonly dryRun: boolean
  readonly streams: ExecStreams
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What became of a command. */
export interface InTapResult {
  readonly container: string
  readonly command: readonly string[]
  /** Null where it was only started, or not even that. */
  readonly exitCode: number | null
}

/** Where a shell that people like to work in is found. */
const BASH_PATHS = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash']

/**
 * Runs a command in a container of a tap; without one a shell: bash where there is one, else sh.
 * @throws what finding the tap and its container does, RunError `exec-failed`, UsageError `variable-invalid`
 */
export async function runInTap(command: readonly string[], options: InTapOptions): Promise<InTapResult> {
  const {detach, dryRun, environment, folder, name, say, service, signal, streams, user, workingDirectory} = options
  const variables = await containerVariables({variables: options.variables, files: [], environment})
  const tap = await findTap({name, folder, environment})
  await using engine = await Engine.connect(environment, signal)
  const container = await runningTapContainer(engine, tap, service)
  const words = command.length > 0 ? command : [await shellOf(engine, container)]
  const result = {container: nameOf(container), command: words}
  if (dryRun) {
    say(`This would be run in ${nameOf(container)}: ${shellLine(words)}`)
    return {...result, exitCode: null}
  }
  const request = {command: words, variables, user, workingDirectory}
  if (detach) {
    await startDetached(engine, container.Id, {...request, tty: false}).catch((error: unknown) => {
      throw execError(error, container)
    })
    return {...result, exitCode: null}
  }
  // A shell takes Ctrl-C for the end of a line.
  const endKeys = command.length > 0 ? [CTRL_C] : [CTRL_C, CTRL_D]
  const exitCode = await runExec({...request, ...execMode(streams), endKeys, engine, container, streams, say, signal})
  return {...result, exitCode}
}

async function shellOf(engine: Engine, container: ContainerDetails): Promise<string> {
  const found = await Promise.all(BASH_PATHS.map((path) => engine.pathStat(container.Id, path)))
  return BASH_PATHS.find((_, index) => found[index] !== undefined) ?? 'sh'
}
