import {setTimeout as sleep} from 'node:timers/promises'
import {formatDuration, printable} from '../../terminal/text.js'
import {hostAndPort} from './published-ports.js'
import {probePort, type PortAnswer, type ProbeTarget} from './probe.js'
import {portUrl} from './reachable-address.js'
import {RunError} from '../run-error.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {Work} from '../../work/work.js'

const POLL_MILLISECONDS = 200

/** Once a port accepts connections, how long to wait for one that answers HTTP. */
const HTTP_TIMEOUT_MILLISECONDS = 3000

/** What to wait for. */
export interface ReadinessOptions {
  readonly container: string
  readonly hasHealthcheck: boolean
  /** TCP ports that can be reached from this machine. */
  readonly targets: readonly ProbeTarget[]
  readonly milliseconds: number
  /** Called each time; throws if there is nothing left to wait for. */
  readonly check?: () => Promise<void>
}

/**
 * Waits until the container is healthy, or without a healthcheck until one of its ports accepts connections (preferably one
 * that answers HTTP). @returns the URL to open, undefined without a port.
 * @throws RunError `unhealthy`, `not-ready` (exit code 1); the reason of the signal.
 */
export async function waitUntilReady(
  work: Pick<EngineWork, 'engine' | 'progress' | 'signal'>,
  options: ReadinessOptions,
): Promise<string | undefined> {
  const {progress, signal} = work
  const {hasHealthcheck, milliseconds, targets} = options
  if (!hasHealthcheck && targets.length === 0) return undefined
  const stage = hasHealthcheck ? 'Waiting for the healthcheck' : `Waiting for ${targets.map(shownTarget).join(' or ')}`
  const deadline = Date.now() + milliseconds
  progress({stage, state: 'running'})
  if (!hasHealthcheck) {
    const url = await untilOpen(work, options, deadline, stage)
    progress({stage, state: 'done', note: 'ready'})
    return url
  }
  await untilHealthy(work, options, deadline, stage)
  progress({stage, state: 'done', note: 'healthy'})
  return bestUrl(targets, await Promise.all(targets.map((target) => probePort(target, signal))))
}

async function untilHealthy(
  work: Pick<EngineWork, 'engine' | 'progress' | 'signal'>,
  options: ReadinessOptions,
  deadline: number,
  stage: string,
): Promise<void> {
  const {engine, progress, signal} = work
  const {check, container, milliseconds} = options
  for (;;) {
    signal.throwIfAborted()
    await check?.()
    const health = (await engine.container(container))?.State.Health
    const output = health?.Log?.at(-1)?.Output.trim() ?? ''
    const outputText = output === '' ? '' : ` It said: ${printable(output.slice(-500))}`
    if (health?.Status === 'healthy') return
    if (health?.Status === 'unhealthy')
      throw new RunError(`The container is unhealthy.${outputText}`, {
        code: 'unhealthy',
        hint: 'Look at what it printed; with --wait 0 keg does not wait for its healthcheck.',
        exitCode: 1,
      })
    if (Date.now() >= deadline)
      throw notReady(`The container is not healthy after ${formatDuration(milliseconds)}.${outputText}`)
    progress({stage, state: 'running'})
    await sleep(POLL_MILLISECONDS, undefined, {signal})
  }
}

async function untilOpen(
  work: Pick<Work, 'progress' | 'signal'>,
  options: ReadinessOptions,
  deadline: number,
  stage: string,
): Promise<string> {
  const {progress, signal} = work
  const {check, milliseconds, targets} = options
  let acceptedAt: number | undefined
  for (;;) {
    signal.throwIfAborted()
    await check?.()
    const answers = await Promise.all(targets.map((target) => probePort(target, signal)))
    signal.throwIfAborted()
    if (answers.some((answer) => answer !== 'closed')) acceptedAt ??= Date.now()
    const isLate = Date.now() >= Math.min(deadline, (acceptedAt ?? Infinity) + HTTP_TIMEOUT_MILLISECONDS)
    const url = bestUrl(targets, answers)
    if (url !== undefined && (isLate || answers.some((answer) => answer === 'http' || answer === 'https'))) return url
    if (Date.now() >= deadline)
      throw notReady(
        `Nothing answers at ${targets.map(shownTarget).join(' or ')} after ${formatDuration(milliseconds)}.`,
      )
    progress({stage, state: 'running'})
    await sleep(POLL_MILLISECONDS, undefined, {signal})
  }
}

function notReady(message: string): RunError {
  return new RunError(message, {
    code: 'not-ready',
    hint: 'Give it longer with --wait 5m, or do not wait with --wait 0.',
    exitCode: 1,
  })
}

/** The port that answers HTTP, or else the first that accepts connections. */
export function bestUrl(targets: readonly ProbeTarget[], answers: readonly PortAnswer[]): string | undefined {
  for (const wanted of [
    ['http', 'https'],
    ['silent', 'other'],
  ]) {
    const index = answers.findIndex((answer) => wanted.includes(answer))
    const target = targets[index]
    const answer = answers[index]
    if (target !== undefined && answer !== undefined) return portUrl(target, answer)
  }
  return undefined
}

function shownTarget({host, port}: ProbeTarget): string {
  return hostAndPort(host, port)
}
