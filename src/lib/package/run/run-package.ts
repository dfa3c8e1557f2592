import {withEngine} from '../../engine/engine-work.js'
import type {ImageDetails} from '../../engine/types.js'
import {KegError, UsageError} from '../../error/keg-error.js'
import {thisOwner} from '../../lock/process-owner.js'
import {rememberContainer} from '../../container/container-state.js'
import {offerRecovery} from '../../container/leftover/offer-recovery.js'
import {ensureNetwork, removeUnusedNetwork} from '../../proxy/network.js'
import {formatReference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {obtainImage, type ObtainedImage} from '../../registry/obtain-image.js'
import {boundPorts, freePorts} from '../../container/port/bound-ports.js'
import type {Work} from '../../work/work.js'
import {chooseName, type ChosenName} from './choose-name.js'
import type {ContainerPlan} from './container-config.js'
import {freeName} from './container-name.js'
import {ContainerOutput, type OutputTargets} from '../../container/container-output.js'
import {discardRun, removeCompletely} from '../../container/discard.js'
import {SERVICE_LABEL} from '../../image/labels.js'
import {packageSummary, summaryFacts} from '../../image/package-summary.js'
import {backgroundText, FailedStartError, keepsFailed, keptText} from './failed-start.js'
import {equivalentLine} from './equivalent-line.js'
import {proxied} from './proxied.js'
import {platformNote} from './platform-note.js'
import type {PlannedPort} from '../../container/port/port-plan.js'
import {shownPort} from '../../container/port/reachable-address.js'
import {removes, type Context, type RunPackageOptions} from './run-context.js'
import {beforeRun, startError} from '../../container/run-error.js'
import {readRequest} from './run-request.js'
import {isGiven} from './docker-flags.js'
import {loadPackageFile} from '../file/load-package-file.js'
import {requestsHosts, decideSettings, NO_SETTINGS} from './granted-settings.js'
import {findHostAddresses} from './host-address.js'
import {refusedText} from './refused-settings.js'
import {followContainer} from './follow-container.js'
import {startPackage} from './start-container.js'
import {checkWorkingDirectory} from './working-directory.js'
import type {SettingsDecision, RefusedSetting} from './model.js'

const NOWHERE: OutputTargets = {stdout: undefined, stderr: undefined}

/**
 * Runs a package: pulls it, publishes its ports where they are free, waits until it answers, calls `ready`, and in the foreground
 * follows it until it ends. If it fails or is interrupted, no container and no anonymous volume is left, but the pulled image may
 * be. Only a container that ends before it is ready, or is not ready in time, is kept for inspection, unless `remove`.
 * @returns the exit code: the container's own in the foreground, 130 or 143 if a signal stopped it there, 0 if detached.
 * @throws UsageError before anything is called; RefusedError; MissingError without an engine; RunError; the reason of the signal.
 */
export async function runPackage(surrounding: Work, options: RunPackageOptions): Promise<number> {
  const {notice, signal} = surrounding
  const request = await readRequest(surrounding, options)
  if (!request.isPlain) notice(`Understood: ${request.understood}.`)
  signal.throwIfAborted()
  const work = await withEngine(surrounding)
  const context: Context = {work, options, request}
  if (options.outputCompose !== undefined) return await outputCompose(context, options.outputCompose)
  if (options.dryRun) return await describeRun(context)
  await offerRecovery(work)
  const {engine} = work
  const obtained = await obtain(context).catch((error: unknown) => {
    throw beforeRun(error)
  })
  const {image} = obtained
  const project = await projectOf(context, image)
  if (project !== undefined) return project.run()
  describeImage(context, image)
  checkWorkingDirectory(image)
  const note = platformNote(image, await engine.platform())
  if (note !== undefined) notice(`Warning: ${note}`)
  const chosen = await chooseName(work, {
    name: request.name,
    explicit: request.nameIsGiven,
    image: image.Id,
    answer: options.onTakenName,
  })
  signal.throwIfAborted()
  return chosen.kind === 'reuse'
    ? await reuse(context, obtained, chosen)
    : await runNew(context, obtained, chosen.name, note)
}

/** A package in the engine, and the name that its container is created from. */
interface ObtainedPackage extends ObtainedImage {
  readonly imageName: string
}

async function obtain({options, request, work}: Context): Promise<ObtainedPackage> {
  const {file, reference} = request
  if (file !== undefined) return loadPackageFile(work, file)
  const obtained = await obtainImage(work, {pull: options.pull, reference})
  return {...obtained, imageName: formatReference(obtained.pinned)}
}

/** Writes the compose file of a project. @throws UsageError `not-a-project` */
async function outputCompose(context: Context, folder: string): Promise<number> {
  const {request, work} = context
  const {openProject} = await import('../project/open-project.js')
  const project = request.file === undefined ? await openProject(work, request.reference, work.engine) : undefined
  if (project === undefined)
    throw new UsageError(`${printable(formatReference(request.reference))} is not a package of a compose project.`, {
      code: 'not-a-project',
      hint: `--output-compose is for packages that were made with: ${commandLine`keg docker package --project`}`,
    })
  const {writeCompose} = await import('../run-project/write-compose.js')
  return writeCompose(context, project, folder)
}

/**
 * The compose project that a reference names. Engines that pull its index get the image of one of its services: only then is the registry
 * asked, and the code for projects loaded.
 * @returns undefined for a single package, also for the image of one service
 */
async function projectOf(
  context: Context,
  {Config}: Pick<ImageDetails, 'Config'>,
): Promise<{readonly run: () => Promise<number>} | undefined> {
  const {request, work} = context
  if (request.file !== undefined || Config?.Labels?.[SERVICE_LABEL] === undefined) return undefined
  const {openProject} = await import('../project/open-project.js')
  const project = await openProject(work, request.reference, work.engine).catch((error: unknown) => {
    throw beforeRun(error)
  })
  if (project === undefined) return undefined
  const {runProject} = await import('../run-project/run-project.js')
  return {run: () => runProject(context, project)}
}

/** Reports where the package comes from; for an image that is not a package, how the reference was understood. */
function describeImage({request, work: {notice}}: Context, image: ImageDetails): void {
  const facts = summaryFacts(image.Config?.Labels)
  if (facts !== undefined) notice(packageSummary(formatReference(request.reference), facts, new Date()))
  else if (request.isPlain) notice(`Understood: ${request.understood}.`)
}

async function runNew(
  context: Context,
  obtained: ObtainedPackage,
  name: string,
  note: string | undefined,
): Promise<number> {
  const {options, request, work} = context
  const {engine, notice, run} = work
  const {image} = obtained
  const decision = await decide(context, image)
  if (decision.refused.length > 0) notice(printable(refusedText(decision.refused)))
  const reach = packageRouting(context, image, name)
  if (options.proxy !== undefined && reach.url === undefined)
    notice('Warning: The port for the proxy is not known. Set it with -p.')
  const output = new ContainerOutput(options.detach ? NOWHERE : options.output)
  const streams = new AbortController()
  try {
    if (reach.ownNetwork !== undefined) await ensureNetwork(engine, reach.ownNetwork, run)
    const {id, plan, exitCode, printed, warnings} = await startPackage(work, {
      plan: planOf(context, obtained, name, reach, decision),
      planPorts: (refusedPorts) => portsFor(context, image, refusedPorts, reach),
      nameIsGiven: request.nameIsGiven,
      output,
      streams: streams.signal,
    })
    for (const warning of warnings) notice(`Warning: ${warning}`)
    for (const {hostPort, movable, port} of plan.ports)
      if (movable && hostPort !== String(port))
        notice(`Port ${port} is taken: published at ${hostPort === '' ? 'another number' : hostPort} instead.`)
    notice(`Started ${plan.name}. Without keg: ${lineOf(context, plan)}`)
    const {url} = reach
    const notGranted = decision.refused
    const made = {id, name: plan.name, planned: plan.ports, url, notGranted}
    const session = {...made, exitCode, printed, output, stopOnSignal: true}
    const code = await followContainer(context, obtained, session, note).catch(async (error: unknown) => {
      if (error instanceof FailedStartError && keepsFailed(options) && !options.detach)
        await rememberKept(context, made)
      throw error
    })
    if (options.detach) notice(backgroundText(plan.name, removes(options)))
    else if (isCrash(context, code)) {
      notice(`The container ended with exit code ${code}.`)
      if (keepsFailed(options)) {
        await rememberKept(context, made)
        notice(keptText(plan.name))
      } else await removeCompletely(engine, id)
    } else if (removes(options)) await removeCompletely(engine, id)
    return code
  } catch (error) {
    if (error instanceof FailedStartError && keepsFailed(options)) throw error
    await discardRun(engine, run).catch((problem: unknown) => {
      notice(
        `Warning: cannot remove what was started (${problem instanceof Error ? problem.message : ''}). Remove it with: ${commandLine`keg doctor --fix`}`,
      )
    })
    throw error
  } finally {
    streams.abort()
    // Does nothing while the container exists.
    if (reach.ownNetwork !== undefined) await removeUnusedNetwork(engine, reach.ownNetwork).catch(() => undefined)
  }
}

/** Its labels say to remove it when it ends, and labels cannot be changed: otherwise keg doctor would offer to remove it. */
async function rememberKept(
  {work: {engine, environment, notice}}: Context,
  {id, name}: {readonly id: string; readonly name: string},
): Promise<void> {
  await rememberContainer({engine, environment}, {Id: id, Name: name}, {kept: true}).catch((error: unknown) => {
    if (!(error instanceof KegError)) throw error
    notice(`Warning: ${commandLine`keg doctor --fix`} will offer to remove ${name}. ${error.message}`)
  })
}

/** Exit codes of intended ends: a closed pipe (SIGPIPE), and `docker kill` or `docker stop` (SIGKILL, SIGTERM); 128 + signal. */
const ENDED_BY_SIGNAL: readonly number[] = [141, 137, 143]

/** Whether a followed container failed by itself. The exit code of a user's own command is that command's result. */
function isCrash({request, work: {signal}}: Context, code: number): boolean {
  const isOwnCommand = request.command.length > 0 || request.entrypoint !== undefined
  return code !== 0 && !isOwnCommand && !signal.aborted && !ENDED_BY_SIGNAL.includes(code)
}

/** Uses an existing container, and starts it if needed. It is neither stopped nor removed at the end. */
async function reuse(
  context: Context,
  obtained: ObtainedImage,
  {container: id, name}: Extract<ChosenName, {kind: 'reuse'}>,
): Promise<number> {
  const {options, work} = context
  const {engine} = work
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
    const printed = output.follow(logs, details?.Config.Tty === true)
    const found = {id, name, planned: [], url: undefined, notGranted: []}
    const session = {...found, exitCode, printed, output, stopOnSignal: false}
    return await followContainer(context, obtained, session, undefined)
  } finally {
    streams.abort()
  }
}

/** Finds host ports for those that the user requested and the image exposes. */
function portsFor(
  {request, work: {engine}}: Context,
  image: ImageDetails,
  refused: ReadonlySet<string>,
  {network, url}: PackageRouting,
): Promise<PlannedPort[]> {
  return freePorts({engine}, {image, requests: request.ports, network, publishesExposed: url === undefined, refused})
}

/** How to reach a container: through a proxy, or only through ports. */
interface PackageRouting {
  readonly network: string | undefined
  /** A network of the proxy that the user did not name: created if missing, and removed when it is empty. */
  readonly ownNetwork: string | undefined
  readonly labels: Readonly<Record<string, string>>
  /** The URL behind the proxy. */
  readonly url: string | undefined
}

function packageRouting(
  {options, request}: Context,
  image: Pick<ImageDetails, 'Config'>,
  name: string,
): PackageRouting {
  const {proxy} = options
  const byPorts: PackageRouting = {network: request.network, ownNetwork: undefined, labels: {}, url: undefined}
  if (proxy === undefined) return byPorts
  const network = request.network ?? proxy.network
  const found = proxied({proxy, image, reference: request.reference, name, network, requests: request.ports})
  if (found === undefined) return byPorts
  return {...found, network, ownNetwork: request.network === undefined ? network : undefined}
}

/** Reports what would be done, as far as it is known without pulling anything. */
async function describeRun(context: Context): Promise<number> {
  const {options, request, work} = context
  const {engine, notice} = work
  const name = formatReference(request.reference)
  const {file} = request
  const image = file === undefined ? await engine.image(name) : file.file.details
  if (file === undefined && (image === undefined || image.Config?.Labels?.[SERVICE_LABEL] !== undefined)) {
    const {describeProject} = await import('../run-project/describe-project.js')
    if (await describeProject(context)) return 0
  }
  if (file !== undefined) notice(`${name} would be loaded from ${printable(file.file.path)}.`)
  else if (image === undefined) notice(`${name} is not in this engine yet: its ports are known once it is pulled.`)
  else notice(`${name} is in this engine.`)
  const rows = await engine.containers()
  const taken = new Set(rows.flatMap(({Names}) => (Names ?? []).map((full) => full.slice(1))))
  const local: ObtainedPackage = {
    imageName: name,
    digest: request.reference.digest,
    pinned: request.reference,
    image: image ?? {Id: '', Architecture: '', Os: '', Size: 0, RootFS: {Type: 'layers'}},
  }
  const containerName = options.onTakenName === undefined ? freeName(request.name, taken) : request.name
  const reach = packageRouting(context, local.image, containerName)
  const ports = await portsFor(context, local.image, new Set(), reach)
  const decision = await decide(context, local.image)
  if (decision.refused.length > 0) notice(printable(refusedText(decision.refused)))
  const plan: ContainerPlan = {...planOf(context, local, containerName, reach, decision), ports}
  notice(`Would run: ${lineOf(context, plan)}`)
  options.ready({
    container: null,
    name: plan.name,
    reference: name,
    digest: request.reference.digest ?? null,
    ports: boundPorts(undefined, ports).map(shownPort),
    url: reach.url ?? null,
    understood: request.understood,
    notGranted: decision.refused,
  })
  return 0
}

function planOf(
  {options, request, work: {run}}: Context,
  {image, imageName}: ObtainedPackage,
  name: string,
  {labels, network}: PackageRouting,
  {granted}: SettingsDecision,
): Omit<ContainerPlan, 'ports'> {
  return {
    image: imageName,
    imageLabels: image.Config?.Labels ?? {},
    workingDirectory: request.docker.flags.workdir ?? image.Config?.WorkingDir ?? '',
    proxyLabels: labels,
    name,
    detach: options.detach,
    // In the foreground keg removes it itself, after reading the last of its output.
    autoRemove: options.detach && removes(options),
    isAttached: !options.detach && removes(options),
    command: request.command,
    entrypoint: request.entrypoint,
    variables: request.variables,
    ownVariables: isTapPackage(image) ? [RUN_VARIABLE] : [],
    network,
    settings: granted,
    docker: request.docker,
    run,
    owner: thisOwner(),
  }
}

/** Decides which of the developer's settings to grant, and which of the refused ones the user does not give either. */
async function decide(
  {options, request, work: {engine}}: Context,
  {Config}: Pick<ImageDetails, 'Config'>,
): Promise<SettingsDecision> {
  if (options.runSettings === false) return {granted: NO_SETTINGS, refused: []}
  const hostAddresses = requestsHosts(Config) ? await findHostAddresses(engine) : new Set<string>()
  const {granted, refused} = decideSettings(Config, {network: request.network, hostAddresses})
  const isGivenBy = (args: readonly string[]): boolean =>
    isGiven(args, request.docker.flags) || (args[0] === '--network' && request.network !== undefined)
  const isLeft = ({flags}: RefusedSetting): boolean => flags.length === 0 || !flags.every(isGivenBy)
  return {granted, refused: refused.filter(isLeft)}
}

/** Tells a tap's run script that it runs in a package: without it the script only waits for keg to run it. */
const RUN_VARIABLE = 'KEG_DOCKER_EXEC=package-run'

/** Whether a package was made from a tap, judging by its environment. */
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
  })
}
