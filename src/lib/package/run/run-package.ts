import {randomUUID} from 'node:crypto'
import {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {thisOwner} from '../../maintenance/owner.js'
import {offerToFree} from '../../maintenance/offer-to-free.js'
import {ensureNetwork, removeUnusedNetwork} from '../../proxy/network.js'
import {formatReference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import {obtainImage, type ObtainedImage} from '../../registry/obtain-image.js'
import {boundPorts, freePorts} from '../../port/bound-ports.js'
import {chooseName, type ChosenName} from './choose-name.js'
import {checkWorkingDirectory, type ContainerPlan} from './container-config.js'
import {freeName} from './container-name.js'
import {ContainerOutput, type OutputTargets} from '../../container/container-output.js'
import {discardRun, removeCompletely} from '../../container/discard.js'
import {equivalentLine} from './equivalent-line.js'
import {proxied} from './proxied.js'
import {platformNote} from './platform-note.js'
import type {PlannedPort} from '../../port/port-plan.js'
import {shownPort} from '../../port/reachable-address.js'
import {removes, type Context, type RunPackageOptions} from './run-context.js'
import {beforeRun, startError} from '../../container/run-error.js'
import {readRequest} from './run-request.js'
import {decideSettings} from './granted-settings.js'
import {serve} from './session.js'
import {startContainer} from './start-container.js'

const NOWHERE: OutputTargets = {stdout: undefined, stderr: undefined}

/**
 * Runs a package: pulls it, publishes its ports where they are free, waits until it answers, calls `ready`, and in the foreground
 * follows it to its end. Whatever fails or interrupts it, no container and no anonymous volume stays; the pulled image may.
 * @returns the exit code: the container's own in the foreground, 130 or 143 when a signal stopped it there, 0 when detached.
 * @throws UsageError before anything is called; RefusedError; MissingError without an engine; RunError; the reason of the signal.
 */
export async function runPackage(options: RunPackageOptions): Promise<number> {
  const {environment, say, signal} = options
  const request = await readRequest(options, options)
  say(`Understood: ${request.understood}.`)
  signal.throwIfAborted()
  await using engine = await Engine.connect(environment)
  const context: Context = {options, request, engine, run: randomUUID()}
  if (options.dryRun) return await describeRun(context)
  await offerToFree({engine, environment, questions: options.questions, say})
  const obtaining = obtainImage({...options, engine, reference: request.reference})
  const obtained = await obtaining.catch((error: unknown) => {
    throw beforeRun(error)
  })
  const {image} = obtained
  checkWorkingDirectory(image)
  const note = platformNote(image, await engine.platform())
  if (note !== undefined) say(`Warning: ${note}`)
  const chosen = await chooseName({
    engine,
    name: request.name,
    explicit: request.nameIsGiven,
    image: image.Id,
    questions: options.questions,
    say,
  })
  signal.throwIfAborted()
  return chosen.kind === 'reuse'
    ? await reuse(context, obtained, chosen)
    : await runNew(context, obtained, chosen.name, note)
}

async function runNew(
  context: Context,
  obtained: ObtainedImage,
  name: string,
  note: string | undefined,
): Promise<number> {
  const {engine, options, request, run} = context
  const {image} = obtained
  const {refused} = decideSettings(image.Config)
  if (refused.length > 0)
    options.say(`Not granted, though the developer's container had it: ${printable(refused.join('; '))}.`)
  const reach = reachOf(context, image, name)
  if (options.proxy !== undefined && reach.url === undefined)
    options.say('Warning: Nothing says at which port the proxy reaches it: name one with -p.')
  const output = new ContainerOutput(options.detach ? NOWHERE : options.output)
  const streams = new AbortController()
  try {
    if (reach.ownNetwork !== undefined) await ensureNetwork(engine, reach.ownNetwork, run)
    const {id, plan, exitCode, printed, warnings} = await startContainer({
      engine,
      plan: planOf(context, obtained, name, reach),
      planPorts: (refusedPorts) => portsFor(context, image, refusedPorts, reach),
      nameIsGiven: request.nameIsGiven,
      output,
      signal: options.signal,
      streams: streams.signal,
    })
    for (const warning of warnings) options.say(`Warning: ${warning}`)
    for (const {hostPort, movable, port} of plan.ports)
      if (movable && hostPort !== String(port))
        options.say(`Port ${port} is taken here: it is published at ${hostPort === '' ? 'another number' : hostPort}.`)
    options.say(`Started ${plan.name}. Without keg: ${lineOf(context, plan)}`)
    const {url} = reach
    const session = {id, name: plan.name, planned: plan.ports, url, exitCode, printed, output, stopOnSignal: true}
    const code = await serve(context, obtained, session, note)
    if (!options.detach && removes(options)) await removeCompletely(engine, id)
    return code
  } catch (error) {
    await discardRun(engine, run).catch((problem: unknown) => {
      options.say(
        `Warning: what was started could not be removed (${problem instanceof Error ? problem.message : ''}); it is taken away by: keg doctor --fix`,
      )
    })
    throw error
  } finally {
    streams.abort()
    // While the container is there, this does nothing.
    if (reach.ownNetwork !== undefined) await removeUnusedNetwork(engine, reach.ownNetwork).catch(() => undefined)
  }
}

/** Uses a container that is there, started if need be; it is neither stopped nor removed at the end. */
async function reuse(
  context: Context,
  obtained: ObtainedImage,
  {container: id, name}: Extract<ChosenName, {kind: 'reuse'}>,
): Promise<number> {
  const {engine, options} = context
  const streams = new AbortController()
  try {
    await engine.startContainer(id).catch((error: unknown) => {
      throw startError(error)
    })
    const details = await engine.container(id)
    const exitCode = engine.waitContainer(id, streams.signal)
    exitCode.catch(() => undefined)
    const output = new ContainerOutput(options.detach ? NOWHERE : options.output)
    const logs = await engine.containerLogs(id, streams.signal)
    const printed = output.follow(engine, logs, details?.Config.Tty === true)
    const session = {id, name, planned: [], url: undefined, exitCode, printed, output, stopOnSignal: false}
    return await serve(context, obtained, session, undefined)
  } finally {
    streams.abort()
  }
}

/** Finds ports of the host for what the user asked for and the image exposes. */
function portsFor(
  {engine, request}: Context,
  image: ImageDetails,
  refused: ReadonlySet<string>,
  {network, url}: Reach,
): Promise<PlannedPort[]> {
  return freePorts({engine, image, requests: request.ports, network, publishesExposed: url === undefined, refused})
}

/** How a container is reached: through a proxy, or else by ports alone. */
interface Reach {
  readonly network: string | undefined
  /** A network of the proxy's that the user did not name: made where it is missing, and removed when nothing is in it. */
  readonly ownNetwork: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** What a browser opens behind the proxy. */
  readonly url: string | undefined
}

function reachOf({options, request}: Context, image: Pick<ImageDetails, 'Config'>, name: string): Reach {
  const {proxy} = options
  const byPorts: Reach = {network: request.network, ownNetwork: undefined, labels: {}, url: undefined}
  if (proxy === undefined) return byPorts
  const network = request.network ?? proxy.network
  const found = proxied({proxy, image, reference: request.reference, name, network, requests: request.ports})
  if (found === undefined) return byPorts
  return {...found, network, ownNetwork: request.network === undefined ? network : undefined}
}

/** Says what would be done, as far as that is known without pulling anything. */
async function describeRun(context: Context): Promise<number> {
  const {engine, options, request} = context
  const {say} = options
  const name = formatReference(request.reference)
  const image = await engine.image(name)
  say(
    image === undefined
      ? `${name} is not in this engine yet: its ports are known once it is pulled.`
      : `${name} is in this engine.`,
  )
  const rows = await engine.containers()
  const taken = new Set(rows.flatMap(({Names}) => (Names ?? []).map((full) => full.slice(1))))
  const local: ObtainedImage = {
    digest: request.reference.digest,
    pinned: request.reference,
    image: image ?? {Id: '', Architecture: '', Os: '', Size: 0, RootFS: {Type: 'layers'}},
  }
  const containerName = freeName(request.name, taken)
  const reach = reachOf(context, local.image, containerName)
  const ports = await portsFor(context, local.image, new Set(), reach)
  const plan: ContainerPlan = {...planOf(context, local, containerName, reach), ports}
  say(`This would be done: ${lineOf(context, plan)}`)
  options.ready({
    container: null,
    name: plan.name,
    reference: name,
    digest: request.reference.digest ?? null,
    ports: boundPorts(undefined, ports).map(shownPort),
    url: reach.url ?? null,
    understood: request.understood,
  })
  return 0
}

function planOf(
  {options, request, run}: Context,
  {image, pinned}: ObtainedImage,
  name: string,
  {labels, network}: Reach,
): Omit<ContainerPlan, 'ports'> {
  return {
    image: formatReference(pinned),
    imageLabels: image.Config?.Labels ?? {},
    proxyLabels: labels,
    name,
    detach: options.detach,
    // In the foreground keg removes it itself, after it has read the last of what it printed.
    autoRemove: options.detach && removes(options),
    isAttached: !options.detach && removes(options),
    command: request.command,
    entrypoint: request.entrypoint,
    variables: request.variables,
    ownVariables: isTapPackage(image) ? [RUN_VARIABLE] : [],
    network,
    settings: decideSettings(image.Config).granted,
    run,
    owner: thisOwner(),
  }
}

/** What a tap's run script is told by: without it that only waits for keg to run it. */
const RUN_VARIABLE = 'KEG_DOCKER_EXEC=package-run'

/** Whether a package was made of a tap, by what taps have in their environment. */
function isTapPackage({Config}: Pick<ImageDetails, 'Config'>): boolean {
  const isPackage = Config?.Labels?.['com.keg.package.schema'] !== undefined
  return isPackage && (Config.Env ?? []).some((variable) => /^(?:KEG|DOC)_/.test(variable))
}

function lineOf({options}: Context, plan: ContainerPlan): string {
  return equivalentLine({
    plan,
    remove: removes(options),
    typedVariables: options.variables,
    environmentFiles: options.environmentFiles,
    engine: options,
  })
}
