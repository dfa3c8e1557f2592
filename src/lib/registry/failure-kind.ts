import type {Reference} from '../reference/reference.js'

/** Why a registry request failed; each kind is the code of its error. */
export type FailureKind =
  | 'registry-proxy'
  | 'registry-certificate'
  | 'registry-insecure'
  | 'registry-unreachable'
  | 'registry-broke-off'
  | 'registry-busy'
  | 'registry-unauthorized'
  | 'registry-denied'
  | 'registry-too-large'
  | 'registry-full'
  | 'registry-read-only'
  | 'not-a-registry'
  | 'registry-failed'
  | 'repository-missing'
  | 'repository-name-refused'
  | 'tag-immutable'
  | 'manifest-refused'
  | 'upload-lost'
  | 'image-platform-missing'
  | 'image-not-found'

type MessagePattern = readonly [RegExp, FailureKind]

const UNREACHABLE: readonly MessagePattern[] = [
  [/proxyconnect|\b407\b|proxy authentication required/i, 'registry-proxy'],
  [/server gave HTTP response to HTTPS client|first record does not look like a TLS handshake/, 'registry-insecure'],
  [/x509: |tls: |certificate|sent an HTTP request to an HTTPS server/i, 'registry-certificate'],
  [/connection refused|no such host|no route to host|network is unreachable|host is down/i, 'registry-unreachable'],
  [/timeout|timed out|deadline exceeded|server misbehaving|temporary failure in name/i, 'registry-unreachable'],
]

/** Registries' own reasons for refusing a push: ECR, Harbor, GitLab, Google, Azure, Nexus and distribution itself. */
const REFUSED_PUSHES: readonly MessagePattern[] = [
  [
    /immutab|cannot be overwritten|ImageTagAlreadyExists|\btag\b.*\balready exists|does not allow updating/i,
    'tag-immutable',
  ],
  [/quota|upper limit of|storage limit|no space left on device|insufficient storage|\b507\b/i, 'registry-full'],
  [/read-?only|\bunsupported\b|\b405\b|operation is disallowed/i, 'registry-read-only'],
  [/blob upload unknown|manifest blob unknown|digest invalid|did not match uploaded content|\b416\b/i, 'upload-lost'],
  [/\bname invalid\b|invalid repository name/i, 'repository-name-refused'],
]

const ANSWERS: readonly MessagePattern[] = [
  [/\b50[234] |bad gateway|service unavailable|gateway time-?out/i, 'registry-unreachable'],
  [/\bEOF\b|connection reset|broken pipe|connection aborted|use of closed network/i, 'registry-broke-off'],
  [/\b429\b|toomanyrequests|too many requests|rate limit/i, 'registry-busy'],
  [/\b413\b|too large/i, 'registry-too-large'],
  // Harbor's message for a known user without permission; distribution's for a token without it.
  [/insufficient_scope|unauthorized to access repository/i, 'registry-denied'],
  [/no basic auth credentials|\b401\b|unauthorized|unauthenticated|authentication required/i, 'registry-unauthorized'],
  [/authorization failed|incorrect username or password/i, 'registry-unauthorized'],
  [/\b403\b|denied|forbidden|not allowed to|insufficient permission|not have permission/i, 'registry-denied'],
  [
    /invalid character '<'|<html|unmarshalling content|invalid checksum digest format|HTTP status: 200/i,
    'not-a-registry',
  ],
]

const MISSING_REPOSITORY: readonly MessagePattern[] = [
  [
    /name unknown|repository name not known|repository\b.*\b(?:does not exist|not found)|project \S+ not found/i,
    'repository-missing',
  ],
]

const MISSING_IMAGE: readonly MessagePattern[] = [
  [/no matching manifest|no match for platform/i, 'image-platform-missing'],
  [/\b404\b|not found|unknown manifest|manifest unknown|name unknown|does not exist/i, 'image-not-found'],
]

/**
 * For most refusals, engines with a containerd image store only report the request and the status (26.1; containerd,
 * core/remotes/docker/pusher.go): the requested path in the registry tells the rest.
 */
const UNEXPECTED_STATUS =
  /unexpected status from (?<method>[A-Z]+) request to \S*\/(?<place>blobs\/uploads\/|manifests\/|blobs\/)\S*: (?<status>\d{3})\b/

const STATUS_KINDS: readonly (readonly [RegExp, FailureKind])[] = [
  [/^POST blobs\/uploads\/ 404$/, 'repository-missing'],
  [/^(?:PUT|PATCH) blobs\/uploads\/ (?:400|404|416)$/, 'upload-lost'],
  [/^PUT manifests\/ (?:409|412)$/, 'tag-immutable'],
  [/^PUT manifests\/ 400$/, 'manifest-refused'],
]

/**
 * The kind of failure in an engine's message about a registry: from distribution's client in 20.10, containerd's resolver and
 * pusher in 26.1 and 28.5 (which leaves out the error code: "error from registry: MESSAGE"), and the error codes of
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#error-codes. The most specific comes first.
 * @param message the engine's message
 */
export function failureKind(message: string, action: 'push' | 'pull', reference: Reference): FailureKind {
  const bare = withoutNames(message, reference)
  if (action === 'pull') return firstMatch([...UNREACHABLE, ...ANSWERS, ...MISSING_IMAGE], bare)
  // docker's messages about its own images, before anything is sent.
  if (/^(?:tag does not exist|An image does not exist locally)/.test(message)) return 'image-not-found'
  const {method, place, status} = UNEXPECTED_STATUS.exec(message)?.groups ?? {}
  const request = `${method} ${place} ${status}`
  const byStatus = STATUS_KINDS.find(([pattern]) => pattern.test(request))?.[1]
  return (
    byStatus ??
    firstMatch([...UNREACHABLE, ...REFUSED_PUSHES, ...ANSWERS, ...MISSING_REPOSITORY, ...MISSING_IMAGE], bare)
  )
}

function firstMatch(patterns: readonly MessagePattern[], message: string): FailureKind {
  return patterns.find(([pattern]) => pattern.test(message))?.[1] ?? 'registry-failed'
}

/** Removes addresses and names: a repository can be called `denied` and have a tag 404. */
function withoutNames(message: string, {registry, repository}: Reference): string {
  const words = message.split(' ')
  // For Docker Hub, engines print only the short name, after these words.
  const short = repository.replace(/^library\//, '')
  const isName = (word: string, index: number): boolean =>
    word.includes('://') ||
    word.includes(`${registry}/${repository}`) ||
    // ECR and Harbor quote the path in the registry.
    word.includes(`'${repository}'`) ||
    words[index - 1] === 'lookup' ||
    (words[index - 1] === 'for' && word.includes(short))
  return words.filter((word, index) => !isName(word, index)).join(' ')
}
