import type {EngineInfo} from '../../engine/types.js'
import {property} from '../../json/json.js'
import {hubRegistry} from '../../reference/reference.js'
import {discard, type Connection} from './connection.js'
import {hostOf, inRange, isLoopback} from './proxy-of.js'

export interface AddressOptions {
  /** `host[:port]`, `docker.io` for Docker Hub. */
  readonly registry: string
  /** The engine's list of registries that it uses without TLS. */
  readonly info?: EngineInfo | undefined
  /** Allows plain HTTP, and certificates that are not trusted. */
  readonly plainHttp?: boolean | undefined
}

/** Docker Hub's registry has another name than its images. */
const HUB_ADDRESS = 'registry-1.docker.io'

/** Errors that show that a server does not use TLS: it answers a TLS greeting with text, or hangs up. */
const NO_TLS = /^(?:ERR_SSL_|EPROTO|ECONNRESET)/

/** The address of a registry: as docker does, TLS is tried first, then plain HTTP if that is allowed. */
export class RegistryAddress {
  #origin: string | undefined
  #finding: Promise<string> | undefined

  constructor(
    private readonly connection: Connection,
    private readonly options: AddressOptions,
  ) {}

  /** Whether the registry uses TLS; then no address that it gives may be without. */
  get isSecure(): boolean {
    return this.#origin?.startsWith('http:') !== true
  }

  /**
   * Scheme, host and port. A failure is not kept: the next call tries again.
   * @throws RegistryFailure
   */
  async find(): Promise<string> {
    if (this.#origin !== undefined) return this.#origin
    this.#finding ??= this.#find()
    try {
      this.#origin = await this.#finding
    } finally {
      this.#finding = undefined
    }
    return this.#origin
  }

  async #find(): Promise<string> {
    const {registry} = this.options
    const host = registry === hubRegistry ? HUB_ADDRESS : registry
    const usesTls = !allowsInsecure(registry, this.options) || (await this.#usesTls(host))
    return new URL(`${usesTls ? 'https' : 'http'}://${host}`).origin
  }

  async #usesTls(host: string): Promise<boolean> {
    try {
      await discard(await this.connection.open({method: 'GET', address: new URL(`https://${host}/v2/`)}))
      return true
    } catch (error) {
      this.connection.signal.throwIfAborted()
      const code = String(property(property(error, 'cause'), 'code'))
      // Without a port in its name, a registry without TLS is at another port.
      if (NO_TLS.test(code) || (code === 'ECONNREFUSED' && !/:\d+$/.test(host))) return false
      throw error
    }
  }
}

/** Whether a server may be used without TLS, or without a trusted certificate. */
export function allowsInsecure(host: string, {info, plainHttp, registry}: AddressOptions): boolean {
  return (plainHttp === true && host === registry) || isInsecure(host, info ?? {})
}

/** Whether the engine uses a registry without TLS, or without a trusted certificate (`insecure-registries`). */
export function isInsecure(registry: string, {RegistryConfig}: EngineInfo): boolean {
  if (RegistryConfig?.IndexConfigs?.[registry]?.Secure === false) return true
  if (!URL.canParse(`http://${registry}`)) return false
  const host = hostOf(new URL(`http://${registry}`))
  if (isLoopback(host)) return true
  return (RegistryConfig?.InsecureRegistryCIDRs ?? []).some((range) => inRange(host, range))
}
