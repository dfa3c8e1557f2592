import {Engine} from '../../engine/engine.js'
import {FailedError} from '../../error/keg-error.js'
import type {ExecStreams} from '../../exec/exec-streams.js'
import {packageContainer, type PackageOptions} from '../../package/package-container.js'
import type {PackageResult} from '../../package/package-result.js'
import {RunError} from '../../container/run-error.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import {runningMain} from '../containers/running-main.js'
import {findActions} from '../exec/action/find-actions.js'
import {runActions} from '../exec/action/run-actions.js'
import {tapContainer} from '../exec/tap-container.js'
import {openTap, type OpenTap} from '../open-tap.js'
import {registryOf} from '../tap-images.js'
import {imageNameOf} from './image-name.js'

/** Which tap is packaged, and how. */
export interface PackageTapOptions extends Omit<PackageOptions, 'tapImage' | 'target'> {
  /** The name of a link; undefined for the tap that the folder is in. */
  readonly tapName: string | undefined
  /** `--environment` */
  readonly environmentName: string | undefined
  /** Whether the tap's action for that is run before, where it has one. */
  readonly action: boolean
  /** Where goes what the action prints. */
  readonly streams: ExecStreams
}

/** What makes in the container what a package is to have, by the tap's own files. */
const BUILD = 'tap:build'

/**
 * Packages the container of a tap for the branch checked out, after its action `tap:build`. The image is called as the tap's own,
 * and goes where that is.
 * @throws what opening the tap, running the action and packaging do; FailedError `tap-not-started`, `container-stopped`,
 * `action-failed`
 */
export async function packageTap(options: PackageTapOptions): Promise<PackageResult> {
  const {environment, environmentName, folder, tapName, ...packaging} = options
  const opened = await openTap({name: tapName, folder, environment, environmentName})
  const target = await build(opened, options)
  const image = imageNameOf(opened.values)
  return packageContainer({
    ...packaging,
    environment,
    folder: opened.tap.folder,
    target,
    registry: packaging.registry ?? registryText(opened),
    ...(image !== undefined && {tapImage: image}),
  })
}

/** @returns the id of the tap's container, in which the action has run, where there is one and it is wanted */
async function build(opened: OpenTap, options: PackageTapOptions): Promise<string> {
  const {action, dryRun, environment, say, signal, streams} = options
  await using engine = await Engine.connect(environment, signal)
  const container = await tapContainer(engine, opened.tap, undefined)
  if (!action || !opened.files.actions.has(BUILD)) return container.Id
  const actions = await findActions([BUILD], opened)
  if (dryRun) {
    const commands = actions.flatMap((each) => each.commands).join(' && ')
    say(`Before, ${BUILD} would be run in ${printable(nameOf(container))}: ${printable(commands)}`)
    return container.Id
  }
  const running = runningMain({main: container}, opened.tap)
  await runActions(actions, {engine, container: running, streams, say, signal}).catch((error: unknown) => {
    throw notBuilt(error)
  })
  return container.Id
}

/** A command's own exit code is what exec passes on; a package that could not be made is a failure as any other. */
function notBuilt(error: unknown): unknown {
  if (!(error instanceof RunError) || error.code !== 'action-failed') return error
  const {data, message} = error
  return new FailedError(`Nothing was packaged. ${message}`, {
    code: 'action-failed',
    hint: 'What it printed says why. With --no-action the container is packaged as it is.',
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
