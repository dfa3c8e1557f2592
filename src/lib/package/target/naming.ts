import {basename} from 'node:path'
import type {Questions} from '../../command/ask.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {KegError, RefusedError, UsageError} from '../../error/keg-error.js'
import {findBranch, tagOf} from '../../git/branch.js'
import {readRepository, type Repository} from '../../git/repository.js'
import {destinations, type Destination} from '../../reference/destination.js'
import {cleanImageName, parseImageName} from '../../reference/image-name.js'
import {parseRegistry, parseTag, type Tag} from '../../reference/reference.js'
import {COMPOSE_SERVICE, folderOf, nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'

/** Whose git state a package carries. */
export interface Project {
  /** The folder the state was read in; undefined when there is no repository. */
  readonly folder: string | undefined
  /** Whether that is the folder the container belongs to, or just the current one. */
  readonly origin: 'container' | 'current folder'
  readonly repository: Repository | undefined
  readonly branch: string | undefined
  readonly commit: string | undefined
  /** The tag of the branch or commit. */
  readonly tag: Tag | undefined
}

/** What the project of a container is found from. */
export interface FindProjectOptions {
  readonly container: ContainerDetails
  /** The image it was made from. */
  readonly base: ImageDetails
  readonly currentFolder: string
  readonly currentRepository: Repository | undefined
  readonly environment: NodeJS.ProcessEnv
  /** `--branch`. */
  readonly branch: string | undefined
  /** The tag that was resolved for the current folder before the command ran. */
  readonly currentTag: string | undefined
}

/** The git state that goes with a container: that of its own folder by its labels, else the current folder's. */
export async function findProject(options: FindProjectOptions): Promise<Project> {
  const {base, branch, container, currentTag, environment} = options
  const own = folderOf(container, base)
  const repository = own === undefined ? options.currentRepository : await readRepository(own, {environment})
  const found = findBranch({flag: branch, environment, repository})
  const branchTag = found && tagOf(found)
  const resolved =
    own === undefined && branch === undefined && currentTag !== undefined ? parseTag(currentTag) : branchTag
  return {
    folder: own ?? (repository && options.currentFolder),
    origin: own === undefined ? 'current folder' : 'container',
    repository,
    branch: found && 'branch' in found ? found.branch : undefined,
    commit: repository?.commit ?? (found && 'commit' in found ? found.commit : undefined),
    tag: resolved,
  }
}

/** What the names of a package are made of. */
export interface NameOptions {
  readonly container: ContainerDetails
  readonly project: Project
  /** `-t`, each a tag or a whole reference. */
  readonly tags: readonly string[]
  /** `--name`. */
  readonly name: string | undefined
  /** What the tap calls its image that the container belongs to. */
  readonly tapImage: string | undefined
  /** `HOST[:PORT][/NAMESPACE]`. */
  readonly registry: string | undefined
  /** The tag that everybody pulls. */
  readonly defaultTag: string
  readonly questions: Questions
}

/** The names a package gets, the first of them the one that is shown. */
export type Destinations = readonly [Destination, ...Destination[]]

/**
 * The full names of a package.
 * @throws RefusedError `default-tag` when the branch's tag is the one everybody pulls and `-t` does not say so, UsageError
 * `tag-missing` when there is no tag at all and nobody can be asked, and what reading the parts throws.
 */
export async function nameDestinations(options: NameOptions): Promise<Destinations> {
  const {container, defaultTag, name, project, questions, registry, tapImage} = options
  const image =
    name === undefined
      ? cleanImageName(
          tapImage ??
            container.Config.Labels?.[COMPOSE_SERVICE] ??
            (project.repository && basename(project.repository.folder)) ??
            nameOf(container),
        )
      : parseImageName(name)
  const isGuarded = project.tag !== undefined && project.tag === defaultTag
  const make = (tags: readonly string[]): Destination[] =>
    destinations({
      tags,
      defaultTag: isGuarded ? undefined : project.tag,
      name: image,
      registry: registry === undefined ? undefined : parseRegistry(registry),
    })
  try {
    return atLeastOne(make(options.tags))
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'tag-missing') throw error
    if (isGuarded) throw guarded(defaultTag)
    if (!questions.possible || options.tags.length > 0) throw tagMissing(error)
    return atLeastOne(
      make([await questions.text('Which tag should the package get?', {flag: '-t TAG', validate: isTagAnswer})]),
    )
  }
}

function atLeastOne(found: Destination[]): Destinations {
  const [first, ...others] = found
  if (first === undefined) throw new Error('a package without a name')
  return [first, ...others]
}

function isTagAnswer(answer: string): true | string {
  try {
    parseTag(answer)
    return true
  } catch (error) {
    return error instanceof Error ? error.message : 'This is no tag.'
  }
}

function guarded(defaultTag: string): RefusedError {
  return new RefusedError(
    `${printable(defaultTag)} is the tag that everybody pulls; a package takes it only when told to.`,
    {
      code: 'default-tag',
      hint: `Say it with -t ${printable(defaultTag)}, or work on a branch of your own.`,
    },
  )
}

function tagMissing(cause: KegError): UsageError {
  return new UsageError('There is no tag: neither -t nor a branch says one.', {
    code: 'tag-missing',
    hint: 'Give one with -t TAG, or name a branch with --branch.',
    cause,
  })
}
