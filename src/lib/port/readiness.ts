import {setTimeout as sleep} from 'node:timers/promises'
import type {Engine} from '../engine/engine.js'
import {silent, type ProgressListener} from '../terminal/progress.js'
import {formatDuration, printable} from '../terminal/text.js'
import {hostAndPort} from './published-ports.js'
import {probePort, type PortAnswer, type ProbeTarget} from './probe.js'
import {portUrl} from './reachable-address.js'
import {RunError} from '../container/run-error.js'

const POLL_MILLISECONDS = 200

/** How long, once a port accepts, keg goes on looking for one that answers HTTP. */
const HTTP_PATIENCE_MILLISECONDS = 3000

/** What to wait for. */
export interface ReadinessOptions {
  readonly engine: Engine
  readonly container: string
  readonly hasHealthcheck: boolean
  /** TCP ports that can be reached from here. */
  readonly targets: readonly ProbeTarget[]
  readonly milliseconds: number
  readonly progress?: ProgressListener
  readonly signal: AbortSignal
}

/**
 * Waits until the container is healthy, or, where it has no healthcheck, until the first of its ports accepts (one that answers HTTP is
 * preferred). @returns the address to open, undefined without a port.
 * @throws RunError `unhealthy`, `not-ready` (exit code 1); the reason of the signal.
 */
export async function waitUntilReady(options: ReadinessOptions): Promise<string | undefined> {
  const {hasHealthcheck, milliseconds, progress = silent, signal, targets} = options
  if (!hasHealthcheck && targets.length === 0) return undefined
  const stage = hasHealthcheck ? 'Waiting for the healthcheck' : `Waiting for ${targets.map(shownTarget).join(' or ')}`
  const deadline = Date.now() + milliseconds
  progress({stage, state: 'running'})
  if (!hasHealthcheck) {
    const url = await untilOpen(options, deadline, stage)
    progress({stage, state: 'done', note: 'ready'})
    return url
  }
  await untilHealthy(options, deadline, stage)
  progress({stage, state: 'done', note: 'healthy'})
  return bestUrl(targets, await Promise.all(targets.map((target) => probePort(target, signal))))
}

async function untilHealthy(options: ReadinessOptions, deadline: number, stage: string): Promise<void> {
  const {container, engine, milliseconds, progress = silent, signal} = options
  for (;;) {
    signal.throwIfAborted()
    const health = (await engine.container(container))?.State.Health
    const output = health?.Log?.at(-1)?.Output.trim() ?? ''
    const said = output === '' ? '' : ` It said: ${printable(output.slice(-500))}`
    if (health?.Status === 'healthy') return
    if (health?.Status === 'unhealthy')
      throw new RunError(`The container is unhealthy.${said}`, {
        code: 'unhealthy',
        hint: 'Look at what it printed; with --wait 0 keg does not wait for its healthcheck.',
        exitCode: 1,
      })
    if (Date.now() >= deadline)
      throw notReady(`The container is not healthy after ${formatDuration(milliseconds)}.${said}`)
    progress({stage, state: 'running'})
    await sleep(POLL_MILLISECONDS, undefined, {signal})
  }
}

async function untilOpen(options: ReadinessOptions, deadline: number, stage: string): Promise<string> {
  const {milliseconds, progress = silent, signal, targets} = options
  let acceptedAt: number | undefined
  for (;;) {
    signal.throwIfAborted()
    const answers = await Promise.all(targets.map((target) => probePort(target, signal)))
    signal.throwIfAborted()
    if (answers.some((answer) => answer !== 'closed')) acceptedAt ??= Date.now()
    const late = Date.now() >= Math.min(deadline, (acceptedAt ?? Infinity) + HTTP_PATIENCE_MILLISECONDS)
    const url = bestUrl(targets, answers)
    if (url !== undefined && (late || answers.some((answer) => answer === 'http' || answer === 'https'))) return url
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

/** The port that answers HTTP, else the first that accepts. */
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
