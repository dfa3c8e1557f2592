import type {Questions} from '../../command/ask.js'
import {readUserConfiguration} from '../../config/user-configuration.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {FailedError, KegError, RefusedError, UsageError} from '../../error/keg-error.js'
import {readRepository, type Repository} from '../../git/repository.js'
import {findCredentials} from '../../registry/credentials.js'
import {CONTAINER_LABELS} from '../../target/container-labels.js'
import {findTarget, nameOf} from '../../target/find-target.js'
import {imageOf} from '../../target/image-of.js'
import {printable} from '../../terminal/text.js'
import {findProject, nameDestinations, type Destinations, type Project} from './naming.js'

/** Which container is meant, and what its package is to be called. */
export interface SubjectOptions {
  readonly target: string | undefined
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** `-t`, each a tag or a whole reference. */
  readonly tags: readonly string[]
  /** The tag that was resolved for the current folder before the command ran. */
  readonly currentTag: string | undefined
  readonly name: string | undefined
  /** What the container's tap calls its image; undefined has its labels and files say it. */
  readonly tapImage?: string | undefined
  /** `HOST[:PORT][/NAMESPACE]`. */
  readonly registry: string | undefined
  /** Undefined pushes where there is a registry. */
  readonly push: boolean | undefined
  readonly branch: string | undefined
  readonly dryRun: boolean
  readonly questions: Questions
  readonly signal: AbortSignal
}

/** A container to be packaged, with its image, its git state and the names of its package. */
export interface Subject {
  readonly container: ContainerDetails
  readonly base: ImageDetails
  readonly project: Project
  readonly destinations: Destinations
  /** Whether names with a registry are pushed. */
  readonly push: boolean
  /** What is doubtful about them, for the person at the terminal. */
  readonly warnings: readonly string[]
}

/**
 * Finds everything that can be wrong without touching anything.
 * @throws the errors of its parts; UsageError `registry-missing`; FailedError `container-restarting`,
 * `image-missing`; RefusedError `userns-remap`, `userns-host`.
 */
export async function findSubject(engine: Engine, options: SubjectOptions): Promise<Subject> {
  const {branch, currentTag, environment, folder, name, questions, registry, tags, target} = options
  const {defaultTag} = await readUserConfiguration(environment)
  // A repository that cannot be read matters only where its branch is needed.
  let unreadable: KegError | undefined
  const current = await readRepository(folder, {environment}).catch((error: unknown): Repository | undefined => {
    if (!(error instanceof KegError)) throw error
    unreadable = error
    return undefined
  })
  const container = await findTarget({
    engine,
    target,
    environment,
    folder,
    top: current?.folder,
    branch: current?.branch,
    questions,
    usage: 'keg docker package CONTAINER',
  })
  checkSteady(container)
  checkUserNamespace(engine, container)
  const base = await imageOf(engine, container)
  const project = await findProject({
    container,
    base,
    currentFolder: folder,
    currentRepository: current,
    environment,
    branch,
    currentTag,
  })
  const needsBranch = tags.length === 0 && project.tag === undefined && project.origin === 'current folder'
  if (needsBranch && unreadable !== undefined) throw unreadable
  const warnings: string[] = []
  const tapImage = await findTapImage(container, base, options, (text) => warnings.push(text))
  const naming = {container, project, tags, name, tapImage, registry, defaultTag, questions}
  const destinations = await nameDestinations(naming)
  const push = options.push ?? destinations.some(({remote}) => remote)
  if (push && !destinations.some(({remote}) => remote)) throw registryMissing()
  if (push && !options.dryRun) await findAllCredentials(destinations, options)
  return {container, base, project, destinations, push, warnings}
}

/** Most containers are no tap's: what reads taps is not loaded for them. */
async function findTapImage(
  container: ContainerDetails,
  base: ImageDetails,
  {environment, name, tapImage}: SubjectOptions,
  warn: (text: string) => void,
): Promise<string | undefined> {
  if (tapImage !== undefined || name !== undefined) return tapImage
  if (container.Config.Labels?.[CONTAINER_LABELS.tapMain] === undefined) return undefined
  const {tapImageName} = await import('../../tap/package/image-name.js')
  return tapImageName({container, base, environment, warn})
}

/** A credential helper that is missing, or a file that cannot be read, is better known before the container is touched. */
async function findAllCredentials(destinations: Destinations, {environment, signal}: SubjectOptions): Promise<void> {
  for (const {reference, remote} of destinations) if (remote) await findCredentials({...reference, environment, signal})
}

function checkSteady(container: ContainerDetails): void {
  if (!container.State.Restarting) return
  const name = printable(nameOf(container))
  throw new FailedError(`The container ${name} restarts over and over and cannot be held still.`, {
    code: 'container-restarting',
    hint: `Stop it first (docker stop ${name}) and package it then.`,
  })
}

/**
 * What engines that remap users cannot commit as it is, and say nothing of. With containerd's image store their commits lose
 * setuid and setgid bits (26.1.5). With `--userns=host` a container writes files as users whom the engine does not know: they
 * are left out (20.10.24).
 */
function checkUserNamespace(engine: Engine, container: ContainerDetails): void {
  if (!engine.remapsUsers) return
  if (engine.imageStore === 'containerd')
    throw new RefusedError(
      'This engine remaps users (userns-remap) and has the containerd image store: its commits lose setuid and setgid bits.',
      {
        code: 'userns-remap',
        hint: 'Use an engine without userns-remap, or one with userns-remap and the storage driver overlay2.',
      },
    )
  if (container.HostConfig.UsernsMode !== 'host') return
  const name = printable(nameOf(container))
  throw new RefusedError(
    `${name} runs with --userns=host on an engine that remaps users: its commits lose files of users that it does not map.`,
    {
      code: 'userns-host',
      hint: 'Start it without --userns=host, or on an engine without userns-remap, and package it then.',
    },
  )
}

function registryMissing(): UsageError {
  return new UsageError('--push needs a registry, and there is none.', {
    code: 'registry-missing',
    hint: 'Name one with --registry HOST[:PORT][/NAMESPACE], KEG_REGISTRY or the setting registry.',
  })
}
