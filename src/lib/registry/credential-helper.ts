import {FailedError, MissingError} from '../error/keg-error.js'
import {parseFirstObject, property} from '../json/json.js'
import {runProcess, type ProcessResult} from '../process/run-process.js'
import {printable} from '../terminal/text.js'
import type {Credentials} from './credentials.js'

/** A question to a credential helper. */
export interface HelperOptions {
  /** What follows `docker-credential-` in the name of its program. */
  readonly helper: string
  /** What it knows the registry as. */
  readonly server: string
  readonly registry: string
  /** It is looked for on the PATH of this, and runs in it. */
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal | undefined
  readonly timeoutMilliseconds: number
}

/** What helpers answer when they know nothing of a server (docker/docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain'

/** The user name that says that the secret is an identity token. */
const TOKEN_USER = '<token>'

/** Beyond this a helper is not answering. */
const MOST_OUTPUT_BYTES = 10_000_000

/**
 * Asks a credential helper as the docker client does: whatever follows its answer or stands on standard error is noise.
 * @returns undefined when it knows nothing of the registry.
 * @throws FailedError `credential-helper-failed`, `credential-helper-timeout`; MissingError `credential-helper-missing`;
 * none with anything that the helper printed.
 */
export async function askHelper(options: HelperOptions): Promise<Credentials | undefined> {
  const origin = programOf(options)
  const {exitCode, stdout, stderr} = await runHelper(options)
  if (exitCode !== 0) {
    if (`${stdout}${stderr}`.includes(NOT_FOUND)) return undefined
    throw failed(options, `ended with exit code ${exitCode}`)
  }
  const answer = parseFirstObject(stdout)
  const username = property(answer, 'Username')
  const secret = property(answer, 'Secret')
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failed(options, 'gave an answer that is no credentials')
  if (secret === '') return undefined
  if (username === TOKEN_USER) return {kind: 'token', identityToken: secret, origin}
  if (username.includes(':')) throw failed(options, 'gave a user name with a colon')
  return {kind: 'password', username, secret, origin}
}

async function runHelper(options: HelperOptions): Promise<ProcessResult> {
  const {registry, server, environment, signal, timeoutMilliseconds} = options
  const program = programOf(options)
  try {
    return await runProcess({
      command: [program, 'get'],
      input: server,
      environment,
      timeoutMilliseconds,
      mostOutputBytes: MOST_OUTPUT_BYTES,
      ...(signal && {signal}),
    })
  } catch (error) {
    if (error instanceof MissingError)
      throw new MissingError(`The credential helper ${program} for ${printable(registry)} is not on the PATH.`, {
        code: 'credential-helper-missing',
        hint: `Install ${program}, or take it out of credHelpers and credsStore in the configuration of the client and sign in again with its login.`,
      })
    if (error instanceof FailedError && error.code === 'program-timeout')
      throw new FailedError(`${program} did not answer within ${timeoutMilliseconds / 1000} s.`, {
        code: 'credential-helper-timeout',
        hint: tryHelper(options),
      })
    if (error instanceof FailedError && error.code === 'program-output-endless')
      throw failed(options, 'printed without end')
    throw error
  }
}

function failed(options: HelperOptions, problem: string): FailedError {
  return new FailedError(
    `${programOf(options)} ${problem} when asked for the credentials for ${printable(options.registry)}.`,
    {
      code: 'credential-helper-failed',
      hint: tryHelper(options),
    },
  )
}

function tryHelper(options: HelperOptions): string {
  return `See what is wrong with: echo ${printable(options.server)} | ${programOf(options)} get`
}

function programOf({helper}: HelperOptions): string {
  return `docker-credential-${helper}`
}
