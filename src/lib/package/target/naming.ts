import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {KegError, RefusedError, UsageError} from '../../error/keg-error.js'
import {findBranch, tagOf} from '../../branch/branch.js'
import {readRepository, type Repository} from '../../git/repository.js'
import {destinations, type Destination} from '../../reference/destination.js'
import {parseImageName} from '../../reference/image-name.js'
import {parseRegistry, parseTag, type Tag} from '../../reference/reference.js'
import {connectedFolder} from '../../container/target/connected-folder.js'
import {folderOf} from '../../container/target/find-target.js'
import {imageOfContainer, type ContainerImageOptions} from './image-of-container.js'
import type {Project} from './model.js'
import type {Work} from '../../work/work.js'

/** What is needed to find the project of a container. */
export interface FindProjectOptions {
  readonly container: ContainerDetails
  /** The image it was made from. */
  readonly base: ImageDetails
  /** Folders of this machine that are synced into the container; only called if needed. */
  readonly syncedFolders: () => Promise<readonly string[]>
  readonly currentFolder: string
  readonly currentRepository: Repository | undefined
  /** `--branch`. */
  readonly branch: string | undefined
  /** The tag that was resolved for the current folder before the command ran. */
  readonly currentTag: string | undefined
}

/** The git state for a container: that of its own folder by its labels, a sync or a bind, else the current folder's. */
export async function findProject(
  work: Pick<Work, 'environment'> & {readonly engine: Pick<Engine, 'endpoint'>},
  options: FindProjectOptions,
): Promise<Project> {
  const {engine, environment} = work
  const {base, branch, container, currentFolder, currentRepository, currentTag} = options
  const own =
    folderOf(container, base) ??
    (await connectedFolder(container, {
      current: currentFolder,
      engine,
      synced: await options.syncedFolders(),
      top: currentRepository?.folder,
    }))
  const repository = own === undefined ? currentRepository : await readRepository(own, {environment})
  const found = findBranch(work, {flag: branch, repository})
  const branchTag = found && tagOf(found)
  const resolved =
    own === undefined && branch === undefined && currentTag !== undefined ? parseTag(currentTag) : branchTag
  return {
    folder: own ?? (repository && currentFolder),
    origin: own === undefined ? 'current folder' : 'container',
    repository,
    branch: found && 'branch' in found ? found.branch : undefined,
    commit: repository?.commit ?? (found && 'commit' in found ? found.commit : undefined),
    tag: resolved,
  }
}

/** What is needed to name a package. */
export interface NameOptions extends ContainerImageOptions {
  /** `-t`, each a tag or a full reference. */
  readonly tags: readonly string[]
  /** `--name`. */
  readonly name: string | undefined
  /** `HOST[:PORT][/NAMESPACE]`. */
  readonly registry: string | undefined
  /** Tags that are used only if `-t` names them. */
  readonly protectedTags: readonly string[]
}

/** The names of a package; the first is the one to show. */
export type Destinations = readonly [Destination, ...Destination[]]

/**
 * The full names of a package.
 * @throws RefusedError `default-tag` if the branch's tag is a protected one and `-t` does not name it, UsageError `tag-missing`
 * if there is no tag and no terminal to ask for one, and what reading the parts throws.
 */
export async function nameDestinations(work: Pick<Work, 'prompt'>, options: NameOptions): Promise<Destinations> {
  const {prompt} = work
  const {name, project, protectedTags, registry} = options
  const image = name === undefined ? await imageOfContainer(options) : parseImageName(name)
  const isGuarded = project.tag !== undefined && protectedTags.includes(project.tag)
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
    if (isGuarded) throw guarded(project.tag)
    if (!prompt.isInteractive || options.tags.length > 0) throw tagMissing(error)
    return atLeastOne(
      make([await prompt.text('Which tag should the package get?', {flag: '-t TAG', validate: isTagAnswer})]),
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
    return error instanceof Error ? error.message : 'This is not a tag.'
  }
}

function guarded(tag: Tag): RefusedError {
  return new RefusedError(`The tag ${tag} is protected: others pull it. A package gets it only with -t.`, {
    code: 'default-tag',
    hint: `Use -t ${tag}, work on your own branch, or change the settings defaultTag and protectedTags.`,
  })
}

function tagMissing(cause: KegError): UsageError {
  return new UsageError('There is no tag: neither -t nor a branch gives one.', {
    code: 'tag-missing',
    hint: 'Set one with -t TAG, or a branch with --branch.',
    cause,
  })
}
