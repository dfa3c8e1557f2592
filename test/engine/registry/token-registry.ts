/** A real registry that requires tokens, and the token server, which may misbehave. */
import {execFile} from 'node:child_process'
import {createPrivateKey, randomUUID, sign, X509Certificate} from 'node:crypto'
import {once} from 'node:events'
import {mkdtemp, readFile, rm} from 'node:fs/promises'
import {createServer, type IncomingMessage, type ServerResponse} from 'node:http'
import type {AddressInfo} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {promisify} from 'node:util'
import {startRegistry} from '../../../scripts/setup/registry.js'
import type {StandIn} from './misbehaving-registry.js'

/** A registry accepts a token this long after it has expired (distribution 2.8, registry/auth/token/token.go, Leeway). */
const LEEWAY_SECONDS = 60

const SERVICE = 'keg-test-registry'
const ISSUER = 'keg-test-tokens'

/** A request to a token server. */
export interface TokenRequest {
  /** As the client wrote it, `127.0.0.1:PORT` or `localhost:PORT`. */
  readonly host: string
  readonly method: string
  /** `name:password` of Basic, or the refresh token; undefined for anonymous. */
  readonly login: string | undefined
  readonly scopes: readonly string[]
}

export interface TokenRegistryOptions {
  /** Whether a `name:password` or an identity token is accepted, asked at each request. */
  readonly lets: (login: string | undefined) => boolean
  /** Lifetimes of the first tokens; the last in the list is that of all others. Default: 1000. */
  readonly lifetimeSeconds?: readonly number[]
  /** The token server's name for the client. Default: 127.0.0.1. */
  readonly realmHost?: string
  /** Responds in place of the token server; returns whether it did. */
  readonly instead?: (request: IncomingMessage, response: ServerResponse) => boolean
}

export interface TokenRegistry extends StandIn {
  readonly realm: string
  readonly requests: readonly TokenRequest[]
  /** Stops the token server only. */
  endTokens(): Promise<void>
}

/** Starts a registry and its token server. */
export async function tokenRegistry(options: TokenRegistryOptions): Promise<TokenRegistry> {
  const {lets, lifetimeSeconds = [1000], realmHost = '127.0.0.1', instead} = options
  const folder = await mkdtemp(join(tmpdir(), 'keg-test-tokens-'))
  const [keyFile, certificateFile] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')]
  const subject = ['-subj', '/CN=keg-test-tokens', '-days', '2', '-keyout', keyFile, '-out', certificateFile]
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  await promisify(execFile)('openssl', ['req', '-x509', ...key, ...subject])
  const privateKey = createPrivateKey(await readFile(keyFile))
  const certificate = new X509Certificate(await readFile(certificateFile)).raw.toString('base64')
  const requests: TokenRequest[] = []

  const encoded = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const token = (scopes: readonly string[], seconds: number): string => {
    const now = Math.floor(Date.now() / 1000)
    const access = scopes.map((scope) => {
      const [type, name, actions = ''] = scope.split(/:(?=[^:]+:[^:]+$)|:(?=[^:]+$)/)
      return {type, name, actions: actions.split(',')}
    })
    const times = {exp: now + seconds - LEEWAY_SECONDS, nbf: now - 1000, iat: now - 1000}
    const claims = {iss: ISSUER, sub: 'ann', aud: SERVICE, ...times, jti: randomUUID(), access}
    const signed = `${encoded({typ: 'JWT', alg: 'ES256', x5c: [certificate]})}.${encoded(claims)}`
    const signature = sign('sha256', Buffer.from(signed), {key: privateKey, dsaEncoding: 'ieee-p1363'})
    return `${signed}.${signature.toString('base64url')}`
  }

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const {authorization} = request.headers
    const address = new URL(request.url ?? '/', 'http://tokens')
    const form = new URLSearchParams(await text(request))
    const basic = authorization?.startsWith('Basic ')
      ? Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8')
      : undefined
    const password = form.has('password') ? `${form.get('username') ?? ''}:${form.get('password') ?? ''}` : undefined
    const login = basic ?? form.get('refresh_token') ?? password
    const scopes = [...address.searchParams.getAll('scope'), ...form.getAll('scope')].flatMap((each) => each.split(' '))
    requests.push({host: request.headers.host ?? '', method: request.method ?? '', login, scopes})
    if (instead?.(request, response) === true) return
    const isLetIn = lets(login)
    const given = requests.length - 1
    const seconds = lifetimeSeconds[Math.min(given, lifetimeSeconds.length - 1)] ?? 1000
    const body = isLetIn
      ? {token: token(scopes, seconds), access_token: token(scopes, seconds), expires_in: Math.max(60, seconds)}
      : {errors: [{code: 'UNAUTHORIZED', message: 'authentication required'}]}
    response.writeHead(isLetIn ? 200 : 401, {'content-type': 'application/json'}).end(JSON.stringify(body))
  }
  const server = createServer((request, response) => {
    answer(request, response).catch(() => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const realm = `http://${realmHost}:${(server.address() as AddressInfo).port}/token`
  const settings = {realm, service: SERVICE, issuer: ISSUER, rootcertbundle: certificateFile}
  const registry = await startRegistry({token: settings})
  const endTokens = async (): Promise<void> => {
    if (!server.listening) return
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return {
    registry: registry.address,
    realm,
    requests,
    endTokens,
    async close() {
      await endTokens()
      await registry.stop()
      await rm(folder, {force: true, recursive: true})
    },
  }
}
