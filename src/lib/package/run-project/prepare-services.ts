import {allSettledOrThrow} from '../../async/all-settled.js'
import {freePorts} from '../../container/port/bound-ports.js'
import type {PlannedPort} from '../../container/port/port-plan.js'
import {portKey} from '../../container/port/published-ports.js'
import {beforeRun} from '../../container/run-error.js'
import type {Engine} from '../../engine/engine.js'
import type {ImageDetails} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {formatReference, type Reference} from '../../reference/reference.js'
import {obtainImage} from '../../registry/obtain-image.js'
import {commandLine} from '../../terminal/command-line.js'
import type {ProjectModel} from '../project/model.js'
import {openRegistryPackage} from '../remote/open-registry-package.js'
import {dockerFlagArguments} from '../run/docker-flags.js'
import {decideSettings, NO_SETTINGS, requestsHosts} from '../run/granted-settings.js'
import {findHostAddresses} from '../run/host-address.js'
import type {RefusedSetting, SettingsDecision} from '../run/model.js'
import type {Context} from '../run/run-context.js'
import type {RunnableService} from './compose-file.js'

/** A service with its image, and what was decided about its settings. */
export interface PreparedService extends RunnableService {
  readonly notGranted: readonly RefusedSetting[]
}

/** @throws UsageError `project-flag` for what concerns one container */
export function checkFlags({options, request}: Context): void {
  const {command, docker, entrypoint, network, ports, variables} = request
  const given = [
    ...(command.length > 0 ? ['a command'] : []),
    ...(entrypoint === undefined ? [] : ['--entrypoint']),
    ...(variables.length > 0 ? ['--env'] : []),
    ...(network === undefined ? [] : ['--network']),
    ...(ports.length > 0 ? ['--publish'] : []),
    ...(options.proxy === undefined ? [] : ['--proxy']),
    ...(options.onTakenName === undefined ? [] : [`--${options.onTakenName}`]),
    ...dockerFlagArguments(docker.flags),
  ]
  const [first] = given
  if (first === undefined) return
  throw new UsageError(`This package is a compose project: ${first} is for a single container.`, {
    code: 'project-flag',
    hint: `Omit it, or run one service alone, by its digest: ${commandLine`keg docker package run NAME@DIGEST`}`,
  })
}

/** Reads the configuration of a service's image, which may have to be pulled for it. */
type ReadImage = (reference: Reference) => Promise<Pick<ImageDetails, 'Config'>>

/** Pulls images, by the pull policy of the run: one that is named by its digest does not change. */
export function pulling({options, work}: Context): ReadImage {
  const pull = options.pull === 'never' ? 'never' : 'missing'
  return async (reference) => (await obtainImage(work, {reference, pull})).image
}

/** Reads configurations in the registry, and pulls nothing. */
export function fromRegistry({work}: Context): ReadImage {
  return async (reference) => (await openRegistryPackage(work, reference, work.engine)).image.details
}

/** Prepares all services at the same time: reads their images, and decides which settings each is granted. */
export async function prepareServices(
  {options, request, work}: Context,
  {services}: ProjectModel,
  read: ReadImage,
): Promise<readonly PreparedService[]> {
  const {registry, repository, hostWritten} = request.reference
  return allSettledOrThrow(
    Object.entries(services).map(async ([name, {image: digest}]): Promise<PreparedService> => {
      const reference = {registry, repository, hostWritten, digest}
      const details = await read(reference).catch((error: unknown) => {
        throw beforeRun(error)
      })
      const decision = await decide(work.engine, details, options.runSettings)
      return {
        ...{name, image: formatReference(reference), details, ports: []},
        ...{settings: decision.granted, notGranted: decision.refused},
      }
    }),
  )
}

async function decide(
  engine: Engine,
  {Config}: Pick<ImageDetails, 'Config'>,
  runSettings: boolean | undefined,
): Promise<SettingsDecision> {
  if (runSettings === false) return {granted: NO_SETTINGS, refused: []}
  const hostAddresses = requestsHosts(Config) ? await findHostAddresses(engine) : new Set<string>()
  const {granted, refused} = decideSettings(Config, {hostAddresses})
  // The project's own networks, names and policies take the place of these.
  const isOfProject = ({what}: RefusedSetting): boolean => /^(?:network|restart)\b/.test(what)
  return {granted, refused: refused.filter((each) => !isOfProject(each))}
}

/** Finds free ports, service by service: two of them may want the same. */
export async function withPorts(
  {work: {engine}}: Context,
  model: ProjectModel,
  prepared: readonly PreparedService[],
  refused: ReadonlySet<string>,
): Promise<readonly PreparedService[]> {
  const taken = new Set(refused)
  const services: PreparedService[] = []
  for (const service of prepared) {
    const {ports: published = []} = model.services[service.name] ?? {}
    const ExposedPorts = Object.fromEntries(published.map(({protocol, target}) => [`${target}/${protocol}`, {}]))
    const ports: readonly PlannedPort[] = await freePorts(
      {engine},
      {image: {Config: {ExposedPorts}}, requests: [], network: undefined, refused: taken},
    )
    for (const {hostPort, protocol} of ports) taken.add(portKey({port: Number(hostPort), protocol}))
    services.push({...service, ports})
  }
  return services
}
