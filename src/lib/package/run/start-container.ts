import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'

import {nameTaken} from './choose-name.js'
import {containerConfig, type ContainerPlan} from './container-config.js'
import type {ContainerOutput} from '../../container/container-output.js'
import {freeName} from './container-name.js'
import type {PlannedPort} from '../../container/port/port-plan.js'
import {portKey} from '../../container/port/published-ports.js'
import {beforeRun, isPortRefusal, startError} from '../../container/run-error.js'
import {checkResolvedDirectory} from './working-directory.js'
import {portTaken, refusedPorts} from '../../container/port/refused-ports.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** How often to retry a start with other ports or another name, if somebody else was faster. */
const MAX_ATTEMPTS = 20

/** Options for starting a package's container. */
export interface StartContainerOptions {
  /** Everything but the ports, which are chosen for each attempt. */
  readonly plan: Omit<ContainerPlan, 'ports'>
  /** Chooses the ports, avoiding those refused so far (`8080/tcp`). */
  readonly planPorts: (refused: ReadonlySet<string>) => Promise<readonly PlannedPort[]>
  /** Whether the user gave the name, so that it cannot be changed. */
  readonly nameIsGiven: boolean
  readonly output: ContainerOutput
  /** Ends the streams that are opened here. */
  readonly streams: AbortSignal
}

/** A container that was started; it may have ended already. */
export interface StartedPackage {
  readonly id: string
  readonly plan: ContainerPlan
  /** Resolves when the container ends. */
  readonly exitCode: Promise<number>
  /** Resolves when all its output has been passed on. */
  readonly printed: Promise<void>
  readonly warnings: readonly string[]
}

/**
 * Creates and starts the container. If a port that keg chose turns out to be taken, it chooses another, a few times. Removes what
 * a failed attempt created. Creating and starting are never interrupted, so that no unknown container is left.
 * @throws RunError 125, 126 or 127; RefusedError `working-directory-refused`; UsageError `name-taken`; the reason of the signal.
 */
export async function startPackage(
  work: Pick<EngineWork, 'engine' | 'signal'>,
  options: StartContainerOptions,
): Promise<StartedPackage> {
  const {engine, signal} = work
  const {output, streams} = options
  const refused = new Set<string>()
  const takenNames = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const ports = await options.planPorts(refused)
    const plan = {...options.plan, name: freeName(options.plan.name, takenNames), ports}
    signal.throwIfAborted()
    const created = await create(engine, plan, options.nameIsGiven)
    if (created === undefined) {
      if (attempt === MAX_ATTEMPTS) throw nameTaken(plan.name)
      takenNames.add(plan.name)
      continue
    }
    const {id, warnings} = created
    signal.throwIfAborted()
    await checkResolvedDirectory(engine, id, plan.workingDirectory ?? '')
    signal.throwIfAborted()
    const {exitCode} = await unlessAborted(engine.nextExit(id, streams), signal)
    const attached = await unlessAborted(engine.attachContainer(id, streams), signal)
    const printed = output.follow(attached, plan.settings.tty)
    try {
      await engine.startContainer(id)
      return {id, plan, exitCode, printed, warnings}
    } catch (error) {
      await engine.removeContainer(id, {force: true, volumes: true})
      if (!(error instanceof EngineError) || !isPortRefusal(error.response)) throw startError(error)
      const moved = portsToMove(error.response, ports)
      if (moved.length === 0 || attempt === MAX_ATTEMPTS) throw beforeRun(portTaken(error.response, error))
      for (const port of moved) refused.add(port)
    }
  }
}

/** Waits for a promise, or until the signal is aborted. The promise itself then runs on: its streams have their own signal. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const finished = new AbortController()
  const aborted = new Promise<never>((_, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, {once: true, signal: finished.signal})
  })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    finished.abort()
  }
}

/** @returns undefined if the derived name was taken in the meantime. */
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

/** The keg-chosen ports that a refusal is about: those it names, or all of them if it names none. */
export function portsToMove(refusal: string, ports: readonly PlannedPort[]): string[] {
  const numbers = refusedPorts(refusal).map((port) => port.split('/')[0])
  const named = ports.filter(({hostPort}) => numbers.includes(hostPort))
  return (named.length > 0 ? named : ports)
    .filter(({movable}) => movable)
    .map(({hostPort, protocol}) => portKey({port: Number(hostPort), protocol}))
}
