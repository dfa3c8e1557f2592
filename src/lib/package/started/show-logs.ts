import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {composeLogs} from '../../compose/run-compose.js'
import {ContainerOutput, type OutputTargets} from '../../container/container-output.js'
import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import {InterruptedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {chooseStarted} from './choose-started.js'
import type {PackageLogsResult} from './model.js'
import {startedPackages, type StartedPackage} from './started-packages.js'

export interface PackageLogsOptions {
  /** Name of the container or of the compose project; the user is asked if there is none. */
  readonly name: string | undefined
  readonly follow: boolean
  /** The number of lines from the end, of each container; undefined is all. */
  readonly tail: number | undefined
  readonly output: OutputTargets
}

/**
 * Shows the output of what `package run` started, of a compose project that of all containers, each line after the name of its container.
 * @throws UsageError `input-missing`, `nothing-started`; FailedError `not-started`; MissingError `compose-missing`; what the engine throws
 */
export async function showPackageLogs(work: Work, options: PackageLogsOptions): Promise<PackageLogsResult> {
  const withDocker = await withEngine(work)
  const [found] = await chooseStarted(work, await startedPackages(withDocker.engine), {
    names: options.name === undefined ? [] : [options.name],
    question: 'The logs of which package?',
  })
  if (found === undefined) throw new Error('nothing was chosen')
  try {
    await (found.filters === undefined ? showOne : showProject)(withDocker, found, options)
    return {name: found.name, exitCode: 0}
  } catch (error) {
    if (!(work.signal.reason instanceof InterruptedError)) throw error
    return {name: found.name, exitCode: work.signal.reason.exitCode}
  }
}

async function showOne(
  {engine, signal}: EngineWork,
  {containers}: StartedPackage,
  {follow, output, tail}: PackageLogsOptions,
): Promise<void> {
  const shown = new ContainerOutput(output)
  for (const {Id} of containers) {
    const details = await engine.container(Id)
    const logs = await engine.containerLogs(Id, signal, {
      follow,
      tail: tail === undefined ? undefined : String(tail),
    })
    await shown.follow(logs, details?.Config.Tty === true)
  }
  signal.throwIfAborted()
}

async function showProject(
  work: EngineWork,
  {name: project}: StartedPackage,
  {follow, output, tail}: PackageLogsOptions,
): Promise<void> {
  // Compose would read the files of a folder that has some.
  const folder = await mkdtemp(join(tmpdir(), 'keg-compose-'))
  const {stdout} = output
  const isTerminal = stdout !== undefined && 'isTTY' in stdout
  try {
    await composeLogs(
      {...work, project, folder, envFiles: []},
      {
        follow,
        tail,
        line: (line) => stdout?.write(`${isTerminal ? printable(line) : line}\n`),
      },
    )
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}
