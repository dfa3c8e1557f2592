import type Docker from 'dockerode'
import type Modem from 'docker-modem'
import type {Agent} from 'node:http'
import type {Readable} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {parseJson} from '../json/json.js'
import type {Endpoint} from './endpoint.js'

interface Abortable {
  readonly abortSignal?: AbortSignal
}

/** dockerode with parameters that it accepts but that its types, of an older version, lack. */
export type DockerClient = Docker & {
  getImages(options: Abortable & {readonly names: readonly string[]}): Promise<NodeJS.ReadableStream>
  info(options: Abortable): Promise<unknown>
  ping(options: Abortable): Promise<unknown>
  version(options: Abortable): Promise<unknown>
}

/** How a client connects to its engine. */
export interface ClientOptions {
  readonly endpoint: Endpoint
  readonly agent: Agent
  /** The beginning of every path, without slashes around it: a proxy's path and the API version. */
  readonly prefix: string
}

/** Creates a dockerode from these options alone: it ignores the environment. */
export async function dockerClient({agent, endpoint, prefix}: ClientOptions): Promise<DockerClient> {
  const [{default: Client}, {default: DockerModem}] = await Promise.all([import('dockerode'), import('docker-modem')])
  // The constructor always reads DOCKER_HOST and the files of DOCKER_CERT_PATH, and fails if they are wrong.
  const modem = Object.create(DockerModem.prototype) as Modem
  Object.assign(modem, addressOf(endpoint), {agent, headers: {}, version: prefix})
  modem.dial = (options, callback) => dial(DockerModem, modem, options, callback)
  const options = {modem, Promise}
  return new Client(options) as DockerClient
}

/**
 * Sends a request. docker-modem itself waits forever if a connection ends in the middle of an answer that is not a stream.
 * So it treats every answer as a stream, which is read to its end here.
 */
function dial(
  {prototype}: typeof Modem,
  modem: Modem,
  options: Modem.DialOptions,
  callback: Modem.RequestCallback = () => undefined,
): void {
  if (options.isStream === true) {
    prototype.dial.call(modem, options, callback)
    return
  }
  prototype.dial.call(modem, {...options, isStream: true}, (error, answer) => {
    if (error) callback(error, null)
    else
      buffer(answer as Readable).then(
        (bytes) => callback(null, parseBody(bytes)),
        (cause: unknown) =>
          callback(cause instanceof Error ? cause : new Error('the answer breaks off', {cause}), null),
      )
  })
}

/** As dockerode returns it: what is not JSON stays bytes. */
function parseBody(bytes: Buffer): object {
  const value = parseJson(bytes.toString('utf8'))
  return typeof value === 'object' && value !== null ? value : bytes
}

function addressOf(endpoint: Endpoint): Modem.ConstructorOptions {
  switch (endpoint.kind) {
    case 'socket':
      return {socketPath: endpoint.path, protocol: 'http'}
    case 'tcp':
      return {host: endpoint.host, port: endpoint.port, protocol: endpoint.tls ? 'https' : 'http'}
    case 'ssh':
      // Never resolved: the docker client on the other side knows where the engine is.
      return {host: 'docker.invalid', port: 80, protocol: 'http'}
  }
}
