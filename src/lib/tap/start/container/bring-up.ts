import {randomUUID} from 'node:crypto'
import type {ContainerDetails} from '../../../engine/types.js'
import {FailedError, KegError} from '../../../error/keg-error.js'
import {isPortRefusal} from '../../../container/run-error.js'
import {ensureNetwork} from '../../../proxy/network.js'
import {nameOf} from '../../../target/find-target.js'
import {serviceOf} from '../../containers/container-order.js'
import {printable} from '../../../terminal/text.js'
import type {ComposeModel} from '../../compose/compose-model.js'
import {composeTask} from '../../compose/run-compose.js'
import {idles} from '../../exec/idles.js'
import {SETTINGS_LABEL} from '../../compose/settings-digest.js'
import type {ExistingContainers} from './existing.js'
import {takeBack, thingsOf} from './made-things.js'
import {changesOf} from './own-changes.js'
import {placed, type StartPlan} from '../plan-start.js'
import type {Decision} from './recreate.js'
import type {StartContext} from '../start-options.js'

/** How often ports are looked for anew, when somebody was faster. */
const MOST_ATTEMPTS = 5

/** What is up. */
export interface BroughtUp {
  /** The app's container. */
  readonly main: ContainerDetails
  /** Removes what was made for it; where a container was replaced, nothing. */
  readonly undo: () => Promise<void>
}

/**
 * Has docker compose bring everything up. What was made is removed again where that fails or is interrupted, and a container that
 * was there is left as it was.
 * @throws FailedError `compose-failed`, `port-taken`, MissingError `compose-missing`; the reason of the signal
 */
export async function bringUp(
  context: StartContext,
  plan: StartPlan,
  existing: ExistingContainers,
  decision: Decision,
): Promise<BroughtUp> {
  const {engine, names, options} = context
  const refused = new Set<string>()
  for (let attempt = 1; ; attempt++) {
    const before = await thingsOf(engine, names.project)
    const networks: string[] = []
    try {
      for (const network of plan.reach.networks)
        if (await ensureNetwork(engine, network, randomUUID())) networks.push(network)
      const {model, moved} = await placed(context, plan, existing, refused)
      await upAll(context, {...plan, model}, existing, decision)
      if (decision.kind !== 'start')
        for (const {from, service, to} of moved)
          options.say(`Port ${from} of ${printable(service)} is taken here: it is published at ${to}.`)
      const main = await engine.container(names.project)
      const undo = async (): Promise<void> => {
        if (decision.kind === 'recreate') return
        await tellLeft(
          context,
          takeBack({engine, project: names.project, before, networks, existing: existing.main, keepsStarted: false}),
        )
      }
      if (main !== undefined) return {main, undo}
      throw new FailedError(`docker compose made no container ${names.project}.`, {
        code: 'compose-failed',
        hint: 'The model that it was given is shown by: keg tap start --dry-run --json',
      })
    } catch (error) {
      const ports = refusedPorts(error)
      const keepsStarted = !options.signal.aborted && ports.length === 0
      const broken = {engine, project: names.project, before, networks, existing: existing.main, keepsStarted}
      await tellLeft(context, takeBack(broken))
      if (ports.length === 0 || decision.kind === 'start') throw error
      if (attempt === MOST_ATTEMPTS || ports.every((port) => refused.has(port))) throw portTaken(error)
      for (const port of ports) refused.add(port)
    }
  }
}

/** What is wrong with a start is not hidden by what is wrong with taking it back. */
async function tellLeft({opened: {tap}, options: {say}}: StartContext, taking: Promise<string[]>): Promise<void> {
  try {
    const left = (await taking).map((name) => printable(name))
    if (left.length > 0)
      say(`Left for its logs: ${left.join(', ')} (docker logs). It goes with: keg tap destroy ${tap.name}`)
  } catch (error) {
    const problem = error instanceof Error ? error.message : ''
    say(`Warning: what was made could not be taken back (${problem}). It goes with: keg tap destroy ${tap.name}`)
  }
}

/** The services that depend on each other are started in their order, and made anew only where keg has decided so. */
async function upAll(
  context: StartContext,
  {model, service, settings}: StartPlan,
  existing: ExistingContainers,
  decision: Decision,
): Promise<void> {
  const {engine, names, options} = context
  const up = async (words: readonly string[], stage: string): Promise<void> =>
    composeTask(context.compose, {model, words: ['up', '--detach', ...words], stage, progress: options.progress})
  const {changed, fragile} = await examineServices(context, existing, settings, decision)
  if (changed.length > 0) await up(['--no-deps', '--force-recreate', ...changed], `Making ${changed.join(', ')} anew`)
  if (decision.kind === 'recreate') {
    const {main} = existing
    // Of another service compose does not know that it is to be replaced, and its name is needed.
    if (main !== undefined && serviceOf(main) !== service) await engine.removeContainer(main.Id, {force: true})
    // Compose makes anew what the service depends on, too, where it takes that for changed.
    const needed = dependenciesOf(model, service)
    const isAlone = fragile && needed.length > 0
    if (isAlone) await up(['--no-recreate', ...needed], `Starting ${needed.join(', ')}`)
    // A package brings what is in its volumes; compose would put those of before in its place.
    const renews = options.from === undefined ? [] : ['--renew-anon-volumes']
    // What only waits has nothing to end by itself, and mostly does not hear that it should.
    const isIdle = main?.State.Running === true && (await idles(engine, main, {isPatient: false}))
    const words = [...(isAlone ? ['--no-deps'] : []), ...renews, ...(isIdle ? ['--timeout', '1'] : [])]
    await up(['--force-recreate', ...words, service], `Making ${names.project} anew`)
  }
  if (decision.kind !== 'recreate' || Object.keys(model.services).length > 1)
    await up(['--no-recreate'], `Starting ${names.project}`)
}

/**
 * Looks at the containers beside the app's: which would be made otherwise now and have nothing of their own to lose, and whether
 * one has.
 */
async function examineServices(
  {engine, options}: StartContext,
  {services}: ExistingContainers,
  settings: StartPlan['settings'],
  decision: Decision,
): Promise<{readonly changed: readonly string[]; readonly fragile: boolean}> {
  const changed: string[] = []
  let fragile = false
  for (const container of services) {
    const service = serviceOf(container) ?? ''
    const wanted = settings[service]
    const isChanged = wanted !== undefined && wanted !== container.Config.Labels?.[SETTINGS_LABEL]
    if (options.recreate === false || (!isChanged && decision.kind !== 'recreate')) continue
    const lost = await changesOf(engine, container, options.environment, options.signal)
    if (isChanged && (lost.length === 0 || options.recreate === true)) changed.push(service)
    else if (lost.length > 0) fragile = true
    if (isChanged && lost.length > 0 && options.recreate !== true)
      options.say(
        `Warning: ${printable(nameOf(container))} is not as the compose file has it now, and has changes of its own: it is only started. --recreate makes it anew.`,
      )
  }
  return {changed, fragile}
}

/** What a service depends on, directly; compose starts what those depend on. */
function dependenciesOf(model: ComposeModel, service: string): string[] {
  const wanted = model.services[service]?.depends_on
  return typeof wanted === 'object' && wanted !== null ? Object.keys(wanted) : []
}

/** The ports of the host (`8080/tcp`) that an engine refused to docker compose. */
export function refusedPorts(error: unknown): string[] {
  if (!(error instanceof KegError) || error.code !== 'compose-failed' || !isPortRefusal(error.message)) return []
  const found = error.message.matchAll(/(?:\d|\]|:)?:(\d{1,5})(?:\/(tcp|udp))?(?=[\s:]|$)/g)
  return [...new Set(Array.from(found, ([, port, protocol = 'tcp']) => `${port ?? ''}/${protocol}`))]
}

function portTaken(cause: unknown): FailedError {
  return new FailedError(`A port to publish is taken: ${cause instanceof Error ? cause.message : ''}`, {
    code: 'port-taken',
    hint: 'Give another one with -p HOST:CONTAINER, or leave the host out: then keg finds a free one.',
    cause,
  })
}
