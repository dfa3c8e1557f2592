import {EngineError} from '../../engine/engine-error.js'
import type {ExecRequest} from '../../engine/exec.js'
import type {OutputPart} from '../../engine/multiplexed.js'
import type {ContainerDetails} from '../../engine/types.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {shownName} from '../container-name.js'
import {RunError} from '../run-error.js'

/** A command that was not started, and where. */
export interface FailedExec extends Partial<Pick<ExecRequest, 'command' | 'workingDirectory'>> {
  readonly container: Pick<ContainerDetails, 'Name'>
}

/** The error if the engine refused to start a command; any other error as it is. */
export function execError(error: unknown, failed: FailedExec): unknown {
  return error instanceof EngineError ? notStarted(error.response, failed, error) : error
}

/**
 * Whether a first part of output may be the engine's message that it did not start the command: it sends that as output of
 * the command.
 */
export function isRefusal({bytes}: OutputPart): boolean {
  return /^(?:OCI runtime exec failed: |unable to find (?:user|group) |no (?:users|groups) found)/.test(
    bytes.toString('utf8', 0, 100),
  )
}

/** The error for a command that did not start; exit codes are those of docker. */
export function notStarted(
  response: string,
  {command: [program = ''] = [], container, workingDirectory}: FailedExec,
  cause?: unknown,
): RunError {
  const name = shownName(container)
  const [message, hint, exitCode] = reason(response, {program: printable(program), name, workingDirectory})
  return new RunError(message, {code: 'exec-failed', hint, exitCode, cause})
}

interface Place {
  readonly program: string
  /** The name of the container. */
  readonly name: string
  readonly workingDirectory: string | undefined
}

/** @returns message, hint and exit code */
function reason(response: string, {name, program, workingDirectory}: Place): [string, string, 125 | 126 | 127] {
  const said = printable(response.trim())
  if (/unable to find (?:user|group)|no (?:users|groups) found/i.test(said))
    return [`Cannot run anything in ${name}: ${said}`, 'Use a user that the container has, or a number.', 126]
  if (/chdir to cwd|mkdir .* (?:file exists|not a directory)/i.test(said)) {
    const folder = workingDirectory === undefined ? 'its working directory' : printable(workingDirectory)
    return [`Cannot run ${program} in ${name}: there is no folder ${folder}.`, 'Use a folder that it has.', 126]
  }
  if (/executable file not found|no such file or directory/i.test(said))
    return program === 'sh'
      ? [`There is no shell in ${name}.`, 'Run one of its programs instead, after --.', 127]
      : [`There is no program ${program} in ${name}.`, 'Use a program that it has. keg runs it without a shell.', 127]
  const trouble = /permission denied|is a directory|exec format error/i.exec(said)?.[0].toLowerCase()
  if (trouble !== undefined && /exec: /.test(said))
    return [
      `Cannot run ${program} in ${name}: ${trouble}.`,
      'Use a file that is a program, and executable for the user.',
      126,
    ]
  return [`Cannot run anything in ${name}: ${said}`, `Check its state with: ${commandLine`docker ps -a`}`, 125]
}
