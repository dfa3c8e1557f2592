import {parseFirstObject, property} from '../json/json.js'
import type {Credentials} from './model.js'
import {serverName} from './server-name.js'

/** The variable with which CI services pass credentials to the docker client (28.3 and newer), and GitLab to its runners. */
export const AUTH_VARIABLE = 'DOCKER_AUTH_CONFIG'

/**
 * The credentials for a registry in DOCKER_AUTH_CONFIG, read as by docker's client (docker/cli v28.3,
 * cli/config/configfile/file.go, GetCredentialsStore): it takes precedence over config.json and credential helpers, key by key. A
 * registry must have exactly docker's name for it, with an `auth` of user name and password; a single invalid entry makes docker
 * ignore the whole variable, and read the files.
 */
export function credentialsOfVariable(registry: string, environment: NodeJS.ProcessEnv): Credentials | undefined {
  const text = environment[AUTH_VARIABLE]
  if (!text) return undefined
  const auths = property(parseFirstObject(text.trim()), 'auths')
  if (typeof auths !== 'object' || auths === null) return undefined
  const entries = Object.entries(auths).map(([server, entry]) => [server, decode(property(entry, 'auth'))] as const)
  if (entries.some(([, found]) => found === undefined)) return undefined
  return entries.find(([server]) => server === serverName(registry))?.[1]
}

function decode(auth: unknown): Credentials | undefined {
  if (typeof auth !== 'string' || !/^[A-Za-z0-9+/]+={0,2}$/.test(auth)) return undefined
  const decoded = Buffer.from(auth, 'base64').toString('utf8')
  const colon = decoded.indexOf(':')
  if (colon < 1) return undefined
  // docker strips NUL padding.
  const secret = decoded.slice(colon + 1).replace(/^\0+|\0+$/g, '')
  return {kind: 'password', username: decoded.slice(0, colon), secret, origin: AUTH_VARIABLE}
}
