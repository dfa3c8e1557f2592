import {readCommandLine} from './command-line.js'
import {
  GrammarProblem,
  isHostPart,
  isRepositoryPath,
  longestRepositoryPath,
  orUsageError,
  readDigest,
  readRepositoryPath,
  readTag,
  scanHost,
  type RepositoryPath,
} from './grammar.js'
import {
  credentialsHint,
  formatReference,
  hubPath,
  hubRegistry,
  normalRegistry,
  readReference,
  referenceMeaning,
  type Reference,
} from './reference.js'

/** A pasted text, understood as a reference. */
export interface UnderstoodReference {
  reference: Reference
  /** One short phrase without control characters, such as `the GHCR package page of acme/shop, tag feature-x`. */
  understood: string
  kind: 'reference' | 'address' | 'command'
}

const pasteHint =
  'Paste a reference such as ghcr.io/acme/shop:feature-x, the address of its package page, or a docker pull line.'
const containerRegistry = 'ghcr.io'
// Registry API of Docker Hub, which is docker.io in references.
const hubApiHost = 'registry-1.docker.io'

const whiteSpace = String.raw`\s\u200B-\u200F\u2060\uFEFF`
const quotes = '\'"`“”„‘’«»'
const leading = new RegExp(`^[${whiteSpace}${quotes}<(]+`)
const trailing = new RegExp(`[${whiteSpace}${quotes}>).,;!?]`)

/**
 * Understands what people paste for an image: a valid reference (taken exactly as it is), the address of a registry, of a
 * manifest in the registry API, of a package page of GitHub or an image page of Docker Hub, an `oci://` or `docker://` address, a
 * `docker pull`, `podman pull` or `keg docker package run` line. Removes white space, quotes, angle brackets and punctuation
 * around it. Throws UsageError `reference-invalid` for everything else, with the 1-based `position` in the given text; never
 * repeats a password in an address.
 */
export function understandReference(text: string): UnderstoodReference {
  return orUsageError(text, {...referenceMeaning, hint: pasteHint}, () => {
    const exact = legalReference(text.trim())
    if (exact !== undefined) return {reference: exact, understood: describeReference(exact), kind: 'reference'}
    const start = leading.exec(text)?.[0].length ?? 0
    const inner = withoutTrailing(text.slice(start))
    if (inner === '') throw new GrammarProblem(text.length, 'a reference is missing')
    return shifted(start, () => (/\s/.test(inner) ? understandCommand(inner) : understandWord(inner)))
  })
}

// A loop, because a regular expression for the end would start again at every character before it.
function withoutTrailing(text: string): string {
  let end = text.length
  while (end > 0 && trailing.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

function understandCommand(text: string): UnderstoodReference {
  const {name, word, start, optionsLeftOut} = readCommandLine(text)
  const quotesBefore = leading.exec(word)?.[0].length ?? 0
  const inner = withoutTrailing(word.slice(quotesBefore))
  const {reference, understood} = shifted(start + quotesBefore, () => understandWord(inner))
  const note = optionsLeftOut ? ' (its options are left out)' : ''
  return {reference, understood: `the ${name} line of ${understood}${note}`, kind: 'command'}
}

function understandWord(text: string): UnderstoodReference {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text)
  if (scheme === null) {
    const reference = readReference(text)
    return {reference, understood: describeReference(reference), kind: 'reference'}
  }
  const start = scheme[0].length
  const name = (scheme[1] ?? '').toLowerCase()
  switch (name) {
    case 'docker':
    case 'oci': {
      refuseCredentials(text, start)
      const reference = shifted(start, () => readReference(text.slice(start)))
      return {reference, understood: `the ${name} address of ${nameOf(reference)}`, kind: 'address'}
    }
    case 'http':
    case 'https':
      return {...understandWebAddress(text, start, name === 'https'), kind: 'address'}
    default:
      throw new GrammarProblem(0, 'addresses of this scheme are not supported')
  }
}

type Understanding = Pick<UnderstoodReference, 'reference' | 'understood'>

/** Reads what follows `https://` (or `http://`, for loopback only); `start` is the index of the host. */
function understandWebAddress(text: string, start: number, secure: boolean): Understanding {
  refuseCredentials(text, start)
  const end = endOfAuthority(text, start)
  if (end === start) throw new GrammarProblem(start, 'a host name is missing')
  scanHost(text, start, end)
  const host = lowerCase(text.slice(start, end))
  if (!secure && !isLoopback(host)) {
    throw new GrammarProblem(0, 'http:// is only for registries on this machine', 'Use the https:// address.')
  }
  const page = splitPage(text, end)
  if (page.path === '') throw new GrammarProblem(end, 'the address names a host and no image')
  if (host === 'github.com' || host === 'www.github.com') return understandGitHubPage(page)
  if (host === 'hub.docker.com') return understandHubPage(page)
  const after = page.path.length + end
  if (after < text.length) {
    throw new GrammarProblem(after, 'a query or fragment belongs to no image', 'Leave out everything from there on.')
  }
  if (!isHostPart(host)) {
    throw new GrammarProblem(start, 'a registry has a "." or a port in its name', 'Add the port, such as :443.')
  }
  if (page.path.startsWith('/v2/')) return understandApiAddress(host, page)
  const reference = shifted(start, () => readReference(`${host}${page.path.replace(/(?<=.)\/$/, '')}`))
  return {reference, understood: `the registry address of ${nameOf(reference)}`}
}

/** `/v2/<name>/manifests/<tag or digest>` of the OCI distribution specification (1.1, "Pulling manifests"). */
function understandApiAddress(host: string, {path, start}: Page): Understanding {
  const nameStart = '/v2/'.length
  const marker = '/manifests/'
  const at = path.lastIndexOf(marker)
  if (at < nameStart) {
    throw new GrammarProblem(
      start + nameStart,
      'of the registry API only addresses of manifests name an image',
      'Paste the address that continues with <name>/manifests/<tag>, or the reference itself.',
    )
  }
  const name = shifted(start + nameStart, () => readRepositoryPath(path.slice(nameStart, at)))
  const refStart = at + marker.length
  const version = decodePiece({text: path.slice(refStart), start: start + refStart})
  const parts = version.text.includes(':')
    ? {digest: readPiece(version, readDigest)}
    : {tag: readPiece(version, readTag)}
  const registry = host === hubApiHost ? hubRegistry : normalRegistry(host)
  const repository = checkedPath(hubPath(registry, name), start + nameStart)
  const reference = {registry, repository, ...parts, hostWritten: true}
  return {reference, understood: `the registry API address of ${nameOf(reference)}`}
}

/**
 * Pages of the GitHub container registry: `/orgs|users/OWNER/packages/container/[package/]NAME[/VERSION][?tag=TAG]` and
 * `/OWNER/REPOSITORY/pkgs/container/NAME[/VERSION][?tag=TAG]`, with `%2F` in nested names.
 */
function understandGitHubPage(page: Page): Understanding {
  const [first, second, third, fourth, ...rest] = segmentsOf(page)
  const kind = first?.text
  const inOwner = (kind === 'orgs' || kind === 'users') && third?.text === 'packages' && fourth?.text === 'container'
  const inRepository = third?.text === 'pkgs' && fourth?.text === 'container'
  const owner = inOwner ? second : first
  if ((!inOwner && !inRepository) || owner === undefined) {
    throw new GrammarProblem(
      page.start,
      'this page of GitHub is not the page of a container package',
      'Open the package under "Packages" and paste the address of its page, or paste the reference itself.',
    )
  }
  const [namePiece, ...afterName] = inOwner && rest[0]?.text === 'package' && rest.length > 1 ? rest.slice(1) : rest
  if (namePiece === undefined) throw new GrammarProblem(page.end, 'the name of the package is missing')
  const extra = afterName.find(({text}, index) => index > 0 || !/^(?:\d+|versions)$/.test(text))
  if (extra !== undefined) throw new GrammarProblem(extra.start, 'this is not the address of a package page')
  // GitHub keeps the letter case of an owner in addresses; the registry only has lower case.
  const ownerName = readPiece({...plainPiece(owner), text: lowerCase(owner.text)}, readRepositoryPath)
  const name = readPiece(decodePiece(namePiece), readRepositoryPath)
  const tagPiece = queryValue(page, 'tag')
  const reference = {
    registry: containerRegistry,
    repository: checkedPath(`${ownerName}/${name}`, owner.start),
    tag: tagPiece === undefined ? undefined : readPiece(tagPiece, readTag),
    hostWritten: true,
  }
  return {reference, understood: `the GHCR package page of ${describe(reference.repository, reference)}`}
}

/** Pages of Docker Hub: `/r/USER/NAME[/tags...]`, `/_/NAME[/tags...]` and `/layers/USER/NAME/TAG[/...]`. */
function understandHubPage(page: Page): Understanding {
  const [kind, ...rest] = segmentsOf(page)
  const official = kind?.text === '_'
  const layers = kind?.text === 'layers'
  if (!official && !layers && kind?.text !== 'r') {
    throw new GrammarProblem(
      page.start,
      'this page of Docker Hub is not the page of an image',
      'Paste an address like https://hub.docker.com/r/acme/shop, or the reference itself.',
    )
  }
  const length = official ? 1 : 2
  const names = rest.slice(0, length)
  const start = names[0]?.start ?? page.end
  if (names.length < length) throw new GrammarProblem(page.end, 'the name of the image is missing')
  const path = names.map((piece) => readPiece(plainPiece(piece), readRepositoryPath)).join('/')
  const next = rest[length]
  if (layers && next === undefined) throw new GrammarProblem(page.end, 'a tag is missing')
  if (!layers && next !== undefined && next.text !== 'tags') {
    throw new GrammarProblem(next.start, 'this is not the address of an image page')
  }
  const reference = {
    registry: hubRegistry,
    repository: checkedPath(hubPath(hubRegistry, path), start),
    tag: layers && next !== undefined ? readPiece(decodePiece(next), readTag) : undefined,
    hostWritten: true,
  }
  return {reference, understood: `the Docker Hub page of ${describe(path, reference)}`}
}

/** A part of a text, and its index there. */
interface Segment {
  text: string
  start: number
}

/** A part that may have been decoded: `indexOf` returns a character's index in the whole text. */
interface Piece {
  text: string
  indexOf: (index: number) => number
}

/** The path of an address without `?query#fragment`, its place in the text, and the query. */
interface Page {
  path: string
  start: number
  end: number
  query: Segment
}

function splitPage(text: string, start: number): Page {
  const hash = text.indexOf('#', start)
  const whole = hash === -1 ? text : text.slice(0, hash)
  const mark = whole.indexOf('?', start)
  const end = mark === -1 ? whole.length : mark
  const queryStart = Math.min(end + 1, whole.length)
  return {path: text.slice(start, end), start, end, query: {text: whole.slice(queryStart), start: queryStart}}
}

/** The parts of a path between its slashes; one slash at its end is allowed. */
function segmentsOf({path, start}: Page): Segment[] {
  return split({text: path.replace(/(?<=.)\/$/, '').slice(1), start: start + 1}, '/').filter(
    ({text}, index) => text !== '' || index > 0,
  )
}

function split({text, start}: Segment, separator: string): Segment[] {
  const segments: Segment[] = []
  let at = start
  for (const part of text.split(separator)) {
    segments.push({text: part, start: at})
    at += part.length + 1
  }
  return segments
}

function queryValue({query}: Page, key: string): Piece | undefined {
  const found = split(query, '&').find(({text}) => text.startsWith(`${key}=`))
  if (found === undefined) return undefined
  return decodePiece({text: found.text.slice(key.length + 1), start: found.start + key.length + 1})
}

function plainPiece({text, start}: Segment): Piece {
  return {text, indexOf: (index) => start + index}
}

/** Decodes `%XX` of ASCII characters; others are in no name, and are kept for the grammar to refuse at their position. */
function decodePiece({text, start}: Segment): Piece {
  const indexes: number[] = []
  const decoded = text.replace(/%([0-7][0-9a-f])|[^]/gi, (match: string, code: string | undefined, at: number) => {
    indexes.push(at)
    return code === undefined ? match : String.fromCharCode(Number.parseInt(code, 16))
  })
  return {text: decoded, indexOf: (index) => start + (indexes[index] ?? text.length)}
}

function readPiece<Value>({text, indexOf}: Piece, read: (text: string) => Value): Value {
  return moved(indexOf, () => read(text))
}

function shifted<Value>(offset: number, read: () => Value): Value {
  return moved((index) => index + offset, read)
}

function moved<Value>(indexOf: (index: number) => number, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof GrammarProblem)) throw error
    throw new GrammarProblem(indexOf(error.index), error.problem, error.hint)
  }
}

function checkedPath(path: string, index: number): RepositoryPath {
  if (isRepositoryPath(path)) return path
  throw new GrammarProblem(index, `a repository name has at most ${longestRepositoryPath} characters`)
}

function refuseCredentials(text: string, start: number): void {
  if (!text.slice(start, endOfAuthority(text, start)).includes('@')) return
  // `oci://app@sha256:...` has its "@" before a digest.
  if (legalReference(text.slice(start)) !== undefined) return
  throw new GrammarProblem(start, 'it carries a user name or password', credentialsHint)
}

function endOfAuthority(text: string, start: number): number {
  const length = text.slice(start).search(/[/?#]/)
  return length === -1 ? text.length : start + length
}

function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '')
  return name === 'localhost' || name.endsWith('.localhost') || /^127(?:\.\d{1,3}){3}$/.test(name) || name === '[::1]'
}

function legalReference(text: string): Reference | undefined {
  try {
    return readReference(text)
  } catch (error) {
    if (error instanceof GrammarProblem) return undefined
    throw error
  }
}

/** Lower-cases only ASCII letters, so that every character keeps its position. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
}

function describeReference(reference: Reference): string {
  const fullStop = reference.digest === undefined && reference.tag?.endsWith('.') === true
  return `the image ${nameOf(reference)}${fullStop ? ' (the full stop is part of the tag)' : ''}`
}

function nameOf(reference: Reference): string {
  const {registry, repository} = reference
  return describe(formatReference({registry, repository}), reference)
}

function describe(name: string, {tag, digest}: Pick<Reference, 'tag' | 'digest'>): string {
  if (digest !== undefined) return `${name}${tag === undefined ? '' : `, tag ${tag}`}, digest ${digest}`
  return tag === undefined ? `${name}, without a tag` : `${name}, tag ${tag}`
}
