import {redactSecrets} from '../redact-secrets.js'
import type {Credentials} from '../model.js'
import type {ReadAnswer} from './answer-failure.js'
import type {Challenge} from './challenge.js'
import {basic, readToken, tokenRequest, type Token, type TokenRequest} from './token-server.js'

export interface SignInOptions {
  readonly registry: string
  readonly credentials: Credentials
  /** Whether the registry uses TLS; then the token server must, too. */
  readonly isSecure: () => boolean
  /** Sends a request to the token server, without redirects; failures that pass are tried again. */
  readonly ask: (request: TokenRequest) => Promise<ReadAnswer>
}

/** A token is renewed this long before it ends, or in the last tenth of a short life. */
const MARGIN_MILLISECONDS = 10_000

/** Signs in to one registry by what it asks for, and keeps the tokens, one for each set of scopes. */
export class SignIn {
  #challenge: Challenge | undefined
  #credentials: Credentials
  readonly #tokens = new Map<string, Promise<HeldToken>>()
  /** What the registry itself asked for besides. */
  readonly #extraScopes = new Map<string, readonly string[]>()
  readonly #secrets = new Set<string>()

  constructor(private readonly options: SignInOptions) {
    this.#credentials = options.credentials
  }

  /**
   * The header for a request with these scopes; undefined as long as the registry has not asked for one.
   * @throws RegistryFailure if there is no token to be got
   */
  async authorization(scopes: readonly string[]): Promise<string | undefined> {
    const challenge = this.#challenge
    if (challenge === undefined) return undefined
    if (challenge.kind === 'basic') return this.#credentials.kind === 'password' ? basic(this.#credentials) : undefined
    const key = keyOf(scopes)
    const known = this.#tokens.get(key)
    if (known !== undefined && performance.now() < (await known).renewAt) return bearer(await known)
    // Another request may have renewed it meanwhile.
    const current = this.#tokens.get(key)
    if (current !== undefined && current !== known) return bearer(await current)
    const fetching = this.#fetch(challenge, [...new Set([...scopes, ...(this.#extraScopes.get(key) ?? [])])])
    this.#tokens.set(key, fetching)
    fetching.catch(() => this.#tokens.get(key) === fetching && this.#tokens.delete(key))
    return bearer(await fetching)
  }

  /**
   * The header for another try, after the registry refused one without a header or with the one in `used`.
   * @returns undefined if there is no other one
   */
  async renew(challenge: Challenge, scopes: readonly string[], used: string | undefined): Promise<string | undefined> {
    this.#challenge = challenge
    if (challenge.kind === 'bearer') {
      const key = keyOf(scopes)
      this.#extraScopes.set(key, challenge.scopes)
      const held = this.#tokens.get(key)
      if (held !== undefined && bearer(await held) === used) this.#tokens.delete(key)
    }
    const header = await this.authorization(scopes)
    return header === used ? undefined : header
  }

  /** Whether a server asks for tokens of the same token server as the registry. */
  isSameRealm(challenge: Challenge): boolean {
    const own = this.#challenge
    return own?.kind === 'bearer' && challenge.kind === 'bearer' && own.realm === challenge.realm
  }

  /** A text of a server without anything that was sent to sign in. */
  redact(text: string): string {
    const withoutTokens = [...this.#secrets].reduce((rest, secret) => rest.replaceAll(secret, '***'), text)
    const withoutOwn = redactSecrets(withoutTokens, this.options.credentials, this.options.registry)
    return redactSecrets(withoutOwn, this.#credentials, this.options.registry)
  }

  async #fetch(challenge: Extract<Challenge, {kind: 'bearer'}>, scopes: readonly string[]): Promise<HeldToken> {
    const {ask, isSecure} = this.options
    const request = tokenRequest(challenge, scopes, {credentials: this.#credentials, isSecure: isSecure()})
    const token = readToken(await ask(request), (text) => this.redact(text))
    this.#secrets.add(token.text)
    if (token.identityToken !== undefined && this.#credentials.kind === 'token')
      this.#credentials = {...this.#credentials, identityToken: token.identityToken}
    const life = token.endsAt - performance.now()
    return {...token, renewAt: token.endsAt - Math.min(MARGIN_MILLISECONDS, life / 10)}
  }
}

interface HeldToken extends Token {
  readonly renewAt: number
}

function bearer({text}: Token): string {
  return `Bearer ${text}`
}

function keyOf(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ')
}
