import {askHelper} from './credential-helper.js'
import {credentialFiles, helperOf, keptCredentials, readCredentialFile} from './credential-file.js'
import {credentialsOfVariable} from './credential-variable.js'
import type {Credentials} from './model.js'
import {serverName} from './server-name.js'
import type {Work} from '../work/work.js'

export {AUTH_VARIABLE} from './credential-variable.js'

export interface CredentialsOptions {
  /** `host[:port]`, `docker.io` for Docker Hub. */
  readonly registry: string
  /** podman's files can have different credentials for each repository. */
  readonly repository: string
  /** How long to wait for a credential helper: it may have to ask for the passphrase of a keyring. */
  readonly helperTimeoutMilliseconds?: number
}

/** Where to look for credentials, and what ends the search. */
export type CredentialsWork = Pick<Work, 'environment'> & Partial<Pick<Work, 'signal'>>

const HELPER_TIMEOUT_MILLISECONDS = 60_000

/**
 * Finds the credentials for a repository: as the docker client does, in DOCKER_AUTH_CONFIG and in its config.json, and if those
 * have none for the registry, in podman's files. For each file, the registry's own helper (`credHelpers`) is asked first, or in
 * docker's the common one (`credsStore`); if there is none, or it has nothing for the registry, `auths` is read.
 * @throws FailedError `docker-config-unreadable`, `docker-config-invalid`, `podman-auth-unreadable`, `podman-auth-invalid`,
 * `credential-helper-invalid`, `credential-helper-failed`, `credential-helper-timeout`; MissingError `credential-helper-missing`.
 * None of them, causes included, contains a secret or what a helper printed.
 */
export async function findCredentials(work: CredentialsWork, options: CredentialsOptions): Promise<Credentials> {
  const {environment, signal} = work
  const {registry, repository} = options
  const fromVariable = credentialsOfVariable(registry, environment)
  if (fromVariable !== undefined) return fromVariable
  for (const file of credentialFiles(environment)) {
    signal?.throwIfAborted()
    const config = await readCredentialFile(file)
    const helper = helperOf(config, registry, file)
    const answer =
      helper &&
      (await askHelper(work, {
        ...helper,
        registry,
        timeoutMilliseconds: options.helperTimeoutMilliseconds ?? HELPER_TIMEOUT_MILLISECONDS,
      }))
    const found = answer ?? keptCredentials(config, {registry, repository}, file)
    if (found !== undefined) return found
  }
  return {kind: 'anonymous'}
}

/**
 * Credentials for the engine's X-Registry-Auth: JSON in URL-safe base64 with its padding, which older engines require
 * (https://docs.docker.com/reference/api/engine/#section/Authentication).
 */
export function encodeRegistryAuth(credentials: Credentials, registry: string): string {
  return Buffer.from(JSON.stringify(authConfig(credentials, serverName(registry))))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

/** The body of the engine's `POST /auth`; without a server the engine would ask Docker Hub. */
export function loginRequest(credentials: Credentials, registry: string): Readonly<Record<string, string>> {
  const server = serverName(registry)
  return {...authConfig(credentials, server), serveraddress: server}
}

function authConfig(credentials: Credentials, server: string): Readonly<Record<string, string>> {
  switch (credentials.kind) {
    case 'anonymous':
      return {}
    case 'password':
      return {username: credentials.username, password: credentials.secret, serveraddress: server}
    case 'token':
      return {identitytoken: credentials.identityToken, serveraddress: server}
  }
}
