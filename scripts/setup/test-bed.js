import {randomBytes} from 'node:crypto'
import {requireEngine} from './engine.js'
import {isolatedEnvironment} from './environment.js'
import {makeBusyboxImage, requireBusybox} from './image.js'
import {run} from './process.js'
import {requireRegistry, startRegistry} from './registry.js'

/**
 * What engine tests, e2e tests and benchmarks run on: an engine, an open registry, one with a password, and a base image.
 * They find it by these variables:
 *
 * - KEG_TEST_REGISTRY: HOST:PORT of the open registry
 * - KEG_TEST_PRIVATE_REGISTRY: HOST:PORT of the registry that lets in only KEG_TEST_PRIVATE_LOGIN (USER:SECRET)
 * - KEG_TEST_IMAGE: the image made from busybox (programs in /bin, users root and app)
 *
 * HOME, XDG_* and DOCKER_CONFIG name an empty temporary folder; DOCKER_HOST is set when the engine is not at the default place.
 *
 * @param {import('./session.js').Session} session everything is removed at its end; an engine started here stays up
 * @returns {Promise<NodeJS.ProcessEnv>}
 */
export async function prepareTestBed(session) {
  const engine = await requireEngine(session)
  await requireRegistry(session)
  await requireBusybox(session)
  tellAtEnd(session, engine)

  const environment = await isolatedEnvironment(await session.temporaryFolder('keg-home'), engine)
  const password = {user: 'keg', secret: randomBytes(12).toString('hex')}
  const registry = await startRegistry()
  session.atEnd(registry.stop)
  const privateRegistry = await startRegistry({password})
  session.atEnd(privateRegistry.stop)
  const image = `keg-test-base:${randomBytes(4).toString('hex')}`
  session.atEnd(() => run('docker', ['rmi', '--force', image], {env: environment}))
  await makeBusyboxImage(image, {env: environment})
  session.tell(`Ready: engine ${engine.version}, registries ${registry.address} and ${privateRegistry.address}.`)
  return {
    ...environment,
    KEG_TEST_REGISTRY: registry.address,
    KEG_TEST_PRIVATE_REGISTRY: privateRegistry.address,
    KEG_TEST_PRIVATE_LOGIN: `${password.user}:${password.secret}`,
    KEG_TEST_IMAGE: image,
  }
}

/**
 * An engine that was started here outlives the script; whoever started the script should know.
 *
 * @param {import('./session.js').Session} session
 * @param {import('./engine.js').Engine} engine
 */
export function tellAtEnd(session, engine) {
  const {startedWith} = engine
  if (startedWith === undefined) return
  session.atEnd(() =>
    session.tell(
      `The Docker engine started here stays up (log: ${startedWith}); \`kill $(cat /var/run/docker.pid)\` ends it.`,
    ),
  )
}
