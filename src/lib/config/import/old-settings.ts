import {property} from '../../json/json.js'

/** Something of an old configuration that a setting of this keg could take. */
export interface Offer {
  /** Where it stands: keys of cli.config.json, with dots, or a file. */
  readonly from: string
  /** The setting, as a user types it. */
  readonly name: string
  readonly value: string
  /** The tap whose own settings it is for; undefined for those of all. */
  readonly tap?: string | undefined
}

/** Something of an old configuration that stays where it is. */
export interface Left {
  readonly from: string
  readonly reason: string
}

/** Keys of cli.config.json that say nothing about how keg works. */
const SILENT = new Set(['displayName', 'name', 'version'])

/** Why parts of cli.config.json are left, by the keys that lead to them; the first that fits counts. */
const REASONS: readonly (readonly [keys: RegExp, reason: string])[] = [
  [/^docker\.(?:token|user)$/, 'keg keeps no credentials: sign in with docker login.'],
  [/token|secret|password|(?:^|\.)key$/i, 'keg keeps no tokens and no keys: give them to git, or to docker login.'],
  [/^docker\.namespace$/, 'There is no docker.providerUrl that it belongs to.'],
  [/^cli\.git\./, 'keg asks git itself.'],
  [/^cli\.taps\..+\.tasks$/, 'Tasks are no commands of this keg: make them actions of values.yml.'],
  [/^publish(?:\.|$)/, 'keg publishes no packages of npm.'],
  [/^cli\.settings\./, 'There is no such setting any more.'],
]

/** What an old configuration holds, sorted. Its secrets are in neither list. */
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
  // Kubernetes' word for what docker calls missing.
  const dockers = policy === 'ifnotpresent' ? 'missing' : policy
  offer('env.KEG_IMAGE_PULL_POLICY', dockers, 'cli.settings.docker.imagePullPolicy')
  const domain = text('cli.settings.defaultDomain')
  offer('env.KEG_PROXY_HOST', domain && `${environment ?? 'local'}.${domain}`, 'cli.settings.defaultDomain')
  for (const [keys, value] of leaves) {
    const path = /^cli\.paths\.([^.]+)$/.exec(keys)?.[1]
    if (path !== undefined) offer(`paths.${path}`, value, keys)
    // Older ones have their links in `links`, as paths alone.
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

/** Texts by the keys that lead to them, with dots; what is empty is left out. */
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
