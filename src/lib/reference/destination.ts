import {UsageError} from '../error/keg-error.js'
import {isRepositoryPath, longestRepositoryPath} from './grammar.js'
import {
  hubPath,
  hubRegistry,
  parseReference,
  parseTag,
  type Reference,
  type Registry,
  type RepositoryPath,
  type Tag,
} from './reference.js'
import {shown} from './shown-text.js'

/** One full name of a package. Its reference always has a tag and never a digest. */
export interface Destination {
  reference: Reference & {tag: Tag; digest?: undefined}
  /** Whether a registry was given or configured, so that the name can be pushed. */
  remote: boolean
}

/** What is needed to name a package. */
export interface DestinationOptions {
  /** The values of `-t`: each a tag, or (with a `/` or `:`) a full reference. */
  tags: readonly string[]
  /** The branch's tag, for names without a tag. */
  defaultTag: Tag | undefined
  /** The image name that plain tags belong to. */
  name: RepositoryPath
  /** The registry for names without a host. */
  registry: Registry | undefined
}

/**
 * The full references of a package, in the given order, each once. Without `tags` it is only the default tag. A full reference
 * without a host gets the registry, with its path below the registry's namespace.
 * Throws UsageError `reference-invalid`, `tag-invalid`, `digest-given`, `tag-missing` or `name-invalid` (too long when completed).
 */
export function destinations({tags, defaultTag, name, registry}: DestinationOptions): Destination[] {
  const wanted =
    tags.length === 0
      ? [complete(name, neededTag(defaultTag), registry)]
      : tags.map((text) =>
          /[/:]/.test(text) ? wholeReference(text, defaultTag, registry) : complete(name, parseTag(text), registry),
        )
  const found = new Map<string, Destination>()
  for (const destination of wanted) {
    const {registry: host, repository, tag} = destination.reference
    const key = `${host}/${repository}:${tag}`
    const earlier = found.get(key)
    // Docker Hub's names are the same with and without the host; with the host given once, it can be pushed.
    if (earlier === undefined || (destination.remote && !earlier.remote)) found.set(key, destination)
  }
  return [...found.values()]
}

function wholeReference(text: string, defaultTag: Tag | undefined, registry: Registry | undefined): Destination {
  const {digest, hostWritten, registry: host, repository, tag: ownTag} = parseReference(text)
  if (digest !== undefined) {
    throw new UsageError(`${shown(text)} has a digest, which an image gets only by its content.`, {
      code: 'digest-given',
      hint: 'Give a name and a tag without the part from "@" on.',
    })
  }
  const tag = ownTag ?? neededTag(defaultTag)
  if (hostWritten) return {reference: {registry: host, repository, tag, hostWritten}, remote: true}
  // The parser put docker.io's "library/" before a single-part name; another registry gets the name as written.
  const written = text.includes('/') ? repository : repository.slice(repository.indexOf('/') + 1)
  return complete(written, tag, registry)
}

function complete(path: string, tag: Tag, registry: Registry | undefined): Destination {
  const host = registry?.host ?? hubRegistry
  const repository = hubPath(host, registry?.namespace === undefined ? path : `${registry.namespace}/${path}`)
  if (!isRepositoryPath(repository)) {
    throw new UsageError(
      `${shown(repository)} is too long for a repository, which has at most ${longestRepositoryPath} characters.`,
      {
        code: 'name-invalid',
        hint: 'Give a shorter name with --name, or a shorter namespace with --registry.',
      },
    )
  }
  return {
    reference: {registry: host, repository, tag, hostWritten: registry !== undefined},
    remote: registry !== undefined,
  }
}

function neededTag(tag: Tag | undefined): Tag {
  if (tag !== undefined) return tag
  throw new UsageError('There is no branch to take the tag from.', {
    code: 'tag-missing',
    hint: 'Give the tag with -t, or the branch with --branch.',
  })
}
