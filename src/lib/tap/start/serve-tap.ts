import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, KegError} from '../../error/keg-error.js'
import {boundPorts} from '../../port/bound-ports.js'
import {probePort, type ProbeTarget} from '../../port/probe.js'
import {portUrl, reachableAddress, type BoundPort} from '../../port/reachable-address.js'
import {waitUntilReady} from '../../port/readiness.js'
import {nameOf} from '../../target/find-target.js'
import {silent} from '../../terminal/progress.js'
import {printable} from '../../terminal/text.js'
import {idles} from '../exec/idles.js'
import {runTapCommand, type TapCommandResult} from '../exec/run-tap-command.js'
import type {Reach} from './reach.js'
import type {StartContext} from './start-options.js'
import {stillRunning} from './container/still-running.js'

/** Where a tap can be reached, once it can. */
export interface ServedTap {
  readonly url: string | undefined
  readonly ports: readonly BoundPort[]
}

/** A container that is up, and what is said once it can be used. */
export interface ServeOptions {
  readonly container: ContainerDetails
  readonly reach: Reach
  /** Called once. */
  readonly ready: (served: ServedTap) => void
}

/** What is served, and how it is waited for. */
interface Serving extends ServeOptions {
  readonly context: StartContext
  readonly ports: readonly BoundPort[]
  readonly targets: readonly ProbeTarget[]
  /** Where it will be, whether or not it answers. */
  readonly address: string | undefined
}

/**
 * Runs the tap's command where its container idles for it, waits until it answers, says so, and in the foreground follows the
 * command to its end.
 * @returns the exit code: the command's own in the foreground, else 0
 * @throws FailedError `container-ended`, `command-ended`, RunError `not-ready`, `unhealthy`, `exec-failed`; the reason of the signal
 */
export async function serveTap(context: StartContext, options: ServeOptions): Promise<number> {
  const {engine, opened} = context
  const container = await stillRunning(context, options.container)
  const ports = boundPorts(container, [])
  const targets = targetsOf(ports, context, options.reach.port)
  const [first] = targets
  const address = options.reach.url ?? (first && portUrl(first, 'silent'))
  const serving: Serving = {...options, container, context, ports, targets, address}
  if (!(await idles(engine, container, {isServing: () => answers(targets, context.options.signal)})))
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
  const {options} = serving.context
  serving.ready({ports: serving.ports, url: await whenReady(serving, options.signal, options.progress)})
  return 0
}

function serveIdle({address, container, context, ports, ready}: Serving, why: string): number {
  context.options.say(`${nameOf(container)} waits for a command: ${why}.`)
  ready({ports, url: address})
  return 0
}

async function serveDetached(serving: Serving): Promise<number> {
  const result = await runCommand(serving)
  if (result.kind === 'none') return serveIdle(serving, NO_COMMAND)
  // One that ends well may have left a server behind.
  if (result.kind === 'ended' && result.exitCode !== 0) throw commandEnded(serving, result.exitCode)
  return serveAnswering(serving)
}

function commandEnded({container, context: {opened}}: Serving, exitCode: number): FailedError {
  const name = printable(nameOf(container))
  return new FailedError(`The command of ${name} ended at once, with exit code ${exitCode}.`, {
    code: 'command-ended',
    hint: `What it printed says why: keg tap logs ${opened.tap.name}`,
    data: {exitCode},
  })
}

/** Its command is followed, and what keeps it from answering is told there better than by keg. */
async function serveForeground(serving: Serving): Promise<number> {
  const {address, container, context, ports, ready} = serving
  const {say, signal} = context.options
  const over = new AbortController()
  const running = runCommand(serving)
  const waiting = whenReady(serving, AbortSignal.any([signal, over.signal]), silent).catch((error: unknown) => {
    if (error instanceof KegError && !over.signal.aborted && !signal.aborted) say(`Warning: ${error.message}`)
    return address
  })
  try {
    const first = await Promise.race([running, waiting.then(() => undefined)])
    if (first?.kind === 'none') return serveIdle(serving, NO_COMMAND)
    if (first?.kind === 'ran-already') say(`The command of ${nameOf(container)} runs already: keg tap logs follows it.`)
    ready({ports, url: first?.kind === 'ended' ? undefined : await waiting})
    const result = await running
    return result.kind === 'ended' ? result.exitCode : 0
  } finally {
    over.abort()
    await waiting
  }
}

const NO_COMMAND = 'its image has none'

function runCommand({container, context}: Serving): Promise<TapCommandResult> {
  const {engine, opened, options, variables} = context
  const {detach, say, signal, streams} = options
  const command = opened.values.text('KEG_EXEC_CMD')
  return runTapCommand({engine, container, command, variables, detach, streams, say, signal})
}

/** Waits until it answers. @returns what a browser opens */
async function whenReady(
  {address, container, context, reach, targets}: Serving,
  signal: AbortSignal,
  progress: typeof silent,
): Promise<string | undefined> {
  const {engine, waitMilliseconds: milliseconds} = context
  if (milliseconds === 0) return address
  const hasHealthcheck = container.State.Health != null
  const url = await waitUntilReady({
    engine,
    container: container.Id,
    hasHealthcheck,
    targets,
    milliseconds,
    progress,
    signal,
  })
  return reach.url ?? url ?? address
}

/** Where it is waited for: the app's own port where somebody says which that is. */
function targetsOf(
  ports: readonly BoundPort[],
  {engine, options}: StartContext,
  port: number | undefined,
): ProbeTarget[] {
  const tcp = ports.filter(({protocol}) => protocol === 'tcp')
  const own = tcp.filter((each) => each.port === port)
  const wanted = own.length > 0 ? own : tcp
  const targets = wanted.flatMap((each) => reachableAddress(each, engine.endpoint) ?? [])
  if (targets.length < wanted.length)
    options.say("Ports on 127.0.0.1 are on the loopback of the engine's host, not of this one.")
  return targets
}
