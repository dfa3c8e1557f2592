import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'

import {nameTaken} from './choose-name.js'
import {containerConfig, type ContainerPlan} from './container-config.js'
import type {ContainerOutput} from '../../container/container-output.js'
import {freeName} from './container-name.js'
import type {PlannedPort} from '../../port/port-plan.js'
import {portKey, type Protocol} from '../../port/published-ports.js'
import {isPortRefusal, RunError, startError} from '../../container/run-error.js'

/** How often a start is tried anew, with other ports or another name, when somebody was faster. */
const MOST_ATTEMPTS = 20

/** What is needed to start a package's container. */
export interface StartOptions {
  readonly engine: Engine
  /** Everything but the ports, which are found anew for every attempt. */
  readonly plan: Omit<ContainerPlan, 'ports'>
  /** Finds the ports, keeping away from those refused so far (`8080/tcp`). */
  readonly planPorts: (refused: ReadonlySet<string>) => Promise<readonly PlannedPort[]>
  /** The name was given by the user: no other will do. */
  readonly nameIsGiven: boolean
  readonly output: ContainerOutput
  readonly signal: AbortSignal
  /** Ends the streams that are opened here. */
  readonly streams: AbortSignal
}

/** A container that runs, or has run: it may have ended already. */
export interface StartedContainer {
  readonly id: string
  readonly plan: ContainerPlan
  /** Comes with the end of the container. */
  readonly exitCode: Promise<number>
  /** Comes when everything it printed has been passed on. */
  readonly printed: Promise<void>
  readonly warnings: readonly string[]
}

/**
 * Creates and starts the container. When a port that keg chose turns out to be taken it is moved, a few times. What a failed attempt
 * made is removed; creating and starting are never broken off in the middle, so that no container is made that nobody knows of.
 * @throws RunError 125, 126 or 127; UsageError `name-taken`; the reason of the signal.
 */
export async function startContainer(options: StartOptions): Promise<StartedContainer> {
  const {engine, output, signal, streams} = options
  const refused = new Set<string>()
  const takenNames = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const ports = await options.planPorts(refused)
    const plan = {...options.plan, name: freeName(options.plan.name, takenNames), ports}
    signal.throwIfAborted()
    const created = await create(engine, plan, options.nameIsGiven)
    if (created === undefined) {
      if (attempt === MOST_ATTEMPTS) throw nameTaken(plan.name)
      takenNames.add(plan.name)
      continue
    }
    const {id, warnings} = created
    signal.throwIfAborted()
    const {exitCode} = await unlessAborted(engine.nextExit(id, streams), signal)
    const attached = await unlessAborted(engine.attachContainer(id, streams), signal)
    const printed = output.follow(engine, attached, plan.settings.tty)
    try {
      await engine.startContainer(id)
      return {id, plan, exitCode, printed, warnings}
    } catch (error) {
      await engine.removeContainer(id, {force: true, volumes: true})
      if (!(error instanceof EngineError) || !isPortRefusal(error.said)) throw startError(error)
      const moved = refusedPorts(error.said, ports)
      if (moved.length === 0 || attempt === MOST_ATTEMPTS) throw portTaken(error)
      for (const port of moved) refused.add(port)
    }
  }
}

/** What a promise brings, unless the signal comes first; what it would have brought is then left to those streams' own signal. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, {once: true, signal: over.signal})
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    over.abort()
  }
}

/** @returns undefined when the derived name has been taken in between. */
async function create(
  engine: Engine,
  plan: ContainerPlan,
  nameIsGiven: boolean,
): Promise<{id: string; warnings: readonly string[]} | undefined> {
  try {
    return await engine.createContainer(containerConfig(plan), plan.name)
  } catch (error) {
    if (!(error instanceof EngineError) || error.status !== 409) throw startError(error)
    if (nameIsGiven) throw nameTaken(plan.name)
    return undefined
  }
}

/** Which of the ports that keg chose a refusal is about: the one it names, all of them where it names none. */
export function refusedPorts(said: string, ports: readonly PlannedPort[]): string[] {
  const hostKey = ({hostPort, protocol}: {hostPort: string; protocol: Protocol}): string =>
    portKey({port: Number(hostPort), protocol})
  const isNamed = ({hostPort}: PlannedPort): boolean =>
    hostPort !== '' && new RegExp(`(?:[:\\s])${hostPort}(?!\\d)`).test(said)
  const named = ports.filter(isNamed)
  return (named.length > 0 ? named : ports).filter(({movable}) => movable).map(hostKey)
}

function portTaken(error: EngineError): RunError {
  return new RunError(`A port to publish is taken: ${error.said}`, {
    code: 'port-taken',
    hint: 'Give another one with -p HOST:CONTAINER, or leave the host out: then keg finds a free one.',
    cause: error,
  })
}
