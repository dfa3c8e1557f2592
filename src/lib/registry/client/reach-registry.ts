import type {EngineInfo} from '../../engine/types.js'
import {Connection, discard} from './connection.js'
import {nameRequest} from './connection-failure.js'
import {LIMITS} from './limits.js'
import {allowsInsecure, RegistryAddress} from './registry-address.js'
import {RegistryFailure} from './registry-failure.js'
import type {RegistryWork} from './registry-requests.js'
import {Routes} from './routes.js'

export interface ReachRegistryOptions {
  /** `host[:port]`, `docker.io` for Docker Hub. */
  readonly registry: string
  /** The engine's list of registries that it uses without TLS. */
  readonly info: EngineInfo
  /** How long it may take. */
  readonly milliseconds: number
}

/** How long a registry may take to answer that it is there. */
export const REACH_MILLISECONDS = 5000

/** A proxy's own answer to a request that it was to pass on. */
const PROXY_LOGIN = 407

/**
 * Asks a registry once for `/v2/`, with the proxies and certificates of a push, and without credentials. Any answer will do, also a refusal.
 * @returns why it cannot be reached from here; undefined if it answered
 * @throws the reason of the signal
 */
export async function reachRegistry(
  {environment, signal}: RegistryWork,
  {milliseconds, ...addressing}: ReachRegistryOptions,
): Promise<RegistryFailure | undefined> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(milliseconds)])
  const skipsVerification = (host: string): boolean => allowsInsecure(host, addressing)
  using routes = new Routes({environment, signal: limited, skipsVerification})
  const connection = new Connection(routes, LIMITS, limited)
  try {
    const request = {method: 'GET', address: new URL('/v2/', await new RegistryAddress(connection, addressing).find())}
    const answer = await connection.open(request)
    await discard(answer)
    if (answer.status !== PROXY_LOGIN) return undefined
    return new RegistryFailure('registry-proxy', nameRequest(request, 'the proxy requires a login'))
  } catch (error) {
    signal.throwIfAborted()
    if (limited.aborted)
      return new RegistryFailure('registry-unreachable', `no answer within ${milliseconds / 1000} s: timed out`)
    if (error instanceof RegistryFailure) return error
    throw error
  }
}
