import {randomBytes} from 'node:crypto'
import {delimiter} from 'node:path'
import {requireClientPlugins} from './client-plugins.js'
import {requireEngine} from './engine.js'
import {isolatedEnvironment, useClientPlugins} from './environment.js'
import {makeBusyboxImage, requireBusybox} from './image.js'
import {requireMutagen} from './mutagen.js'
import {startOwnEngine} from './own-engine.js'
import {run} from './process.js'
import {requireRegistry, startRegistry} from './registry.js'
import {requireSshServer} from './ssh-server.js'

/**
 * What engine tests, e2e tests and benchmarks run on: an engine, an open registry, one with a password, and a base image. They
 * find it by these variables:
 *
 * - KEG_TEST_REGISTRY: HOST:PORT of the open registry
 * - KEG_TEST_PRIVATE_REGISTRY: HOST:PORT of the registry that requires KEG_TEST_PRIVATE_LOGIN (USER:SECRET)
 * - KEG_TEST_IMAGE: the image made from busybox (programs in /bin, users root and app)
 * - KEG_TEST_CLIENT_PLUGINS: a folder with compose and buildx, if docker's client does not find them itself; it is the
 *   cli-plugins of DOCKER_CONFIG here and in each isolated environment that a test makes
 *
 * Mutagen is on PATH. HOME, XDG_* and DOCKER_CONFIG name an empty temporary folder; DOCKER_HOST is set if the engine is not at
 * the default address.
 *
 * @param {import('./session.js').Session} session everything is removed at its end; an engine started here stays up
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function prepareTestBed(session) {
  // Building it takes as long as everything else: side by side.
  const mutagen = requireMutagen(session)
  mutagen.catch(() => undefined)
  const engine = await requireEngine(session)
  await requireRegistry(session)
  await requireSshServer(session)
  await requireBusybox(session)
  announceRunningEngine(session, engine)

  const environment = await isolatedEnvironment(await session.temporaryFolder('keg-home'), engine)
  const plugins = await requireClientPlugins(session, environment)
  if (plugins !== undefined) await useClientPlugins(environment.DOCKER_CONFIG ?? '', plugins)
  const registries = await startRegistries(session)
  const image = `keg-test-base:${randomBytes(4).toString('hex')}`
  session.addCleanup(() => run('docker', ['rmi', '--force', image], {env: environment}))
  await makeBusyboxImage(image, {env: environment})
  const mutagenFolder = await mutagen
  const {KEG_TEST_REGISTRY: open, KEG_TEST_PRIVATE_REGISTRY: closed} = registries
  session.log(`Ready: engine ${engine.version}, registries ${open} and ${closed}.`)
  return {
    ...environment,
    ...registries,
    ...(mutagenFolder !== undefined && {PATH: [mutagenFolder, environment.PATH].join(delimiter)}),
    KEG_TEST_IMAGE: image,
    ...(plugins !== undefined && {KEG_TEST_CLIENT_PLUGINS: plugins}),
  }
}

/**
 * @param {import('./session.js').Session} session both registries end with it
 * @returns {Promise<{KEG_TEST_REGISTRY: string, KEG_TEST_PRIVATE_REGISTRY: string, KEG_TEST_PRIVATE_LOGIN: string}>}
 */
export async function startRegistries(session) {
  const password = {user: 'keg', secret: randomBytes(12).toString('hex')}
  const registry = await startRegistry()
  session.addCleanup(registry.stop)
  const privateRegistry = await startRegistry({password})
  session.addCleanup(privateRegistry.stop)
  return {
    KEG_TEST_REGISTRY: registry.address,
    KEG_TEST_PRIVATE_REGISTRY: privateRegistry.address,
    KEG_TEST_PRIVATE_LOGIN: `${password.user}:${password.secret}`,
  }
}

/**
 * The same test bed on a separate engine, which is removed at the session's end.
 *
 * @param {import('./session.js').Session} session
 * @param {NodeJS.ProcessEnv} environment from `prepareTestBed`
 * @param {import('./own-engine.js').EngineKind} kind
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function prepareOwnTestBed(session, environment, kind) {
  const engine = await startOwnEngine({kind, session})
  session.addCleanup(engine.stop)
  const image = 'keg-test-base:local'
  const env = environmentAt(engine.host, environment)
  await makeBusyboxImage(image, {env})
  session.log(`Ready: engine ${engine.version} with the ${kind} image store.`)
  return {...env, KEG_TEST_IMAGE: image}
}

/**
 * @param {string} host without TLS
 * @param {NodeJS.ProcessEnv} environment
 * @returns {NodeJS.ProcessEnv} leads docker's clients to the host, wherever the environment led before
 */
export function environmentAt(host, environment) {
  const other = /^DOCKER_(CERT_PATH|CONTEXT|HOST|TLS|TLS_VERIFY)$/
  const rest = Object.entries(environment).filter(([name]) => !other.test(name))
  return {...Object.fromEntries(rest), DOCKER_HOST: host}
}

/**
 * @param {NodeJS.ProcessEnv} environment of docker's client
 * @returns {Promise<import('./own-engine.js').EngineKind>} the engine's image store
 */
export async function imageStoreOf(environment) {
  const {stdout} = await run('docker', ['info', '--format', '{{json .DriverStatus}}'], {env: environment})
  return stdout.includes('io.containerd.snapshotter') ? 'containerd' : 'classic'
}

/**
 * Says at the end that an engine started here keeps running.
 *
 * @param {import('./session.js').Session} session
 * @param {import('./engine.js').Engine} engine
 */
export function announceRunningEngine(session, engine) {
  const {startedWith} = engine
  if (startedWith === undefined) return
  session.addCleanup(() =>
    session.log(
      `The Docker engine started here stays up (log: ${startedWith}); \`kill $(cat /var/run/docker.pid)\` ends it.`,
    ),
  )
}
