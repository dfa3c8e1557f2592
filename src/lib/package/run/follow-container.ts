import {setTimeout as sleep} from 'node:timers/promises'
import type {ContainerDetails} from '../../engine/types.js'
import {InterruptedError} from '../../error/keg-error.js'
import {formatReference} from '../../reference/reference.js'
import {silent} from '../../terminal/progress.js'
import {boundPorts} from '../../container/port/bound-ports.js'
import type {ContainerOutput} from '../../container/container-output.js'
import type {ObtainedImage} from '../../registry/obtain-image.js'
import type {PlannedPort} from '../../container/port/port-plan.js'
import {portUrl, reachableAddress, shownPort} from '../../container/port/reachable-address.js'
import {waitUntilReady} from '../../container/port/readiness.js'
import {removes, type Context, type RunResult} from './run-context.js'
import {RunError} from '../../container/run-error.js'
import {
  endedEarlyError,
  keepsFailed,
  notReadyError,
  type FailedContainer,
  type FailedStartError,
} from './failed-start.js'
import type {RefusedSetting} from './model.js'

/** A container that has been started, by this run or before it. */
export interface RunningContainer {
  readonly id: string
  readonly name: string
  /** Used if the engine does not report the ports, because the container has already ended. */
  readonly planned: readonly PlannedPort[]
  /** The URL behind a proxy; undefined without one. */
  readonly url: string | undefined
  readonly notGranted: readonly RefusedSetting[]
  readonly exitCode: Promise<number>
  readonly printed: Promise<void>
  readonly output: ContainerOutput
  /** Whether a signal stops it; a container that existed before is left as it is. */
  readonly stopOnSignal: boolean
}

/** Docker's own grace between the stop signal and the kill. */
const STOP_SECONDS = 10

/**
 * How long to watch a detached container without a readiness check, so that one that ends at once is not reported as running.
 */
const SETTLE_MILLISECONDS = 1000

/** How long to wait for the last of the output once a container has ended. */
const DRAIN_MILLISECONDS = 2000

/** A shell's exit code for a program whose reader has gone (128 + SIGPIPE). */
const BROKEN_PIPE = 141

/** Waits until a started container is ready, reports that, and follows it in the foreground. @returns the exit code. */
export async function followContainer(
  context: Context,
  obtained: ObtainedImage,
  session: RunningContainer,
  note: string | undefined,
): Promise<number> {
  const {options, request, work} = context
  const {engine, notice} = work
  const details = await engine.container(session.id)
  const ports = boundPorts(details, session.planned)
  const tcp = ports.filter(({protocol}) => protocol === 'tcp')
  const targets = tcp.flatMap((port) => reachableAddress(port, engine.endpoint) ?? [])
  if (tcp.length > targets.length)
    notice(
      `Ports on 127.0.0.1 are on the loopback of the engine's host, not of this one: -p 0.0.0.0:HOST:CONTAINER opens them.`,
    )
  const hasHealthcheck = details?.State.Health != null
  const waits = request.waitMilliseconds > 0
  const isAwaited = waits && (hasHealthcheck || targets.length > 0)
  const stop = new AbortController()
  const signal = AbortSignal.any([work.signal, stop.signal])
  const becomesReady = async (): Promise<{kind: 'ready'; url: string | undefined}> => {
    if (isAwaited) {
      const progress = options.detach ? work.progress : silent
      const milliseconds = request.waitMilliseconds
      const container = session.id
      const url = await waitUntilReady({engine, progress, signal}, {container, hasHealthcheck, targets, milliseconds})
      return {kind: 'ready', url}
    }
    if (waits && options.detach) await sleep(SETTLE_MILLISECONDS, undefined, {signal})
    const [first] = targets
    return {kind: 'ready', url: first && portUrl(first, 'silent')}
  }
  const ends = session.exitCode.then((code) => ({kind: 'ended', code}) as const)
  const first = await Promise.race([becomesReady(), ends])
    .catch((error: unknown) => {
      work.signal.throwIfAborted()
      throw error instanceof RunError ? notReadyError(error, failedContainer(context, session)) : error
    })
    .finally(() => stop.abort())
  work.signal.throwIfAborted()
  const result: RunResult = {
    container: session.id,
    name: session.name,
    reference: formatReference(request.reference),
    digest: obtained.digest ?? null,
    ports: ports.map(shownPort),
    url: (first.kind === 'ready' ? (session.url ?? first.url) : undefined) ?? null,
    understood: request.understood,
    notGranted: session.notGranted,
  }
  if (first.kind === 'ready') {
    options.ready(result)
    return options.detach ? 0 : follow(context, session, details)
  }
  const {code} = first
  await drained(session.printed)
  const failed = options.detach ? waits && (code !== 0 || isAwaited) : isAwaited && code !== 0
  if (failed) throw endedEarly(context, session, code, note)
  if (isAwaited) notice('Warning: the container has ended before it was ready.')
  options.ready(result)
  return options.detach ? 0 : code
}

/** Follows a container in the foreground until it ends, a signal arrives, or nobody reads its output any more. */
async function follow(
  {options, work}: Context,
  session: RunningContainer,
  details: ContainerDetails | undefined,
): Promise<number> {
  const {engine, notice, signal} = work
  const {output} = options
  const over = new AbortController()
  const stopped = new Promise<number>((resolve) => {
    const bySignal = (): void => {
      const reason: unknown = signal.reason
      resolve(reason instanceof InterruptedError ? reason.exitCode : 1)
    }
    if (signal.aborted) bySignal()
    signal.addEventListener('abort', bySignal, {once: true, signal: over.signal})
    const byReader = (): void => resolve(BROKEN_PIPE)
    output.stdout?.once('error', byReader)
    over.signal.addEventListener('abort', () => output.stdout?.off('error', byReader), {once: true})
  })
  try {
    const ended = session.exitCode.then((code) => ({by: 'itself', code}) as const)
    const first = await Promise.race([ended, stopped.then((code) => ({by: 'signal', code}) as const)])
    if (first.by === 'itself') {
      await drained(session.printed)
    } else if (session.stopOnSignal) {
      const seconds = details?.Config.StopTimeout ?? STOP_SECONDS
      notice(`Stopping ${session.name} (it has ${seconds} s to end by itself) …`)
      await engine.stopContainer(session.id, seconds)
      await drained(session.printed)
      notice(removes(options) ? `${session.name} is stopped and removed.` : `${session.name} is stopped.`)
    } else notice(`${session.name} is still running.`)
    return first.code
  } finally {
    over.abort()
  }
}

/** The error for a container that ended before it was ready. */
function endedEarly(
  context: Context,
  session: RunningContainer,
  code: number,
  note: string | undefined,
): FailedStartError {
  const container = failedContainer(context, session)
  const isForeign = note !== undefined && container.lastLines.some((line) => line.includes('exec format error'))
  const usual = 'See its output. To look inside, use --entrypoint and a command after --.'
  return endedEarlyError(code, isForeign ? note : usual, container)
}

function failedContainer(
  {options, request}: Context,
  {id, name, output, stopOnSignal}: RunningContainer,
): FailedContainer {
  return {
    id,
    name,
    reference: formatReference(request.reference),
    lastLines: output.lastLines(),
    isShown: !options.detach && options.output.stderr !== undefined,
    // One that existed before is left as it is.
    isKept: keepsFailed(options) || !stopOnSignal,
    detach: options.detach,
  }
}

/** Waits for the end of the output, but not forever: a process that outlives the container may keep it open. */
async function drained(printed: Promise<void>): Promise<void> {
  const patience = new AbortController()
  const late = sleep(DRAIN_MILLISECONDS, undefined, {signal: patience.signal}).catch(() => undefined)
  await Promise.race([printed, late])
  patience.abort()
}
