import {randomUUID} from 'node:crypto'
import {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {thisOwner} from '../../maintenance/owner.js'
import {offerToFree} from '../../maintenance/offer-to-free.js'
import {formatReference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import {obtainImage, type ObtainedImage} from '../obtain-image.js'
import {boundPorts, freePorts} from '../../port/bound-ports.js'
import {chooseName, type ChosenName} from './choose-name.js'
import {checkWorkingDirectory, type ContainerPlan} from './container-config.js'
import {freeName} from './container-name.js'
import {ContainerOutput, type OutputTargets} from './container-output.js'
import {discardRun, removeCompletely} from './discard.js'
import {equivalentLine} from './equivalent-line.js'
import {platformNote} from './platform-note.js'
import type {PlannedPort} from '../../port/port-plan.js'
import {shownPort} from '../../port/reachable-address.js'
import {removes, type Context, type RunPackageOptions} from './run-context.js'
import {beforeRun, startError} from './run-error.js'
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
  const output = new ContainerOutput(options.detach ? NOWHERE : options.output)
  const streams = new AbortController()
  try {
    const {id, plan, exitCode, printed, warnings} = await startContainer({
      engine,
      plan: planOf(context, obtained, name),
      planPorts: (refusedPorts) => portsFor(context, image, refusedPorts),
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
    const session = {id, name: plan.name, planned: plan.ports, exitCode, printed, output, stopOnSignal: true}
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
    const session = {id, name, planned: [], exitCode, printed, output, stopOnSignal: false}
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
): Promise<PlannedPort[]> {
  return freePorts({engine, image, requests: request.ports, network: request.network, refused})
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
  const ports = await portsFor(context, local.image, new Set())
  const plan: ContainerPlan = {...planOf(context, local, freeName(request.name, taken)), ports}
  say(`This would be done: ${lineOf(context, plan)}`)
  options.ready({
    container: null,
    name: plan.name,
    reference: name,
    digest: request.reference.digest ?? null,
    ports: boundPorts(undefined, ports).map(shownPort),
    url: null,
    understood: request.understood,
  })
  return 0
}

function planOf(
  {options, request, run}: Context,
  {image, pinned}: ObtainedImage,
  name: string,
): Omit<ContainerPlan, 'ports'> {
  return {
    image: formatReference(pinned),
    imageLabels: image.Config?.Labels ?? {},
    name,
    detach: options.detach,
    // In the foreground keg removes it itself, after it has read the last of what it printed.
    autoRemove: options.detach && removes(options),
    isAttached: !options.detach && removes(options),
    command: request.command,
    entrypoint: request.entrypoint,
    variables: request.variables,
    network: request.network,
    settings: decideSettings(image.Config).granted,
    run,
    owner: thisOwner(),
  }
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
