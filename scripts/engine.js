/**
 * `npm run engine -- classic|containerd [--tls]`: runs a Docker engine with that image store beside any other, two registries
 * and the base image of the tests, until Ctrl-C. Prints on stdout the variables that another shell needs to use them.
 */
import {once} from 'node:events'
import {parseArgs} from 'node:util'
import {requireClientPlugins} from './setup/client-plugins.js'
import {makeBusyboxImage, requireBusybox} from './setup/image.js'
import {requireMutagen} from './setup/mutagen.js'
import {startOwnEngine} from './setup/own-engine.js'
import {requireRegistry} from './setup/registry.js'
import {inSession} from './setup/session.js'
import {SetupError} from './setup/setup-error.js'
import {environmentAt, startRegistries} from './setup/test-bed.js'

const image = 'busybox:local'

await inSession(async (session) => {
  const {kind, tls} = readArguments()
  await requireRegistry(session)
  await requireBusybox(session)
  const mutagen = await requireMutagen(session)
  const plugins = await requireClientPlugins(session, process.env)
  const engine = await startOwnEngine({kind, tls, session})
  session.addCleanup(engine.stop)
  await makeBusyboxImage(image, {env: environmentAt(engine.host, process.env)})
  const {KEG_TEST_PRIVATE_LOGIN, ...registries} = await startRegistries(session)
  const {host, certificates} = engine.tls ?? {host: engine.host}
  /** @type {Record<string, string>} */
  const variables = {
    DOCKER_HOST: host,
    ...(certificates !== undefined && {DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates}),
    ...registries,
    KEG_TEST_PRIVATE_LOGIN,
    KEG_TEST_IMAGE: image,
    ...(mutagen !== undefined && {PATH: `${mutagen}:$PATH`}),
    ...(plugins !== undefined && {KEG_TEST_CLIENT_PLUGINS: plugins}),
  }
  session.log(`Engine ${engine.version} with the ${kind} image store runs (log: ${engine.log}). Ctrl-C removes it.`)
  for (const [name, value] of Object.entries(variables)) console.log(`export ${name}=${value}`)
  // Waiting for a signal alone does not keep a process alive.
  const waiting = setInterval(() => undefined, 60_000)
  if (!session.signal.aborted) await once(session.signal, 'abort')
  clearInterval(waiting)
  session.signal.throwIfAborted()
  return 0
})

/** @returns {{kind: import('./setup/own-engine.js').EngineKind, tls: boolean}} */
function readArguments() {
  try {
    const {positionals, values} = parseArgs({allowPositionals: true, options: {tls: {type: 'boolean', default: false}}})
    const [kind, ...others] = positionals
    if ((kind === 'classic' || kind === 'containerd') && others.length === 0) return {kind, tls: values.tls}
  } catch {
    // Reported below.
  }
  throw new SetupError(
    'Name an image store: `npm run engine -- classic` or `npm run engine -- containerd`, and --tls.',
    2,
  )
}
