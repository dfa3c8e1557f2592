import type {ContainerDetails} from '../../../engine/types.js'
import {FailedError} from '../../../error/keg-error.js'
import {ContainerOutput} from '../../../container/container-output.js'
import {nameOf} from '../../../target/find-target.js'
import {printable} from '../../../terminal/text.js'
import type {StartContext} from '../start-options.js'

/**
 * The container as it is now.
 * @throws FailedError `container-ended` with the last lines that it printed
 */
export async function stillRunning(
  {engine, opened, options}: StartContext,
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
): Promise<ContainerDetails> {
  const details = await engine.container(container.Id)
  if (details?.State.Running === true) return details
  const name = printable(nameOf(container))
  const code = details?.State.ExitCode
  const output = new ContainerOutput({stdout: undefined, stderr: undefined})
  if (details !== undefined) {
    const logs = await engine.containerLogs(details.Id, options.signal, {follow: false, tail: String(MOST_LINES)})
    await output.follow(engine, logs, details.Config.Tty === true)
  }
  const lines = output.lastLines().map((line) => printable(line))
  const how = code === undefined ? 'is gone' : `has ended with exit code ${code}`
  throw new FailedError([`The container ${name} ${how}.`, ...lines.map((line) => `  ${line}`)].join('\n'), {
    code: 'container-ended',
    hint: `What it printed says why. It has to run on, if only by waiting; more of it is shown by: keg tap logs ${opened.tap.name}`,
    data: {exitCode: code ?? null, logs: lines},
  })
}

const MOST_LINES = 20
