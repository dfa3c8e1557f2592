import {commandLine} from '../terminal/command-line.js'
import {property} from '../json/json.js'

/** A value of an old configuration that a setting of this keg could take. */
export interface Offer {
  /** Its place: keys of cli.config.json, with dots, or a file. */
  readonly from: string
  /** The setting's name as typed. */
  readonly name: string
  readonly value: string
  /** The tap that it is for; undefined for all taps. */
  readonly tap?: string | undefined
}

/** A value of an old configuration that is not imported. */
export interface Left {
  /** Keys of cli.config.json, with dots, or a file and a name in it. */
  readonly from: string
  /** The reason, in one sentence. */
  readonly reason: string
}

/** Keys of cli.config.json that do not affect keg. */
const SILENT = new Set(['displayName', 'name', 'version'])

/** Why parts of cli.config.json are not imported, by their keys; the first match counts. */
const REASONS: readonly (readonly [keys: RegExp, reason: string])[] = [
  [/^docker\.(?:token|user)$/, `keg stores no credentials. Sign in with: ${commandLine`docker login HOST`}`],
  [
    /token|secret|password|(?:^|\.)key$/i,
    'keg stores no tokens and no keys. Use the credential helpers of git and docker.',
  ],
  [/^docker\.namespace$/, 'It needs docker.providerUrl, which is not set.'],
  [/^cli\.git\./, 'keg reads it from git.'],
  [/^cli\.taps\..+\.tasks$/, 'Tasks are no longer commands: make them actions in values.yml.'],
  [/^publish(?:\.|$)/, 'keg does not publish npm packages.'],
  [/^cli\.settings\./, 'This setting no longer exists.'],
]

/** Sorts the content of an old configuration. Its secrets are in neither list. */
export function sortOldSettings(content: object): {readonly offers: readonly Offer[]; readonly left: readonly Left[]} {
  const leaves = leavesOf(content)
  const text = (keys: string): string | undefined => leaves.get(keys)
  const offers: Offer[] = []
  const used = new Set<string>()
  const offer = (name: string, value: string | undefined, from: string, ...alsoFrom: readonly string[]): void => {
    if (value === undefined) return
    offers.push({from, name, value})
    for (const keys of [from, ...alsoFrom]) used.add(keys)
  }

  const [provider, namespace] = [text('docker.providerUrl'), text('docker.namespace')]
  const host = provider?.replace(/^https?:\/\//, '').replace(/\/+$/, '')
  if (namespace === undefined) offer('registry', host, 'docker.providerUrl')
  else offer('registry', host && `${host}/${namespace}`, 'docker.providerUrl', 'docker.namespace')
  offer('defaultTag', text('cli.settings.docker.defaultTag'), 'cli.settings.docker.defaultTag')
  const environment = text('cli.settings.defaultEnv')
  offer('environment', environment, 'cli.settings.defaultEnv')
  const policy = text('cli.settings.docker.imagePullPolicy')?.toLowerCase()
  // Kubernetes' word for docker's `missing`.
  const dockers = policy === 'ifnotpresent' ? 'missing' : policy
  offer('env.KEG_IMAGE_PULL_POLICY', dockers, 'cli.settings.docker.imagePullPolicy')
  const domain = text('cli.settings.defaultDomain')
  offer('env.KEG_PROXY_HOST', domain && `${environment ?? 'local'}.${domain}`, 'cli.settings.defaultDomain')
  for (const [keys, value] of leaves) {
    const path = /^cli\.paths\.([^.]+)$/.exec(keys)?.[1]
    if (path !== undefined) offer(`paths.${path}`, value, keys)
    // Older ones have their links in `links`, as plain paths.
    const tap = /^cli\.taps\.(?:(.+)\.path|links\.(.+)|([^.]+))$/.exec(keys)?.slice(1).find(Boolean)
    if (tap !== undefined) offer(`taps.${tap}`, value, keys)
  }

  const left = [...leaves.keys()]
    .filter((keys) => !used.has(keys) && !SILENT.has(keys))
    .map((keys) => ({from: /^publish\./.test(keys) ? 'publish' : keys, reason: reasonOf(keys)}))
  return {offers, left: left.filter(({from}, index) => left.findIndex((each) => each.from === from) === index)}
}

function reasonOf(keys: string): string {
  return REASONS.find(([pattern]) => pattern.test(keys))?.[1] ?? 'keg has no such setting.'
}

/** Texts by their keys, joined with dots, without empty ones. */
function leavesOf(content: object): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  const collect = (value: unknown, keys: string): void => {
    if (typeof value === 'object' && value !== null) {
      for (const key of Object.keys(value)) collect(property(value, key), keys === '' ? key : `${keys}.${key}`)
    } else if (typeof value === 'boolean' || typeof value === 'number' || (typeof value === 'string' && value !== '')) {
      leaves.set(keys, String(value))
    }
  }
  collect(content, '')
  return leaves
}
