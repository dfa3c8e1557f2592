import {withEngine, type EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import type {ExecStreams} from '../../container/exec/exec-streams.js'
import {packageContainer} from '../../package/package-container.js'
import type {PackageOptions} from '../../package/package-options.js'
import type {PackageResult} from '../../package/package-result.js'
import type {ProjectResult} from '../../package/project/project-result.js'
import {RunError} from '../../container/run-error.js'
import {printable} from '../../terminal/text.js'
import {serviceOf} from '../containers/container-order.js'
import {runningMain} from '../../container/tap/running-main.js'
import {isMain} from '../../container/tap/tap-containers.js'
import {findActions} from '../exec/action/find-actions.js'
import {runActions} from '../exec/action/run-actions.js'
import {tapContainer} from '../exec/tap-container.js'
import type {Work} from '../../work/work.js'
import {openTap, type OpenTap} from '../../values/open-tap.js'
import {registryOf} from '../tap-images.js'
import {imageNameOf} from '../../values/tap-image-name.js'
import {nameOf, shownName} from '../../container/container-name.js'

/** Which tap to package, and how. */
export interface PackageTapOptions extends Omit<PackageOptions, 'tapImage' | 'target'> {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly tapName: string | undefined
  /** `--environment` */
  readonly environmentName: string | undefined
  /** A service of the tap; undefined is the tap's own container. */
  readonly service: string | undefined
  /** Whether to run the tap's build action first, if it has one. */
  readonly action: boolean
  /** Whether to package all containers of its compose project as one. */
  readonly project: boolean
  /** Services to leave out then. */
  readonly excludedServices: readonly string[]
  /** Where the action's output goes. */
  readonly streams: ExecStreams
}

/** The action that prepares the container for a package. */
const BUILD = 'tap:build'

/**
 * Packages the container of a tap for the checked-out branch, after its action `tap:build`. The image gets the name and
 * registry of the tap's own; that of another service, where the action does not run, is named `IMAGE-SERVICE`.
 * @throws what opening the tap, running the action and packaging do; FailedError `tap-not-started`, `container-stopped`,
 * `action-failed`; UsageError `service-unknown`
 */
export async function packageTap(
  surrounding: Work,
  options: PackageTapOptions,
): Promise<PackageResult | ProjectResult> {
  const {environmentName, tapName, ...packaging} = options
  const {environment, folder, prompt} = surrounding
  const opened = await openTap({folder, environment, prompt}, {name: tapName, environmentName})
  const work = await withEngine(surrounding)
  const container = await build(work, opened, options)
  const inTap = {...work, folder: opened.tap.folder}
  const tapImage = tapImageOf(opened, container)
  const named = {
    ...packaging,
    target: container.Id,
    fileFolder: folder,
    registry: packaging.registry ?? registryText(opened),
    tapImage,
  }
  if (!options.project) return packageContainer(inTap, named)
  const {packageProject} = await import('../../package/project/package-project.js')
  return packageProject(inTap, {...named, name: packaging.name ?? `${tapImage}-project`})
}

/** @returns the container to package, after its action has run, if there is one and it is wanted */
async function build(work: EngineWork, opened: OpenTap, options: PackageTapOptions): Promise<ContainerDetails> {
  const {engine, notice} = work
  const {action, dryRun, service, streams} = options
  const container = await tapContainer(engine, opened.tap, service)
  // The action builds the app.
  if (!action || !isMain(container) || !opened.files.actions.has(BUILD)) return container
  const actions = await findActions([BUILD], opened)
  if (dryRun) {
    const commands = actions.flatMap((each) => each.commands).join(' && ')
    notice(`First, ${BUILD} would be run in ${shownName(container)}: ${printable(commands)}`)
    return container
  }
  const running = runningMain({main: container}, opened.tap)
  await runActions(work, {actions, container: running, streams}).catch((error: unknown) => {
    throw notBuilt(error)
  })
  return container
}

/** The image name for one of a tap's containers: a database never gets the name by which the app is pulled. */
function tapImageOf(opened: OpenTap, container: ContainerDetails): string {
  const image = imageNameOf(opened)
  return isMain(container) ? image : `${image}-${serviceOf(container) ?? nameOf(container)}`
}

/** exec passes on the exit code of a command; for a package it is a failure like any other. */
function notBuilt(error: unknown): unknown {
  if (!(error instanceof RunError) || error.code !== 'action-failed') return error
  const {data, message} = error
  return new FailedError(`Nothing was packaged. ${message}`, {
    code: 'action-failed',
    hint: 'See its output. With --no-action, the container is packaged as it is.',
    cause: error,
    ...(data && {data}),
  })
}

function registryText({values}: OpenTap): string | undefined {
  const registry = registryOf(values)
  if (registry === undefined) return undefined
  const {host, namespace} = registry
  return namespace === undefined ? host : `${host}/${namespace}`
}
