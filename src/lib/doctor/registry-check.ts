import {readUserConfiguration, userConfigurationFile} from '../config/user-configuration.js'
import {EngineError} from '../engine/engine-error.js'
import {FailedError} from '../error/keg-error.js'
import {parseReference, parseRegistry, type Registry} from '../reference/reference.js'
import {REACH_MILLISECONDS, reachRegistry} from '../registry/client/reach-registry.js'
import {findCredentials, loginRequest} from '../registry/credentials.js'
import {registryError} from '../registry/registry-error.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import type {Connection} from './connection.js'
import type {Credentials} from '../registry/model.js'
import type {Work} from '../work/work.js'

export interface RegistryCheckOptions {
  /** The value of `--registry`. */
  readonly registry: string | undefined
  readonly connecting: Promise<Connection>
  /** How long a credential helper may take. */
  readonly helperTimeoutMilliseconds: number
}

/**
 * The registry that packages are pushed to: whether there are credentials, whether it accepts them from the engine, and whether keg
 * itself can reach it. Only the source of the credentials is shown.
 * @throws what readUserConfiguration, parseRegistry and findCredentials throw
 */
export async function checkRegistry(
  work: Pick<Work, 'environment' | 'signal'>,
  options: RegistryCheckOptions,
): Promise<Finding> {
  const {environment, signal} = work
  const {connecting, helperTimeoutMilliseconds} = options
  const wanted = await wantedRegistry(work, options)
  if (wanted === undefined)
    return {
      status: 'notice',
      detail: 'none is set: packages are kept in the engine',
      remedy: commandLine`keg config set registry HOST[:PORT][/NAMESPACE]`,
      data: {registry: null, origin: null, credentials: null},
    }
  const {origin, registry} = wanted
  const {host, namespace} = registry
  const credentials = await findCredentials(
    {environment, signal},
    {registry: host, repository: namespace ?? '', helperTimeoutMilliseconds},
  )
  const kept = credentials.kind === 'anonymous' ? null : credentials.origin
  const found = `${host} (${origin}), ${kept === null ? 'no credentials' : `credentials in ${kept}`}`
  const data = {registry: host, origin, credentials: kept}
  const {engine} = await connecting
  if (engine === undefined)
    return {status: 'skipped', detail: printable(`${found}; not checked, because there is no engine`), data}
  const reaching = reachRegistry(work, {registry: host, info: engine.facts.info, milliseconds: REACH_MILLISECONDS})
  // Awaited below, unless the engine was refused.
  reaching.catch(() => undefined)
  try {
    await engine.checkLogin(loginRequest(credentials, host), signal)
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    return refused(error, {registry, credentials, found, data})
  }
  const failure = await reaching
  const notes = failure && {
    notes: [printable(`packages go there through the engine: keg itself cannot reach it (${failure.response})`)],
  }
  if (kept !== null) return {status: 'ok', detail: printable(`${found}, accepted`), ...notes, data}
  return {
    status: 'notice',
    detail: printable(`${found}; it answers, but may require a login to push`),
    ...notes,
    remedy: commandLine`docker login ${host}`,
    data,
  }
}

async function wantedRegistry(
  {environment}: Pick<Work, 'environment'>,
  {registry}: RegistryCheckOptions,
): Promise<{registry: Registry; origin: string} | undefined> {
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

/** These errors have their own remedy; for all others it is to sign in again. */
const OWN_REMEDY = [
  'registry-certificate',
  'registry-insecure',
  'registry-unreachable',
  'registry-broke-off',
  'registry-busy',
]

function refused(error: EngineError, {credentials, data, found, registry: {host}}: Refusal): Finding {
  // The repository's name does not matter: only the registry was asked.
  const reference = parseReference(`${host}/keg`)
  const explained = registryError(error, {action: 'pull', reference, credentials})
  const {code, hint, message} = explained instanceof FailedError ? explained : error
  const isAboutRegistry = OWN_REMEDY.includes(code)
  return {
    status: 'problem',
    detail: printable(`${found}: ${isAboutRegistry ? message : `the login failed (${error.response})`}`),
    remedy: isAboutRegistry && hint !== undefined ? printable(hint) : commandLine`docker login ${host}`,
    data: {...data, error: code},
  }
}
