import {setTimeout as sleep} from 'node:timers/promises'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, KegError} from '../../error/keg-error.js'
import {boundPorts} from '../../container/port/bound-ports.js'
import {probePort, type ProbeTarget} from '../../container/port/probe.js'
import {portUrl, reachableAddress, type BoundPort} from '../../container/port/reachable-address.js'
import {waitUntilReady} from '../../container/port/readiness.js'
import {commandLine} from '../../terminal/command-line.js'
import {silent} from '../../terminal/progress.js'
import {isIdle} from '../exec/is-idle.js'
import {runTapCommand, type TapCommandResult} from '../exec/run-tap-command.js'
import type {Routing} from './routing.js'
import type {StartContext} from './model.js'
import {containerEnded, lastLines} from './container/container-ended.js'
import {notEnded, stillRunning} from './container/still-running.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** Where a tap can be reached when it is ready. */
export interface ServedTap {
  readonly url: string | undefined
  readonly ports: readonly BoundPort[]
}

/** A started container, and what to do when it is ready. */
export interface ServeOptions {
  readonly container: ContainerDetails
  readonly reach: Routing
  /** Checks what is wrong besides the app: reported after the app is ready, instead of success. */
  readonly findOtherFailure: () => Promise<KegError | undefined>
  /** Called once. */
  readonly ready: (served: ServedTap) => void
}

/** What is served, and how to wait for it. */
interface Serving extends ServeOptions {
  readonly context: StartContext
  readonly ports: readonly BoundPort[]
  readonly targets: readonly ProbeTarget[]
  /** Its URL, whether or not it answers. */
  readonly address: string | undefined
  /** Throws what will keep it from ever answering. */
  readonly check: () => Promise<void>
}

/**
 * Runs the tap's command if its container is idle, waits until it answers, reports it as ready, and in the foreground
 * follows the command to its end.
 * @returns the exit code: the command's own in the foreground, otherwise 0
 * @throws FailedError `container-ended`, also for another service, `command-ended`, RunError `not-ready`, `unhealthy`,
 * `exec-failed`; the reason of the signal
 */
export async function serveTap(context: StartContext, options: ServeOptions): Promise<number> {
  const {engine, opened} = context
  const container = await stillRunning(context, options.container)
  const ports = boundPorts(container, [])
  const targets = targetsOf(ports, context, options.reach.port)
  const [first] = targets
  const address = options.reach.url ?? (first && portUrl(first, 'silent'))
  const check = async (): Promise<void> => {
    await notEnded(context, container)
  }
  const serving: Serving = {...options, container, context, ports, targets, address, check}
  if (!(await isIdle(engine, container, {isServing: () => answers(targets, context.signal)})))
    return serveAnswering(serving)
  if (!opened.values.isOn('KEG_AUTO_DOCKER_EXEC')) return serveIdle(serving, 'KEG_AUTO_DOCKER_EXEC is off')
  return context.options.detach ? serveDetached(serving) : serveForeground(serving)
}

/** Whether something listens at one of its ports. */
async function answers(targets: readonly ProbeTarget[], signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  const found = await Promise.all(targets.map((target) => probePort(target, signal)))
  return found.some((answer) => answer !== 'closed')
}

async function serveAnswering(serving: Serving): Promise<number> {
  const {container, context, ports, ready} = serving
  const {progress, signal} = context
  const url = await whenReady(serving, signal, progress).catch((error: unknown) => notAnswering(error, serving))
  await serving.check()
  await stillRunning(context, container)
  await refuseFailure(serving)
  ready({ports, url})
  return 0
}

/** A problem besides the app makes a start fail. */
async function refuseFailure({findOtherFailure}: Pick<Serving, 'findOtherFailure'>): Promise<void> {
  const failure = await findOtherFailure()
  if (failure !== undefined) throw failure
}

/** A container that keeps restarting is not slow, nor is one whose database has ended. */
async function notAnswering(error: unknown, serving: Serving): Promise<never> {
  const {container, context} = serving
  const isLate = error instanceof KegError && error.code === 'not-ready'
  const details = isLate ? await context.engine.container(container.Id) : undefined
  const restarts = (details?.RestartCount ?? 0) - (container.RestartCount ?? 0)
  if (details !== undefined && restarts > 0) throw await containerEnded(context, container, details, restarts)
  if (isLate) await refuseFailure(serving)
  throw error
}

async function serveIdle(serving: Serving, why: string): Promise<number> {
  const {address, container, context, ports, ready} = serving
  context.notice(`${nameOf(container)} is idle, and runs no command: ${why}.`)
  await refuseFailure(serving)
  ready({ports, url: address})
  return 0
}

/** Its own program is all that can make it healthy. */
async function serveWithoutCommand(serving: Serving): Promise<number> {
  const {signal, progress} = serving.context
  await whenReady({...serving, targets: []}, signal, progress)
  return serveIdle(serving, 'its image has none')
}

async function serveDetached(serving: Serving): Promise<number> {
  const result = await runCommand(serving)
  if (result.kind === 'none') return serveWithoutCommand(serving)
  // A command that ends with 0 may have left a server running.
  if (result.kind === 'ended' && result.exitCode !== 0) throw await commandEnded(serving, result.exitCode)
  if (result.kind !== 'running') return serveAnswering(serving)
  const check = async (): Promise<void> => {
    await serving.check()
    const exec = await serving.context.engine.exec(result.exec)
    if (exec?.Running === false && exec.ExitCode !== 0) throw await commandEnded(serving, exec.ExitCode ?? 0)
  }
  const isWaitedFor = serving.targets.length > 0 || serving.container.State.Health != null
  // There is no other sign of a successful start.
  if (!isWaitedFor) await sleep(COMMAND_MILLISECONDS, undefined, {signal: serving.context.signal})
  return serveAnswering({...serving, check})
}

/** How long a command takes that ends because it cannot start. */
const COMMAND_MILLISECONDS = 700

async function commandEnded({container, context}: Serving, exitCode: number): Promise<FailedError> {
  const lines = await lastLines(context, container)
  const message = `The command of ${shownName(container)} has ended, with exit code ${exitCode}.`
  return new FailedError([message, ...lines.map((line) => `  ${line}`)].join('\n'), {
    code: 'command-ended',
    hint: `See its output with: ${commandLine`keg tap logs ${context.opened.tap.name}`}`,
    data: {exitCode, logs: lines},
  })
}

/** Its command is followed, and its output explains better than keg what keeps it from answering. */
async function serveForeground(serving: Serving): Promise<number> {
  const {address, container, context, findOtherFailure, ports, ready} = serving
  const {notice, signal} = context
  const failure = await findOtherFailure()
  if (failure !== undefined) notice(`Warning: ${failure.message}`)
  const over = new AbortController()
  const running = runCommand(serving)
  const waiting = whenReady(serving, AbortSignal.any([signal, over.signal]), silent).catch((error: unknown) => {
    if (error instanceof KegError && !over.signal.aborted && !signal.aborted) notice(`Warning: ${error.message}`)
    return address
  })
  try {
    const first = await Promise.race([running, waiting.then(() => undefined)])
    if (first?.kind === 'none') {
      over.abort()
      return await serveWithoutCommand({...serving, findOtherFailure: () => Promise.resolve(undefined)})
    }
    ready({ports, url: first?.kind === 'ended' ? undefined : await waiting})
    const result = await running
    // An app that already runs may answer before that is known.
    if (result.kind === 'ran-already')
      notice(
        `The command of ${nameOf(container)} is already running. Follow it with: ${commandLine`keg tap logs ${context.opened.tap.name} --follow`}`,
      )
    return result.kind === 'ended' ? result.exitCode : 0
  } finally {
    over.abort()
    await waiting
  }
}

function runCommand({container, context}: Serving): Promise<TapCommandResult> {
  const {opened, options, variables} = context
  const {detach, streams} = options
  const command = opened.values.text('KEG_EXEC_CMD')
  return runTapCommand(context, {container, command, variables, detach, streams})
}

/** Waits until it answers. @returns its URL */
async function whenReady(
  {address, check, container, context, reach, targets}: Serving,
  signal: AbortSignal,
  progress: typeof silent,
): Promise<string | undefined> {
  const {engine, waitMilliseconds: milliseconds} = context
  if (milliseconds === 0) return address
  const hasHealthcheck = container.State.Health != null
  const url = await waitUntilReady(
    {engine, progress, signal},
    {container: container.Id, hasHealthcheck, targets, milliseconds, check},
  )
  return reach.url ?? url ?? address
}

/** Which ports to wait for: the app's own port if it is known. */
function targetsOf(
  ports: readonly BoundPort[],
  {engine, notice}: StartContext,
  port: number | undefined,
): ProbeTarget[] {
  const tcp = ports.filter(({protocol}) => protocol === 'tcp')
  const own = tcp.filter((each) => each.port === port)
  const wanted = own.length > 0 ? own : tcp
  const targets = wanted.flatMap((each) => reachableAddress(each, engine.endpoint) ?? [])
  if (targets.length < wanted.length)
    notice("Ports on 127.0.0.1 are on the loopback of the engine's host, not of this one.")
  return targets
}
