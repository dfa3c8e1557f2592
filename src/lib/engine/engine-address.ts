import {UsageError} from '../error/keg-error.js'
import {printable} from '../terminal/text.js'
import type {TlsMaterial} from './tls-material.js'

/** How to connect to an engine. */
export type EngineAddress =
  | {readonly kind: 'socket'; readonly path: string}
  | {
      readonly kind: 'tcp'
      readonly host: string
      readonly port: number
      /** The beginning of its paths behind a proxy: `/engine`. */
      readonly basePath?: string
      readonly tls?: TlsMaterial
    }
  | ({readonly kind: 'ssh'} & SshTarget)

/** Where ssh logs in, and which socket the docker client uses there. */
export interface SshTarget {
  readonly user?: string
  /** As the user's ssh knows it, so also a name from ~/.ssh/config. */
  readonly host: string
  readonly port?: number
  /** The engine's socket there; without one, the docker client there finds its own. */
  readonly path?: string
}

/**
 * Parses the address of an engine as in DOCKER_HOST and contexts: unix, npipe, tcp (http and https mean the same) and ssh.
 * An address without a scheme is tcp, or a socket if it is a path.
 * @param origin who named it, for the error
 * @param tls for a tcp connection; the default port is 2375, with TLS 2376
 * @throws UsageError `host-invalid`; a password in the address is never shown.
 */
export function parseAddress(address: string, origin: string, tls?: TlsMaterial): EngineAddress {
  const invalid = (): UsageError =>
    new UsageError(`${origin} is not the address of an engine: ${addressText(address)}`, {
      code: 'host-invalid',
      hint: 'Write it as unix:///path/to/docker.sock, tcp://host:port or ssh://user@host.',
    })
  const [, scheme = address.startsWith('/') ? 'unix' : 'tcp', rest = ''] = /^(?:(.*?):\/\/)?(.*)$/s.exec(address) ?? []
  switch (scheme.toLowerCase()) {
    case 'unix':
    case 'npipe':
      if (rest === '') throw invalid()
      return {kind: 'socket', path: rest}
    case 'tcp':
    case 'http':
    case 'https': {
      if (!URL.canParse(`http://${rest}`)) throw invalid()
      const {hostname, pathname} = new URL(`http://${rest}`)
      // Parsed as http it would lose the port 80.
      const {port} = new URL(`tcp://${rest}`)
      const basePath = pathname.replace(/\/+$/, '')
      const secure = tls ?? (scheme.toLowerCase() === 'https' ? {skipVerify: false} : undefined)
      return {
        kind: 'tcp',
        host: hostname.replace(/^\[|\]$/g, ''),
        port: port === '' ? (secure ? 2376 : 2375) : Number(port),
        ...(basePath === '' ? {} : {basePath}),
        ...(secure ? {tls: secure} : {}),
      }
    }
    case 'ssh':
      return {kind: 'ssh', ...parseSshTarget(rest, origin, invalid)}
    default:
      throw invalid()
  }
}

/** An address that is safe to show: without a password. */
export function addressText(address: string): string {
  return printable(address.replace(/^((?:[^/?#]*:\/\/)?[^@/:]*):[^/]*@/, '$1@'))
}

/** Parses an ssh address as the docker client does (docker/cli, cli/connhelper/ssh/ssh.go). */
function parseSshTarget(rest: string, origin: string, invalid: () => UsageError): SshTarget {
  const match =
    /^(?:(?<login>[^/]*)@)?(?:\[(?<literal>[\da-f:.%]+)\]|(?<name>[^/:@?#[\]]+))(?::(?<digits>\d{1,5}))?(?<path>\/[^?#]*)?$/is.exec(
      rest,
    )
  const {login, literal, name = '', digits, path = ''} = match?.groups ?? {}
  if (login?.includes(':'))
    throw new UsageError(`${origin} has a password, which ssh does not take from an address.`, {
      code: 'host-invalid',
      hint: 'Leave it out, and let ssh log in with a key: ssh://user@host.',
    })
  const [host, user] = [literal ?? name, decoded(login)]
  const port = digits === undefined ? undefined : Number(digits)
  if (host === '' || user === '' || port === 0 || (port ?? 0) > 65_535) throw invalid()
  // What ssh would take for an option, and what a ProxyCommand in ~/.ssh/config would pass to a shell. A user of a domain
  // has a backslash in the name.
  const refused = /^-|[\p{Cc}\s'"`$;&<>|(){}]/u
  if (refused.test(host) || host.includes('\\') || refused.test(user ?? '')) throw invalid()
  // The shell on the other side, whichever it is, must read it as one plain word.
  const socket = decoded(path.replace(/^\/+$/, '')) ?? ''
  if (!/^(?:\/[\w@%+=:,./-]+)?$/.test(socket)) throw invalid()
  return {
    host,
    ...(user === undefined ? {} : {user}),
    ...(port === undefined ? {} : {port}),
    ...(socket === '' ? {} : {path: socket}),
  }

  function decoded(text: string | undefined): string | undefined {
    try {
      return text === undefined ? undefined : decodeURIComponent(text)
    } catch {
      throw invalid()
    }
  }
}
