import {askHelper} from './credential-helper.js'
import {credentialFiles, helperOf, keptCredentials, readCredentialFile, serverName} from './credential-file.js'

/** What proves to a registry who is asking; `origin` says where it was found, and is the only part fit to show. */
export type Credentials =
  | {readonly kind: 'anonymous'}
  | {readonly kind: 'password'; readonly username: string; readonly secret: string; readonly origin: string}
  | {readonly kind: 'token'; readonly identityToken: string; readonly origin: string}

export interface CredentialsOptions {
  /** `host[:port]`, `docker.io` for Docker Hub. */
  readonly registry: string
  /** podman's files may have other credentials for each repository. */
  readonly repository: string
  /** Its variables say where the files are; a credential helper is looked for on its PATH and runs in it. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal?: AbortSignal | undefined
  /** How long a credential helper may think: it may have to ask for the passphrase of a key ring. */
  readonly helperTimeoutMilliseconds?: number
}

const HELPER_TIMEOUT_MILLISECONDS = 60_000

/**
 * Finds the credentials for a repository: as the docker client does, in its config.json, and where that has none for the
 * registry, in podman's files. In each file the registry's own helper (`credHelpers`) is asked first, in docker's else the
 * common one (`credsStore`); where there is none, or it knows nothing of the registry, `auths` is looked into.
 * @throws FailedError `docker-config-unreadable`, `docker-config-invalid`, `podman-auth-unreadable`, `podman-auth-invalid`,
 * `credential-helper-invalid`, `credential-helper-failed`, `credential-helper-timeout`; MissingError
 * `credential-helper-missing`. None of them, causes included, carries a secret or what a helper printed.
 */
export async function findCredentials(options: CredentialsOptions): Promise<Credentials> {
  const {environment, registry, repository, signal} = options
  for (const file of credentialFiles(environment)) {
    signal?.throwIfAborted()
    const config = await readCredentialFile(file)
    const helper = helperOf(config, registry, file)
    const answer =
      helper &&
      (await askHelper({
        ...helper,
        registry,
        environment,
        signal,
        timeoutMilliseconds: options.helperTimeoutMilliseconds ?? HELPER_TIMEOUT_MILLISECONDS,
      }))
    const found = answer ?? keptCredentials(config, {registry, repository}, file)
    if (found !== undefined) return found
  }
  return {kind: 'anonymous'}
}

/**
 * Credentials as the engine takes them in X-Registry-Auth: JSON in URL-safe base64 with its padding, which older engines
 * insist on (https://docs.docker.com/reference/api/engine/#section/Authentication).
 */
export function encodeRegistryAuth(credentials: Credentials, registry: string): string {
  return Buffer.from(JSON.stringify(authConfig(credentials, serverName(registry))))
    .toString('base64')
    .replaceAll('+', '-')
    .replaceAll('/', '_')
}

/** What the engine's `POST /auth` takes; without a server it would ask Docker Hub. */
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
