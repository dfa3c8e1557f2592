import {setTimeout as sleep} from 'node:timers/promises'
import type {ContainerDetails} from '../../engine/types.js'
import {InterruptedError} from '../../error/keg-error.js'
import {formatReference} from '../../reference/reference.js'
import {silent} from '../../terminal/progress.js'
import {printable} from '../../terminal/text.js'
import {boundPorts} from '../../port/bound-ports.js'
import type {ContainerOutput} from '../../container/container-output.js'
import type {ObtainedImage} from '../../registry/obtain-image.js'
import type {PlannedPort} from '../../port/port-plan.js'
import {portUrl, reachableAddress, shownPort} from '../../port/reachable-address.js'
import {waitUntilReady} from '../../port/readiness.js'
import {removes, type Context, type RunResult} from './run-context.js'
import {RunError} from '../../container/run-error.js'

/** A container that has been started, by this run or before it. */
export interface Session {
  readonly id: string
  readonly name: string
  /** Where the engine does not say which ports it has, because it has ended already. */
  readonly planned: readonly PlannedPort[]
  /** What a browser opens behind a proxy; undefined without one. */
  readonly url: string | undefined
  readonly exitCode: Promise<number>
  readonly printed: Promise<void>
  readonly output: ContainerOutput
  /** Stopped by a signal; a container that was there before is left as it is. */
  readonly stopOnSignal: boolean
}

/** Docker's own grace between the stop signal and the kill. */
const STOP_SECONDS = 10

/** How long a detached container without anything to wait for is watched, so that one that ends at once is not called running. */
const SETTLE_MILLISECONDS = 1000

/** How long the last of the output may take, once a container has ended. */
const DRAIN_MILLISECONDS = 2000

/** What a shell gives for a program whose reader has gone (128 + SIGPIPE). */
const BROKEN_PIPE = 141

/** Waits until a started container is ready, says so, and follows it in the foreground. @returns the exit code. */
export async function serve(
  context: Context,
  obtained: ObtainedImage,
  session: Session,
  note: string | undefined,
): Promise<number> {
  const {engine, options, request} = context
  const details = await engine.container(session.id)
  const ports = boundPorts(details, session.planned)
  const tcp = ports.filter(({protocol}) => protocol === 'tcp')
  const targets = tcp.flatMap((port) => reachableAddress(port, engine.endpoint) ?? [])
  if (tcp.length > targets.length)
    options.say(
      `Ports on 127.0.0.1 are on the loopback of the engine's host, not of this one: -p 0.0.0.0:HOST:CONTAINER opens them.`,
    )
  const hasHealthcheck = details?.State.Health != null
  const waits = request.waitMilliseconds > 0
  const isAwaited = waits && (hasHealthcheck || targets.length > 0)
  const stop = new AbortController()
  const signal = AbortSignal.any([options.signal, stop.signal])
  const becomesReady = async (): Promise<{kind: 'ready'; url: string | undefined}> => {
    if (isAwaited) {
      const progress = options.detach ? options.progress : silent
      const milliseconds = request.waitMilliseconds
      const container = session.id
      const url = await waitUntilReady({engine, container, hasHealthcheck, targets, milliseconds, progress, signal})
      return {kind: 'ready', url}
    }
    if (waits && options.detach) await sleep(SETTLE_MILLISECONDS, undefined, {signal})
    const [first] = targets
    return {kind: 'ready', url: first && portUrl(first, 'silent')}
  }
  const ends = session.exitCode.then((code) => ({kind: 'ended', code}) as const)
  const first = await Promise.race([becomesReady(), ends])
    .catch((error: unknown) => {
      options.signal.throwIfAborted()
      throw error
    })
    .finally(() => stop.abort())
  options.signal.throwIfAborted()
  const result: RunResult = {
    container: session.id,
    name: session.name,
    reference: formatReference(request.reference),
    digest: obtained.digest ?? null,
    ports: ports.map(shownPort),
    url: (first.kind === 'ready' ? (session.url ?? first.url) : undefined) ?? null,
    understood: request.understood,
  }
  if (first.kind === 'ready') {
    options.ready(result)
    return options.detach ? 0 : follow(context, session, details)
  }
  const {code} = first
  await drained(session.printed)
  const failed = options.detach ? waits && (code !== 0 || isAwaited) : isAwaited && code !== 0
  if (failed) throw endedEarly(context, session, code, note)
  if (isAwaited) options.say('Warning: the container has ended before it was ready.')
  options.ready(result)
  return options.detach ? 0 : code
}

/** Follows a container in the foreground until it ends, a signal comes, or nobody reads what it prints. */
async function follow(
  {engine, options}: Context,
  session: Session,
  details: ContainerDetails | undefined,
): Promise<number> {
  const {output, say, signal} = options
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
      say(`Stopping ${session.name} (it has ${seconds} s to end by itself) …`)
      await engine.stopContainer(session.id, seconds)
      await drained(session.printed)
      say(removes(options) ? `${session.name} is stopped and removed.` : `${session.name} is stopped.`)
    } else say(`${session.name} runs on.`)
    return first.code
  } finally {
    over.abort()
  }
}

function endedEarly({options}: Context, {output}: Session, code: number, note: string | undefined): RunError {
  const logs = output.lastLines().map((line) => printable(line))
  const shown = !options.detach && options.output.stderr !== undefined
  const foreign = note !== undefined && logs.some((line) => line.includes('exec format error'))
  return new RunError(
    [
      `The container ended with exit code ${code} before it was ready.`,
      ...(shown ? [] : logs.map((line) => `  ${line}`)),
    ].join('\n'),
    {
      code: 'container-ended',
      hint: foreign ? note : 'What it printed says why; --entrypoint and a command after -- let you look inside.',
      exitCode: code === 0 ? 1 : code,
      data: {exitCode: code, logs},
    },
  )
}

/** Waits for the end of the output, but not for ever: a process that outlives the container may hold it open. */
async function drained(printed: Promise<void>): Promise<void> {
  const patience = new AbortController()
  const late = sleep(DRAIN_MILLISECONDS, undefined, {signal: patience.signal}).catch(() => undefined)
  await Promise.race([printed, late])
  patience.abort()
}
