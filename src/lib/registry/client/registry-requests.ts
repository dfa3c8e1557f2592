import type {EngineInfo} from '../../engine/types.js'
import type {Reference} from '../../reference/reference.js'
import type {Work} from '../../work/work.js'
import {failureKind} from '../failure-kind.js'
import type {Credentials} from '../model.js'
import {answerFailure, type ReadAnswer} from './answer-failure.js'
import {parseChallenge} from './challenge.js'
import {connectionFailure, nameRequest} from './connection-failure.js'
import {Connection, discard, type OpenAnswer} from './connection.js'
import type {RequestBody} from './http-exchange.js'
import {LIMITS, type Limits} from './limits.js'
import {allowsInsecure, RegistryAddress} from './registry-address.js'
import {RegistryFailure} from './registry-failure.js'
import {repeat} from './repeat.js'
import {Routes} from './routes.js'
import {SignIn} from './sign-in.js'
import type {TokenRequest} from './token-server.js'

/** The environment has the proxies and certificates; the signal ends every request and every wait. */
export type RegistryWork = Pick<Work, 'environment' | 'signal'>

export interface RegistryOptions {
  readonly reference: Reference
  readonly credentials: Credentials
  /** What is to be done: a token is asked for it, and failures are named by it. */
  readonly action: 'pull' | 'push'
  /** The engine's list of registries that it uses without TLS. */
  readonly info?: EngineInfo
  /** Allows plain HTTP, and certificates that are not trusted. */
  readonly plainHttp?: boolean
  readonly limits?: Partial<Limits>
}

/** A request to the registry. */
export interface RegistryRequest {
  readonly method: string
  /** Below `/v2/REPOSITORY/`, or an address that the registry gave. */
  readonly path: string | URL
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  /** Scopes of a token besides the repository's own. */
  readonly scopes?: readonly string[]
  /** Until an answer begins; default: that of the limits. */
  readonly answerMilliseconds?: number
  /** Whether it is sent again after a failure that may pass (default: yes, if its body is repeatable). */
  readonly isRepeated?: boolean
  /** Ends it; default: that of the work. */
  readonly signal?: AbortSignal | undefined
}

const MAX_REDIRECTS = 5

/**
 * Requests to one repository of a registry: signs in when asked to, follows redirects, and tries again what failed for the
 * moment. Any answer that is not a redirect is returned; `failure` says what it means.
 */
export class RegistryRequests implements Disposable {
  readonly limits: Limits
  readonly #routes: Routes
  readonly #connection: Connection
  readonly #address: RegistryAddress
  readonly #signIn: SignIn
  /** Other servers of the registry, where uploads go on; they want its own tokens. */
  readonly #ownOrigins = new Set<string>()
  #wasAccepted = false

  constructor(
    private readonly work: RegistryWork,
    private readonly options: RegistryOptions,
  ) {
    const {credentials, info, limits, plainHttp, reference} = options
    const addressing = {registry: reference.registry, info, plainHttp}
    this.limits = {...LIMITS, ...limits}
    this.#routes = new Routes({...work, skipsVerification: (host) => allowsInsecure(host, addressing)})
    this.#connection = new Connection(this.#routes, this.limits, work.signal)
    this.#address = new RegistryAddress(this.#connection, addressing)
    this.#signIn = new SignIn({
      registry: reference.registry,
      credentials,
      isSecure: () => this.#address.isSecure,
      ask: (request) => this.#askTokens(request),
    })
  }

  get signal(): AbortSignal {
    return this.work.signal
  }

  /** Whether the registry has accepted the credentials at least once. */
  get wasAccepted(): boolean {
    return this.#wasAccepted
  }

  /** The same for another signal, with connections and tokens of its own; each request is sent once. */
  withSignal(signal: AbortSignal): RegistryRequests {
    return new RegistryRequests({...this.work, signal}, {...this.options, limits: {...this.limits, tries: 1}})
  }

  /** Ends all connections. */
  [Symbol.dispose](): void {
    this.#routes[Symbol.dispose]()
  }

  /**
   * Sends a request and reads the whole answer.
   * @throws RegistryFailure if there is none; the reason of the signal
   */
  async ask(request: RegistryRequest): Promise<ReadAnswer> {
    return this.#repeat(request, async () => this.#connection.read(await this.#open(request)))
  }

  /** Sends a request, and returns when its answer begins. For the rest as `ask`. */
  async open(request: RegistryRequest): Promise<OpenAnswer> {
    return this.#repeat(request, () => this.#open(request))
  }

  /** The failure that an answer tells. */
  async failure(answer: OpenAnswer | ReadAnswer): Promise<RegistryFailure> {
    const {action, reference} = this.options
    const {body} = answer
    const read = Buffer.isBuffer(body) ? {...answer, body} : await this.#connection.read({...answer, body})
    return answerFailure(read, {
      classify: (message) => failureKind(message, action, reference),
      redact: (text) => this.#signIn.redact(text),
    })
  }

  /** The failure for an answer that broke off or cannot be used; another error is returned unchanged. */
  brokenAnswer(error: unknown, {address, method}: Pick<ReadAnswer, 'address' | 'method'>): unknown {
    return connectionFailure(error, {address, method})
  }

  /** An address that the registry gave in an answer. @throws RegistryFailure if keg must not follow it */
  resolve(location: string | undefined, answer: Pick<ReadAnswer, 'address' | 'method'>): URL {
    const refuse = (problem: string): RegistryFailure =>
      new RegistryFailure('not-a-registry', nameRequest(answer, problem))
    if (location === undefined) throw refuse('the answer has no Location')
    if (!URL.canParse(location, answer.address.href)) throw refuse('the answer has an invalid Location')
    const address = new URL(location, answer.address)
    if (address.protocol !== 'https:' && address.protocol !== 'http:')
      throw refuse(`the answer leads to an address of the scheme ${address.protocol}`)
    if (this.#address.isSecure && address.protocol !== 'https:') {
      const problem = `the answer leads to "${address.origin}", without TLS`
      throw new RegistryFailure('registry-insecure', nameRequest(answer, problem))
    }
    if (address.username !== '' || address.password !== '')
      throw refuse('the answer leads to an address with a password')
    return address
  }

  /** An address at the registry itself, as path and query; undefined for any other. */
  async ownPath({origin, pathname, search}: URL): Promise<string | undefined> {
    return origin === (await this.#address.find()) ? `${pathname}${search}` : undefined
  }

  async #repeat<T extends OpenAnswer | ReadAnswer>(
    {body, isRepeated = body?.isRepeatable ?? true}: RegistryRequest,
    send: () => Promise<T>,
  ): Promise<T> {
    return isRepeated ? repeat(send, this) : send()
  }

  async #open(request: RegistryRequest): Promise<OpenAnswer> {
    const {body, method, path} = request
    const base = await this.#address.find()
    let address = new URL(path, `${base}/v2/${this.options.reference.repository}/`)
    for (let redirects = 0; ; redirects++) {
      const isOwn = address.origin === base || this.#ownOrigins.has(address.origin)
      // An address that the registry gave for an upload may ask for its tokens, one that it redirects to may not.
      const answer = await this.#openSignedIn(request, address, {isOwn, isGiven: redirects === 0})
      const isRead = method === 'GET' || method === 'HEAD'
      const isMoved = (isRead ? [301, 302, 303, 307, 308] : [307, 308]).includes(answer.status)
      if (!isMoved || body?.isRepeatable === false) return answer
      address = this.resolve(answer.headers.location, answer)
      await discard(answer)
      if (redirects === MAX_REDIRECTS)
        throw new RegistryFailure('not-a-registry', nameRequest(answer, 'there is no end of redirects'))
    }
  }

  /** Other servers' addresses are signed already: they get no password, and a token only if an upload goes on there. */
  async #openSignedIn(
    {answerMilliseconds, body, headers, method, scopes: more = [], signal}: RegistryRequest,
    address: URL,
    {isOwn, isGiven}: {readonly isOwn: boolean; readonly isGiven: boolean},
  ): Promise<OpenAnswer> {
    const {action, reference} = this.options
    const scopes = [`repository:${reference.repository}:${action === 'push' ? 'pull,push' : 'pull'}`, ...more]
    const send = (authorization: string | undefined): Promise<OpenAnswer> =>
      this.#connection.open({
        method,
        address,
        headers: {...headers, ...(authorization !== undefined && {authorization})},
        body,
        answerMilliseconds,
        signal,
      })
    const used = isOwn ? await this.#signIn.authorization(scopes) : undefined
    const first = await send(used)
    const challenge = first.status === 401 ? parseChallenge(first.headers['www-authenticate']) : undefined
    const mayRenew = challenge !== undefined && (isOwn || (isGiven && this.#signIn.isSameRealm(challenge)))
    if (mayRenew && !isOwn) this.#ownOrigins.add(address.origin)
    const renewed = mayRenew ? await this.#signIn.renew(challenge, scopes, used) : undefined
    const isAgain = renewed !== undefined && body?.isRepeatable !== false
    if (isAgain) await discard(first)
    const answer = isAgain ? await send(renewed) : first
    if (answer.status !== 401 && (isAgain || used !== undefined)) this.#wasAccepted = true
    return answer
  }

  async #askTokens({address, form, headers, method}: TokenRequest): Promise<ReadAnswer> {
    const content = form === undefined ? undefined : Buffer.from(form.toString())
    const body = content && {length: content.length, isRepeatable: true, chunks: () => [content]}
    const send = async (): Promise<ReadAnswer> =>
      this.#connection.read(await this.#connection.open({method, address, headers, body}))
    return repeat(send, this)
  }
}
