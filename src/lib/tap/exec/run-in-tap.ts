import type {Engine} from '../../engine/engine.js'
import {withEngine} from '../../engine/engine-work.js'
import {startDetached} from '../../engine/exec.js'
import type {ContainerDetails} from '../../engine/types.js'
import {CTRL_C, CTRL_D} from '../../container/exec/end-program.js'
import {execMode} from '../../container/exec/exec-mode.js'
import type {ExecStreams} from '../../container/exec/exec-streams.js'
import {execError} from '../../container/exec/exec-error.js'
import {runExec} from '../../container/exec/run-exec.js'
import {containerVariables} from '../../container/environment-file.js'
import {shellLine} from '../../terminal/text.js'
import {findTap} from '../../tap-folder/link/find-tap.js'
import {runningTapContainer} from './tap-container.js'
import {nameOf} from '../../container/container-name.js'
import type {Work} from '../../work/work.js'

/** Where to run something, and as which user. */
export interface InTapOptions {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly name: string | undefined
  /** A service of the tap; undefined is the tap's own container. */
  readonly service?: string | undefined
  readonly user?: string | undefined
  /** A folder in the container; undefined is its working directory. */
  readonly workingDirectory?: string | undefined
  /** Values of `-e`: `KEY=VALUE`, or `KEY` for its value here. */
  readonly variables: readonly string[]
  readonly detach: boolean
  /** Only say what would be run. */
  readonly dryRun: boolean
  readonly streams: ExecStreams
}

/** What to run; an empty command is a shell. */
export interface RunInTapOptions extends InTapOptions {
  readonly command: readonly string[]
}

/** The result of a command. */
export interface InTapResult {
  /** Name of the tap's container. */
  readonly container: string
  /** The command, word by word. */
  readonly command: readonly string[]
  /** Null if it was only started, or with a dry run. */
  readonly exitCode: number | null
}

/** Where a comfortable shell can be. */
const BASH_PATHS = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash']

/**
 * Runs a command in a container of a tap; without one a shell: bash if there is one, otherwise sh.
 * @throws what finding the tap and its container does, RunError `exec-failed`, UsageError `variable-invalid`
 */
export async function runInTap(work: Work, options: RunInTapOptions): Promise<InTapResult> {
  const {notice} = work
  const {command, detach, dryRun, name, service, streams, user, workingDirectory} = options
  const variables = await containerVariables(work, {variables: options.variables, files: []})
  const tap = await findTap(work, {name})
  const connected = await withEngine(work)
  const {engine} = connected
  const container = await runningTapContainer(engine, tap, service)
  const words = command.length > 0 ? command : [await shellOf(engine, container)]
  const result = {container: nameOf(container), command: words}
  if (dryRun) {
    notice(`Would run in ${nameOf(container)}: ${shellLine(words)}`)
    return {...result, exitCode: null}
  }
  const request = {command: words, variables, user, workingDirectory}
  if (detach) {
    await startDetached(engine, container.Id, {...request, tty: false}).catch((error: unknown) => {
      throw execError(error, {container, ...request})
    })
    return {...result, exitCode: null}
  }
  // A shell does not end at Ctrl-C.
  const endKeys = command.length > 0 ? [CTRL_C] : [CTRL_C, CTRL_D]
  const exitCode = await runExec(connected, {...request, ...execMode(streams), endKeys, container, streams})
  return {...result, exitCode}
}

async function shellOf(engine: Engine, container: ContainerDetails): Promise<string> {
  const found = await Promise.all(BASH_PATHS.map((path) => engine.pathStat(container.Id, path)))
  return BASH_PATHS.find((_, index) => found[index] !== undefined) ?? 'sh'
}
