import {RunError} from '../../container/run-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {RunPackageOptions} from './run-context.js'

/** A container that failed to start properly, and how it was requested. */
export interface FailedContainer {
  readonly id: string
  readonly name: string
  /** Reference of its package, to run it again. */
  readonly reference: string
  /** The last lines of what it printed, raw. */
  readonly lastLines: readonly string[]
  /** Whether they were already shown. */
  readonly isShown: boolean
  /** Whether it is kept for inspection. */
  readonly isKept: boolean
  readonly detach: boolean
}

/** A package's container that did not become ready. It is kept, unless `--rm` was given. */
export class FailedStartError extends RunError {}

/** Whether to keep a container that fails, or is not ready in time: only `--rm` on the command line removes it. */
export function keepsFailed({remove}: Pick<RunPackageOptions, 'remove'>): boolean {
  return remove !== true
}

/**
 * The error for a container that is still running but not ready, or unhealthy: with its last lines, and what the user can do.
 */
export function notReadyError(error: RunError, container: FailedContainer): FailedStartError {
  return new FailedStartError([error.message, ...logLines(container)].join('\n'), {
    code: error.code,
    hint: container.isKept ? stillRunning(container) : (error.hint ?? ''),
    exitCode: error.exitCode,
    cause: error,
    data: {...error.data, ...dataOf(container)},
  })
}

/** The error for a container that ended before it was ready. @param hint the possible reason */
export function endedEarlyError(code: number, hint: string, container: FailedContainer): FailedStartError {
  const message = `The container ended with exit code ${code} before it was ready.`
  return new FailedStartError([message, ...logLines(container)].join('\n'), {
    code: 'container-ended',
    hint: container.isKept ? `${hint}\n${keptText(container.name)}` : hint,
    exitCode: code === 0 ? 1 : code,
    data: {exitCode: code, ...dataOf(container)},
  })
}

/** How to inspect a container that has ended, and how to remove it. */
export function keptText(name: string): string {
  return [
    `The container ${name} is kept.`,
    `  Show its output: ${commandLine`docker logs ${name}`}`,
    `  Remove it: ${commandLine`docker rm --volumes ${name}`}`,
  ].join('\n')
}

/** How to follow and stop a container that runs in the background. @param isRemoved whether the engine removes it when it ends */
export function backgroundText(name: string, isRemoved: boolean): string {
  const lines = [
    `${name} runs in the background.`,
    `  Follow its output: ${commandLine`docker logs -f ${name}`}`,
    `  Stop it: ${commandLine`docker stop ${name}`}`,
  ]
  const remove = `  Stop and remove it: ${commandLine`docker rm --force --volumes ${name}`}`
  return [...lines, ...(isRemoved ? [] : [remove])].join('\n')
}

function stillRunning(container: FailedContainer): string {
  const {detach, name, reference} = container
  const background = detach ? ['--detach'] : []
  const wait = commandLine`keg docker package run ${reference} --name ${name} --pull never --reuse --wait 5m ${background}`
  return [
    `The container ${name} is kept, and still running.`,
    `  Follow its output: ${commandLine`docker logs -f ${name}`}`,
    `  Keep waiting: ${wait}`,
    `  Stop it: ${commandLine`docker stop ${name}`}`,
    `  Stop and remove it: ${commandLine`docker rm --force --volumes ${name}`}`,
  ].join('\n')
}

function logLines({isShown, lastLines}: FailedContainer): string[] {
  return isShown ? [] : lastLines.map((line) => `  ${printable(line)}`)
}

function dataOf({id, isKept, lastLines, name}: FailedContainer) {
  return {logs: lastLines.map((line) => printable(line)), container: isKept ? id : null, name}
}
