import {readUserConfiguration, userConfigurationFile} from '../config/user-configuration.js'
import {EngineError} from '../engine/engine-error.js'
import {FailedError} from '../error/keg-error.js'
import {hubRegistry, parseReference, parseRegistry, type Registry} from '../reference/reference.js'
import {findCredentials, loginRequest, type Credentials} from '../registry/credentials.js'
import {registryError} from '../registry/registry-error.js'
import {printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import type {Connection} from './connection.js'

export interface RegistryCheckOptions {
  /** What `--registry` says. */
  readonly registry: string | undefined
  readonly environment: NodeJS.ProcessEnv
  readonly connecting: Promise<Connection>
  readonly signal: AbortSignal
  /** How long a credential helper may think. */
  readonly helperTimeoutMilliseconds: number
}

/**
 * The registry that packages go to: whether there are credentials for it, and whether it takes them from the engine. Of the
 * credentials it says where they are from, and nothing else.
 * @throws what readUserConfiguration, parseRegistry and findCredentials throw
 */
export async function checkRegistry(options: RegistryCheckOptions): Promise<Finding> {
  const {connecting, environment, helperTimeoutMilliseconds, signal} = options
  const wanted = await wantedRegistry(options)
  if (wanted === undefined)
    return {
      status: 'notice',
      detail: 'none is set: packages stay in the engine',
      remedy: 'keg config set registry HOST[:PORT][/NAMESPACE]',
      data: {registry: null, origin: null, credentials: null},
    }
  const {origin, registry} = wanted
  const {host, namespace} = registry
  const credentials = await findCredentials({
    registry: host,
    repository: namespace ?? '',
    environment,
    signal,
    helperTimeoutMilliseconds,
  })
  const kept = credentials.kind === 'anonymous' ? null : credentials.origin
  const found = `${host} (${origin}), ${kept === null ? 'no credentials' : `credentials in ${kept}`}`
  const data = {registry: host, origin, credentials: kept}
  const {engine} = await connecting
  if (engine === undefined)
    return {status: 'skipped', detail: printable(`${found}; not tried, no engine answers`), data}
  try {
    await engine.checkLogin(loginRequest(credentials, host), signal)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return refused(error, {registry, credentials, found, data})
  }
  if (kept !== null) return {status: 'ok', detail: printable(`${found}, and it takes them`), data}
  return {
    status: 'notice',
    detail: printable(`${found}; it answers all the same, and may ask for them when something is pushed`),
    remedy: loginLine(host),
    data,
  }
}

async function wantedRegistry({
  environment,
  registry,
}: RegistryCheckOptions): Promise<{registry: Registry; origin: string} | undefined> {
  if (registry !== undefined) return {registry: parseRegistry(registry), origin: '--registry'}
  if (environment.KEG_REGISTRY) return {registry: parseRegistry(environment.KEG_REGISTRY), origin: 'KEG_REGISTRY'}
  const configured = (await readUserConfiguration(environment)).registry
  return configured === undefined
    ? undefined
    : {registry: parseRegistry(configured), origin: userConfigurationFile(environment)}
}

interface Refusal {
  readonly registry: Registry
  readonly credentials: Credentials
  readonly found: string
  readonly data: Readonly<Record<string, unknown>>
}

/** What went wrong with the registry itself says how to mend it; for all else one signs in again. */
const OWN_REMEDY = [
  'registry-certificate',
  'registry-insecure',
  'registry-unreachable',
  'registry-broke-off',
  'registry-busy',
]

function refused(error: EngineError, {credentials, data, found, registry: {host}}: Refusal): Finding {
  // The name of a repository is of no account here: only the registry was asked.
  const reference = parseReference(`${host}/keg`)
  const explained = registryError(error, {action: 'pull', reference, credentials})
  const {code, hint, message} = explained instanceof FailedError ? explained : error
  const isAboutRegistry = OWN_REMEDY.includes(code)
  return {
    status: 'problem',
    detail: printable(`${found}: ${isAboutRegistry ? message : `it does not let you in (${error.said})`}`),
    remedy: isAboutRegistry && hint !== undefined ? printable(hint) : loginLine(host),
    data: {...data, error: code},
  }
}

function loginLine(host: string): string {
  return host === hubRegistry ? 'docker login' : `docker login ${host}`
}
