import {EngineError} from '../engine/engine-error.js'
import {commandLine} from '../terminal/command-line.js'
import {FailedError, type ErrorDetails} from '../error/keg-error.js'

/**
 * The package could not be run. Exit codes are those of `docker run`: 125 the engine (or a pull) failed, 126 the command
 * cannot be invoked, 127 the command does not exist, otherwise the container's own
 * (https://docs.docker.com/reference/cli/docker/container/run/#exit-status).
 */
export class RunError extends FailedError {
  override readonly exitCode: number

  constructor(message: string, {exitCode = 125, ...details}: ErrorDetails & {exitCode?: number}) {
    super(message, details)
    this.exitCode = exitCode
  }
}

/** An error before the container exists, reported as `docker run` does: 125, unless it has a more specific code. */
export function beforeRun(error: unknown): unknown {
  if (!(error instanceof FailedError) || error instanceof RunError || error.exitCode !== 1) return error
  const {code, hint, data, message} = error
  return new RunError(message, {code, cause: error, ...(hint !== undefined && {hint}), ...(data && {data})})
}

/** The error for a container that could not be created or started. */
export function startError(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error
  const {response} = error
  const exitCode = startExitCode(response)
  const network = /network (\S+) not found/.exec(response)?.[1]
  if (network !== undefined)
    return new RunError(`There is no network ${network}.`, {
      code: 'network-unknown',
      hint: `List the networks with: ${commandLine`docker network ls`}`,
      cause: error,
    })
  if (error.isFull) return beforeRun(error)
  const message = `The container cannot be started: ${response}`
  if (/\/proc\/sys\/|rlimit/.test(response))
    return new RunError(message, {
      code: 'start-failed',
      hint: "This machine does not have what the developer's had: leave it out with --no-run-settings.",
      cause: error,
    })
  if (/Cannot mkdir: .* is not a directory/.test(response))
    return new RunError(message, {
      code: 'start-failed',
      hint: 'Its working directory is no folder: give another with --workdir PATH.',
      cause: error,
    })
  if (exitCode === undefined)
    return new RunError(message, {code: 'start-failed', hint: 'Look into the log of the engine.', cause: error})
  return new RunError(message, {
    code: 'command-failed',
    hint: 'Look at the command after -- and at --entrypoint.',
    exitCode,
    cause: error,
  })
}

/** docker/cli, cli/command/container/run.go: which start errors are about the command. */
function startExitCode(response: string): 126 | 127 | undefined {
  if (/executable file not found|no such file or directory|system cannot find the file/i.test(response)) return 127
  if (/permission denied|is a directory|exec format error/i.test(response) && !isPortRefusal(response)) return 126
  return undefined
}

/** Whether a start failed because a host port was not available. */
export function isPortRefusal(response: string): boolean {
  return /port is already allocated|address already in use|ports are not available|privileged port|failed to bind host port|bind: /i.test(
    response,
  )
}
