import {posix} from 'node:path'

/** Larger files are judged by their names alone; in bytes. */
export const MAX_CHECKED_SIZE = 1024 * 1024

/** A kind of file that credentials are kept in. */
interface SecretKind {
  /** Matches the path, starting at any of its slashes. */
  readonly path: RegExp
  readonly reason: string
  /** Whether a text contains one; without it the name is enough. */
  readonly holds?: (text: string) => boolean
}

/** A file that may be a secret, and what to check in it. */
export interface SecretCandidate {
  readonly kinds: readonly SecretKind[]
}

/** Other people's code: its tests and examples are full of keys that are no secret. */
const OTHERS_CODE =
  /\/(?:node_modules|bower_components|site-packages|dist-packages|pkg\/mod|\.cargo\/registry|vendor\/bundle|gems)\/|^\/usr\/(?:local\/)?(?:share|lib|lib64|include)\//

/** Templates that are meant to be public. */
const TEMPLATE = /[._-](?:example|sample|template|tmpl|dist|defaults?|schema|enc|encrypted|sops)(?:\.|$)/i

/** A private key in its usual forms: PEM, OpenSSH's, PGP's and PuTTY's. */
const PRIVATE_KEY = /-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----|^PuTTY-User-Key-File-/m

/** `https://user:password@host`, where the password is not a variable or a placeholder. */
const URL_PASSWORD = /[a-z][a-z0-9+.-]*:\/\/[^\s/:@"'$]*:([^\s/@"']+)@/gi

/** Tokens with a recognizable form: GitHub, GitLab, npm, PyPI, Slack, Stripe, AWS, Google, Docker, Anthropic and OpenAI. */
const TOKEN =
  /\b(?:gh[opsru]_[A-Za-z0-9]{30,}|github_pat_\w{30,}|glpat-[\w-]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{40,}|xox[abeprs]-[\w-]{10,}|[rs]k_live_\w{16,}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|dckr_(?:pat|oat)_[\w-]{20,}|sk-[\w-]{32,})\b/

/** `NAME=value`, `export NAME=value`, `name: value` or `name = value`, one a line. */
const ASSIGNMENT =
  /^[ \t]*(?:export[ \t]+|set[ \t]+)?["']?([A-Za-z_][\w.-]*)["']?[ \t]*[=:][ \t]*(.*?)[ \t]*,?[ \t]*\r?$/gm

const NAMED_SECRET = /token|secret|password|passwd|passphrase|credential|api_?key|access_?key|private_?key/i
const NAMED_SECRET_IN_WORDS = /(?:^|[_.-])(?:key|pwd|pass|auth)(?:$|[_.-])/i
const NAMED_SECRET_AT_THE_END = /(?:token|secret|password|passwd|passphrase|pass|pwd|key)$/i
const NAMED_OTHERWISE =
  /public|publishable|(?:^|_)(?:file|path|dir|name|prefix|header|algorithm|length|size|ttl|expiry|expires?|expiration|lifetime|url|uri|endpoint|type|id)$|^(?:old)?pwd$/i

/** Credentials in spite of the end of their names. */
const NAMED_SECRET_ANYWAY = /access_?key_?id|secret_?id|(?:password|secret|token)(?:_?(?:value|base64|b64))$/i

const NO_SECRET_VALUE =
  /^(?:|true|false|yes|no|on|off|null|none|nil|undefined|todo|tbd|changeme|change[-_ ]?(?:me|this|it).*|replace[-_ ]?(?:me|this|with).*|your[-_ ].*|my[-_](?:secret|password|token|key)|placeholder|example|dummy|redacted|x{3,}|\*{2,}|\.{3,}|<.*>|\[.*\]|\{\{.*\}\}|\$\{?\w+.*|%\w+%|@\w+@|!\w.*|ENC\[.*)$/is

/** Whether a settings line has a value for a name that looks like a credential. */
function isCredential(name: string, quoted: string): boolean {
  const value = quoted.replace(/[ \t]+#.*$/, '').replace(/^(["'])(.*)\1$/s, '$2')
  if (NO_SECRET_VALUE.test(value)) return false
  if (NAMED_OTHERWISE.test(name) && !NAMED_SECRET_ANYWAY.test(name)) return false
  if (/^\d{1,9}$/.test(value)) return NAMED_SECRET_AT_THE_END.test(name)
  return NAMED_SECRET.test(name) || NAMED_SECRET_IN_WORDS.test(name)
}

/** Whether settings, one per line, contain credentials: by names, by URLs with a password, and by the form of values. */
export function holdsCredentials(text: string): boolean {
  if (PRIVATE_KEY.test(text) || TOKEN.test(text) || holdsUrlPassword(text)) return true
  return [...text.matchAll(ASSIGNMENT)].some(([, name = '', value = '']) => isCredential(name, value))
}

function holdsUrlPassword(text: string): boolean {
  return [...text.matchAll(URL_PASSWORD)].some(([, password = '']) => !NO_SECRET_VALUE.test(password))
}

/** Matches a key with a value that is neither a variable nor a placeholder. */
function hasValue(key: string): (text: string) => boolean {
  const pattern = new RegExp(`(?:${key})["']?\\s*[=:]\\s*["']?([^\\s"',}]+)`, 'gi')
  return (text) => [...text.matchAll(pattern)].some(([, value = '']) => !NO_SECRET_VALUE.test(value))
}

const isPrivateKey = (text: string): boolean => PRIVATE_KEY.test(text)

/** One line without spaces, like a file with a single password. */
const isOneWord = (text: string): boolean => /^\S{4,4096}\r?\n?$/.test(text) && !NO_SECRET_VALUE.test(text.trim())

const KINDS: readonly SecretKind[] = [
  {
    path: /\/(?:\.env|\.env\.[^/]+|\.envrc|[^/]+\.env|\.flaskenv|\.dev\.vars(?:\.[^/]+)?)$/i,
    reason: 'environment with credentials',
    holds: holdsCredentials,
  },
  {
    path: /\/wg[^/]*\.conf$|\/wireguard\/[^/]+\.conf$/,
    reason: 'private key of WireGuard',
    holds: hasValue('PrivateKey'),
  },
  {path: /\/keys?\.txt$|\.agekey$/, reason: 'key of age', holds: (text) => /^AGE-SECRET-KEY-1\w/m.test(text)},
  {path: /\/\.?vault[_-]pass(?:word)?(?:\.txt)?$/, reason: 'password of Ansible Vault', holds: isOneWord},
  {path: /\/\.?bunfig\.toml$/, reason: 'login of Bun', holds: hasValue('token|password')},
  {
    path: /\/\.bundle\/config$/,
    reason: 'login of Bundler',
    holds: (text) => /^BUNDLE_\w+:[ \t]+["']?[^\s"':]+:[^\s"'/]/m.test(text),
  },
  {path: /\/\.?npmrc$/, reason: 'login of npm', holds: hasValue('_authToken|_auth|_password')},
  {path: /\/\.yarnrc(?:\.yml)?$/, reason: 'login of Yarn', holds: hasValue('npmAuthToken|npmAuthIdent|_authToken')},
  {path: /\/\.pypirc$/, reason: 'login of PyPI', holds: hasValue('password')},
  {path: /\/pip\.conf$/, reason: 'login of a package index', holds: holdsUrlPassword},
  {path: /\/[._]netrc$/, reason: 'logins of hosts', holds: (text) => /\bpassword\s+\S/.test(text)},
  {
    path: /\/(?:\.git-credentials|\.config\/git\/credentials)$/,
    reason: 'logins of git',
    holds: (text) => /:\/\/[^\s/@]+@/.test(text),
  },
  {
    path: /\/\.git\/(?:.+\/)?config(?:\.worktree)?$|\/\.gitconfig$/,
    reason: 'git configuration with a login',
    holds: (text) => holdsUrlPassword(text) || TOKEN.test(text) || /extraheader\s*=\s*["']?authorization:/i.test(text),
  },
  {
    path: /\/(?:\.docker\/config\.json|\.dockercfg|\.dockerconfigjson|containers\/auth\.json)$/,
    reason: 'logins of registries',
    holds: hasValue('"(?:auth|identitytoken|registrytoken|password)'),
  },
  {
    path: /\/\.aws\/(?:credentials|config)$/,
    reason: 'credentials of AWS',
    holds: hasValue('aws_secret_access_key|aws_session_token'),
  },
  {
    path: /\/\.aws\/(?:sso|cli)\/cache\/[^/]+\.json$/,
    reason: 'login of AWS',
    holds: hasValue('"(?:accessToken|SecretAccessKey|clientSecret)'),
  },
  {
    path: /\/(?:\.kube\/(?:config|[^/]+\.ya?ml)|[^/]*kubeconfig[^/]*)$/i,
    reason: 'login of Kubernetes',
    holds: hasValue('token|client-key-data|password|id-token|refresh-token'),
  },
  {
    path: /\/(?:\.config\/gcloud|\.gcloud|gcloud)\/(?:application_default_credentials\.json|credentials\.db|access_tokens\.db|legacy_credentials\/.+)$/,
    reason: 'login of Google Cloud',
  },
  {
    path: /\/\.azure\/(?:accessTokens\.json|msal_token_cache\.(?:json|bin)|service_principal_entries\.json)$/,
    reason: 'login of Azure',
  },
  {
    path: /\/(?:gh\/hosts\.yml|\.config\/hub|glab-cli\/config\.yml)$/,
    reason: 'login of a git host',
    holds: hasValue('oauth_token|token'),
  },
  {
    path: /\/(?:\.terraformrc|terraform\.rc|\.terraform\.d\/credentials\.tfrc\.json)$/,
    reason: 'login of Terraform',
    holds: hasValue('token'),
  },
  {path: /\.tfvars(?:\.json)?$/, reason: 'Terraform variables with credentials', holds: holdsCredentials},
  {
    path: /\.tfstate(?:\.\d+)?(?:\.backup)?$/,
    reason: 'Terraform state with credentials',
    holds: (text) =>
      PRIVATE_KEY.test(text) || hasValue('"\\w*(?:password|secret|token|private_key|access_key)\\w*')(text),
  },
  {
    path: /\/(?:\.ssh\/[^/]+|id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|ssh_host_\w+_key)$/,
    reason: 'private key',
    holds: isPrivateKey,
  },
  {path: /\.(?:pem|key|pk8|p8|ppk|asc|ovpn)$/i, reason: 'private key', holds: isPrivateKey},
  {path: /\/\.gnupg\/(?:private-keys-v1\.d\/.+|secring\.gpg)$/, reason: 'private key of GnuPG'},
  {path: /\/config\/(?:master|credentials\/[^/]+)\.key$/, reason: 'key of Rails', holds: isOneWord},
  {path: /\.(?:p12|pfx|jks|keystore|bks|kdbx?|keychain)$/i, reason: 'key store'},
  {path: /\/\.htpasswd$/, reason: 'passwords of a web server', holds: (text) => /^[^#:\s]+:\S/m.test(text)},
  {
    path: /\/(?:\.pgpass|pgpass\.conf)$/,
    reason: 'passwords of PostgreSQL',
    holds: (text) => /^(?:[^:#\n]*:){4}\S/m.test(text),
  },
  {path: /\/\.my\.cnf$/, reason: 'password of MySQL', holds: hasValue('password')},
  {path: /\/\.mylogin\.cnf$/, reason: 'login of MySQL'},
  {path: /\/\.vault-token$/, reason: 'token of Vault'},
  {path: /\/(?:\.s3cfg|\.boto|rclone\.conf|\.databrickscfg)$/, reason: 'login of a cloud', holds: holdsCredentials},
  {
    path: /\/\.gem\/credentials$|\/\.cargo\/credentials(?:\.toml)?$/,
    reason: 'login of a package registry',
    holds: hasValue('\\w*api_key|token|key'),
  },
  {
    path: /\/auth\.json$/,
    reason: 'login of a package registry',
    holds: hasValue('"(?:password|token|github\\.com|access_token|refresh_token)'),
  },
  {path: /\/(?:nuget\.config)$/i, reason: 'login of NuGet', holds: (text) => /password"\s+value="[^"%$]/i.test(text)},
  {
    path: /\/\.m2\/settings(?:-security)?\.xml$/,
    reason: 'login of Maven',
    holds: (text) => /<(?:password|passphrase|master)>(?!\s*\$\{)[^<\s]/.test(text),
  },
  {path: /\/gradle\.properties$/, reason: 'Gradle properties with credentials', holds: holdsCredentials},
  {
    path: /\/[^/]+\.json$/i,
    reason: 'key of a service account',
    holds: (text) => /"type"\s*:\s*"service_account"/.test(text) && text.includes('PRIVATE KEY'),
  },
  {
    path: /\/(?:\.?secrets?|credentials?)\.(?:json|ya?ml|toml|ini|properties|conf|txt|env)$/i,
    reason: 'named like credentials',
    holds: holdsCredentials,
  },
  {
    path: /\/\.claude\/\.credentials\.json$/,
    reason: 'login of a tool',
    holds: hasValue('"(?:accessToken|refreshToken)'),
  },
  {
    path: /\/\.?secrets\/(?:[^/]+\/)?[^/.]+(?:\.(?:txt|secret|token|password|passwd))?$|\/[^/]*(?:passwords?|token|secret|api[-_]?key)(?:\.txt)?$|\.(?:secret|token|password)$/i,
    reason: 'one word, named like a secret',
    holds: isOneWord,
  },
]

/** What editors and people add to the name of a copy. */
const COPY = /(?:~|\.(?:bak|backup|old|orig|save|swp))$/i

/** Key stores with public content. */
const PUBLIC_STORE = /\/(?:debug\.keystore|[^/]*trust[^/]*)$/i

/**
 * The kinds of secret that a file may be, judging by its names.
 * @param paths of one file, absolute: in the container, and on the host
 * @returns undefined for a file that need not be checked
 */
export function secretCandidate(paths: readonly string[]): SecretCandidate | undefined {
  const originals = paths.filter((path) => COPY.test(path)).map((path) => path.replace(COPY, ''))
  const looked = [...paths, ...originals].filter(
    (path) =>
      !OTHERS_CODE.test(path) && !TEMPLATE.test(posix.basename(path.replace(COPY, ''))) && !PUBLIC_STORE.test(path),
  )
  const kinds = KINDS.filter(({path: pattern}) => looked.some((path) => pattern.test(path)))
  return kinds.length === 0 ? undefined : {kinds}
}

/**
 * Why a file is a secret.
 * @param text undefined if the file is too large to check
 * @returns undefined if it is not a secret
 */
export function secretReason({kinds}: SecretCandidate, text: string | undefined): string | undefined {
  const found = kinds.find(({holds}) => holds === undefined || (text !== undefined && holds(text)))
  return found?.reason
}
