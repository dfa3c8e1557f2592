import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {composeLogs, composeTask, type ComposeContext} from '../../compose/run-compose.js'
import {nameOf} from '../../container/container-name.js'
import {boundPorts} from '../../container/port/bound-ports.js'
import {portUrl, reachableAddress, shownPort} from '../../container/port/reachable-address.js'
import {waitUntilReady} from '../../container/port/readiness.js'
import {refusedPorts} from '../../container/port/refused-ports.js'
import {RunError} from '../../container/run-error.js'
import {untilQuiet} from '../../container/until-quiet.js'
import {COMPOSE_SERVICE} from '../../container/target/match-rows.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, InterruptedError} from '../../error/keg-error.js'
import {listProperty} from '../../json/json.js'
import {ATTACHED, OWNER, ROLE, RUN} from '../../label/temporary-labels.js'
import {thisOwner} from '../../lock/process-owner.js'
import {formatReference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {count, printable} from '../../terminal/text.js'
import type {ProjectModel} from '../project/model.js'
import {refusedText} from '../run/refused-settings.js'
import type {Context} from '../run/run-context.js'
import {COMPOSE_PROJECT} from '../target/compose-service.js'
import {composeFile} from './compose-file.js'
import type {StartedService} from './model.js'
import type {RegistryProject} from '../project/open-project.js'
import {checkFlags, prepareServices, pulling, withPorts, type PreparedService} from './prepare-services.js'
import {freeProject} from './project-name.js'
import {removeResources} from './remove-resources.js'

/** How often to start it with other ports, if some are taken meanwhile. */
const MAX_TRIES = 3

/**
 * Runs a packaged compose project: pulls the images, starts them with compose under one name, with networks and volumes of their own, waits
 * until they answer, calls `ready`, and in the foreground follows their logs until all have ended. If it fails or is interrupted,
 * nothing of it is left but the pulled images.
 * @returns the exit code: 130 or 143 if a signal stopped it in the foreground, 1 if a container failed there, else 0
 * @throws UsageError `project-flag`, `name-taken`; RunError; what composeTask and obtainImage throw; the reason of the signal
 */
export async function runProject(context: Context, {digest, model}: RegistryProject): Promise<number> {
  const {options, request, work} = context
  const {engine, notice, run, signal} = work
  checkFlags(context)
  const project = await freeProject(context)
  notice(
    `${formatReference(request.reference)} has ${count(Object.keys(model.services).length, 'service')} of the compose project ${model.name}: ${Object.keys(model.services).join(', ')}.`,
  )
  const prepared = await prepareServices(context, model, pulling(context))
  for (const {name, notGranted} of prepared)
    if (notGranted.length > 0) notice(printable(`${name}: ${refusedText(notGranted)}`))
  signal.throwIfAborted()
  const folder = await mkdtemp(join(tmpdir(), 'keg-compose-'))
  const compose: ComposeContext = {...work, project, folder, envFiles: []}
  try {
    const services = await start(context, {compose, model, prepared})
    const started = await whenReady(context, project, services)
    const understood = request.understood
    const reference = formatReference(request.reference)
    options.ready({project, reference, digest, services: started, understood, composeFolder: null})
    if (options.detach) {
      notice(backgroundText(project))
      return 0
    }
    return await follow(context, compose)
  } catch (error) {
    await untilQuiet(() => removeResources(engine, {label: [`${RUN}=${run}`]})).catch((problem: unknown) => {
      const reason = problem instanceof Error ? problem.message : ''
      notice(`Warning: cannot remove what was started (${reason}). Remove it with: ${commandLine`keg doctor --fix`}`)
    })
    throw error
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

interface StartOptions {
  readonly compose: ComposeContext
  readonly model: ProjectModel
  readonly prepared: readonly PreparedService[]
}

/** Starts all services; again with other ports if some were taken meanwhile. @returns them with their ports */
async function start(context: Context, {compose, model, prepared}: StartOptions): Promise<readonly PreparedService[]> {
  const {options, work} = context
  const {progress, run} = work
  const labels = {
    [ROLE]: 'package',
    [RUN]: run,
    [OWNER]: JSON.stringify(thisOwner()),
    ...(!options.detach && {[ATTACHED]: 'true'}),
  }
  const refused = new Set<string>()
  for (let tries = 1; ; tries++) {
    const services = await withPorts(context, model, prepared, refused)
    const file = composeFile({project: compose.project, model, services, labels, arePulled: true})
    try {
      const args = ['up', '--detach', '--no-build']
      await composeTask(compose, {model: file, args, progress, stage: `Starting ${compose.project}`})
      return services
    } catch (error) {
      const taken =
        error instanceof FailedError
          ? listProperty(error.data, 'said').flatMap((line) => refusedPorts(String(line)))
          : []
      if (taken.length === 0 || tries === MAX_TRIES) throw error
      for (const port of taken) refused.add(port)
      // Otherwise, a service that had ended already would run twice, with the data that it made before.
      await untilQuiet(() => removeResources(work.engine, {label: [`${RUN}=${run}`]}))
    }
  }
}

/** Waits until all services answer, or have ended as they should. @throws RunError, also if one ended in an error */
async function whenReady(
  context: Context,
  project: string,
  services: readonly PreparedService[],
): Promise<readonly StartedService[]> {
  const {engine} = context.work
  const rows = await engine.containers({label: [`${COMPOSE_PROJECT}=${project}`]})
  const details = (await Promise.all(rows.map(({Id}) => engine.container(Id)))).filter((each) => each !== undefined)
  return allSettledOrThrow(
    services.map(async (service): Promise<StartedService> => {
      const own = details.filter(({Config}) => Config.Labels?.[COMPOSE_SERVICE] === service.name)
      const urls = await Promise.all(own.map((container) => whenContainerReady(context, service, container)))
      return {
        service: service.name,
        containers: own.map(nameOf).sort(),
        image: service.image,
        ports: own.flatMap((container) => boundPorts(container, service.ports).map(shownPort)),
        url: urls.find((url) => url !== undefined) ?? null,
        notGranted: service.notGranted,
      }
    }),
  )
}

async function whenContainerReady(
  {request, work}: Context,
  service: PreparedService,
  container: ContainerDetails,
): Promise<string | undefined> {
  const {engine, signal} = work
  const ports = boundPorts(container, service.ports).filter(({protocol}) => protocol === 'tcp')
  const targets = ports.flatMap((port) => reachableAddress(port, engine.endpoint) ?? [])
  const hasHealthcheck = container.State.Health != null
  const [first] = targets
  const milliseconds = request.waitMilliseconds
  if (milliseconds === 0 || (!hasHealthcheck && first === undefined)) return first && portUrl(first, 'silent')
  const stop = new AbortController()
  const stoppable = AbortSignal.any([signal, stop.signal])
  const progress: typeof work.progress = (event) => work.progress({...event, stage: `${service.name}: ${event.stage}`})
  const ready = waitUntilReady(
    {engine, progress, signal: stoppable},
    {container: container.Id, hasHealthcheck, targets, milliseconds},
  )
  const ended = engine.waitContainer(container.Id, stoppable).then((code) => ({code}))
  for (const each of [ready, ended]) each.catch(() => undefined)
  try {
    const outcome = await Promise.race([ready, ended])
    if (typeof outcome !== 'object') return outcome
    if (outcome.code === 0) return undefined
    throw new RunError(`The service ${service.name} ended with exit code ${outcome.code} before it was ready.`, {
      code: 'container-ended',
      hint: `See its output without --detach, or run it alone: ${commandLine`keg docker package run ${service.image}`}`,
      exitCode: 1,
      data: {service: service.name, exitCode: outcome.code},
    })
  } finally {
    stop.abort()
  }
}

/** Follows the logs until all have ended, or a signal arrives; then removes everything. */
async function follow({options, work}: Context, compose: ComposeContext): Promise<number> {
  const {engine, notice, run, signal} = work
  const ours = {label: [`${RUN}=${run}`]}
  const isTerminal = options.output.stderr !== undefined && 'isTTY' in options.output.stderr
  const show = (line: string): void => {
    options.output.stdout?.write(`${isTerminal ? printable(line) : line}\n`)
  }
  let code: number
  try {
    await composeLogs(compose, {follow: true, line: show})
    const rows = await engine.containers(ours)
    const details = await Promise.all(rows.map(({Id}) => engine.container(Id)))
    code = details.some((each) => each !== undefined && each.State.ExitCode !== 0) ? 1 : 0
  } catch (error) {
    if (!signal.aborted) throw error
    const reason: unknown = signal.reason
    code = reason instanceof InterruptedError ? reason.exitCode : 1
    notice(`Stopping ${compose.project} …`)
  }
  if (options.remove === false) return code
  await removeResources(engine, ours)
  notice(`${compose.project} is stopped and removed.`)
  return code
}

function backgroundText(project: string): string {
  return [
    `${project} runs in the background.`,
    `  Follow its output: ${commandLine`keg docker package logs ${project} --follow`}`,
    `  Stop and remove it: ${commandLine`keg docker package stop ${project}`}`,
  ].join('\n')
}
