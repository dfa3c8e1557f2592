import {
  GrammarProblem,
  isHostPart,
  isRepositoryPath,
  longestRepositoryPath,
  mustEnd,
  orUsageError,
  pathTooLong,
  readDigest,
  readRepositoryPath,
  readTag,
  scanDigest,
  scanHost,
  scanPath,
  scanTag,
  type Digest,
  type Meaning,
  type RepositoryPath,
  type Tag,
} from './grammar.js'

export type {Digest, RepositoryPath, Tag} from './grammar.js'
export {isDigest, isRepositoryPath, isTag} from './grammar.js'

/** docker's registry for a name without a host. */
export const hubRegistry = 'docker.io'
const hubNamespace = 'library/'
const legacyHubRegistry = 'index.docker.io'

/** An image reference in its full form. */
export interface Reference {
  /** `host[:port]`; `docker.io` if none was given. */
  registry: string
  /** The path inside the registry; `library/x` for a single-part name of docker.io. */
  repository: RepositoryPath
  tag?: Tag | undefined
  digest?: Digest | undefined
  /** Whether the text itself named the registry. */
  hostWritten: boolean
}

/** Where to push images: a registry, and the path in it that is put before every name. */
export interface Registry {
  /** `host[:port]`. */
  host: string
  namespace: RepositoryPath | undefined
}

/** The code, noun and hint of every error about a reference. */
export const referenceMeaning: Meaning = {
  code: 'reference-invalid',
  noun: 'an image reference',
  hint: 'Write it like registry.example.com/team/app:tag, or app@sha256:... for one exact image.',
}

/** The hint for addresses with a user name or password. */
export const credentialsHint = 'Leave user name and password out, and sign in with docker login.'

/**
 * Parses a reference strictly, by the grammar of github.com/distribution/reference v0.6.0 and docker's rule for hosts. Throws
 * UsageError `reference-invalid`, whose data has the 1-based `position` where the text stops being a reference (if it ends too
 * early: its length + 1; for a port out of range: its first digit).
 */
export function parseReference(text: string): Reference {
  return orUsageError(text, referenceMeaning, () => readReference(text))
}

/** The same as parseReference, but throws GrammarProblem, for callers that parse a part of a longer text. */
export function readReference(text: string): Reference {
  if (text === '') throw new GrammarProblem(0, 'a repository name is missing')
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw new GrammarProblem(
      0,
      '64 hexadecimal digits are the ID of an image',
      'Write sha256 digests as name@sha256:digits.',
    )
  }
  const slash = text.indexOf('/')
  const hostWritten = slash !== -1 && isHostPart(text.slice(0, slash))
  if (hostWritten) {
    const at = text.slice(0, slash).indexOf('@')
    if (at > 0 && text.slice(0, at).includes(':')) {
      throw new GrammarProblem(0, 'it starts with a user name and password', credentialsHint)
    }
    scanHost(text, 0, slash)
  }
  const host = hostWritten ? normalRegistry(text.slice(0, slash)) : hubRegistry
  const pathStart = hostWritten ? slash + 1 : 0
  const pathEnd = scanPath(text, pathStart)
  const repository = hubPath(host, text.slice(pathStart, pathEnd))
  if (!isRepositoryPath(repository)) throw pathTooLong(pathEnd - (repository.length - longestRepositoryPath))

  let index = pathEnd
  let tag: Tag | undefined
  let digest: Digest | undefined
  if (text[index] === ':') {
    const start = index + 1
    index = scanTag(text, start)
    tag = readTag(text.slice(start, index))
    if (text[index] !== '@') mustEnd(text, index, 'a tag')
  }
  if (text[index] === '@') {
    const start = index + 1
    index = scanDigest(text, start)
    digest = readDigest(text.slice(start, index))
    mustEnd(text, index, 'a digest')
  }
  return {registry: host, repository, tag, digest, hostWritten}
}

/**
 * Formats a reference as docker prints it: without `docker.io/` and `library/`, with tag and digest. Uses the longer form only if
 * the short one would be read as something else (a first part that looks like a host, 64 hexadecimal digits).
 */
export function formatReference({registry, repository, tag, digest}: Omit<Reference, 'hostWritten'>): string {
  const suffix = (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`)
  return (registry === hubRegistry ? familiarPath(repository, suffix) : `${registry}/${repository}`) + suffix
}

/** Parses a tag; throws UsageError `tag-invalid` with the 1-based `position`. */
export function parseTag(text: string): Tag {
  const hint =
    'A tag has letters, digits, "_", "." and "-", starts with neither "." nor "-", and has at most 128 characters.'
  return orUsageError(text, {code: 'tag-invalid', noun: 'a tag', hint}, () => readTag(text))
}

/** The same image with this tag, if the reference has neither a tag nor a digest; the default is docker's. */
export function withTag(reference: Reference, tag: Tag = parseTag('latest')): Reference {
  return reference.tag === undefined && reference.digest === undefined ? {...reference, tag} : reference
}

/**
 * Parses `HOST[:PORT][/NAMESPACE]`, where to push images. The host must look like one: with a `.`, a port, or as `localhost`.
 * Throws UsageError `registry-invalid` with the 1-based `position`.
 */
export function parseRegistry(text: string): Registry {
  const hint = 'Write it as HOST[:PORT][/NAMESPACE], such as ghcr.io/acme or localhost:5000.'
  return orUsageError(text, {code: 'registry-invalid', noun: 'a registry', hint}, () => readRegistry(text))
}

/** The usual name of a registry host: docker.io has an older second one. */
export function normalRegistry(host: string): string {
  return host === legacyHubRegistry ? hubRegistry : host
}

/** A path as its registry has it: docker.io keeps single-part names under `library/`. It may be too long to be valid. */
export function hubPath(registry: string, path: string): string {
  return registry === hubRegistry && !path.includes('/') ? `${hubNamespace}${path}` : path
}

function familiarPath(path: string, suffix: string): string {
  const rest = path.startsWith(hubNamespace) ? path.slice(hubNamespace.length) : ''
  if (rest !== '' && !rest.includes('/')) return suffix === '' && /^[0-9a-f]{64}$/.test(rest) ? path : rest
  return isHostPart(path.slice(0, path.indexOf('/'))) ? `${hubRegistry}/${path}` : path
}

function readRegistry(text: string): Registry {
  if (text === '') throw new GrammarProblem(0, 'a host name is missing')
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    throw new GrammarProblem(
      0,
      'it starts with a scheme',
      'Leave the scheme out: write ghcr.io/acme, not https://ghcr.io/acme.',
    )
  }
  const slash = text.indexOf('/')
  const end = slash === -1 ? text.length : slash
  const host = text.slice(0, end)
  if (host.includes('@')) throw new GrammarProblem(0, 'it carries a user name', credentialsHint)
  scanHost(text, 0, end)
  const rest = text.slice(end + 1)
  if (!/[.:]/.test(host) && host !== 'localhost') {
    const asNamespace = text.toLowerCase()
    const hint = isRepositoryPath(asNamespace)
      ? `For a namespace of Docker Hub write ${hubRegistry}/${asNamespace}; for a host add its port, such as ${host}:5000.`
      : undefined
    throw new GrammarProblem(0, 'its first part has neither a "." nor a port, so it is not a host', hint)
  }
  if (slash === -1) return {host: normalRegistry(host), namespace: undefined}
  try {
    return {host: normalRegistry(host), namespace: readRepositoryPath(rest)}
  } catch (error) {
    if (!(error instanceof GrammarProblem)) throw error
    throw new GrammarProblem(error.index + end + 1, error.problem, error.hint)
  }
}
