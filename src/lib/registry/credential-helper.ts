import {FailedError, MissingError} from '../error/keg-error.js'
import {parseFirstObject, property} from '../json/json.js'
import {runProcess, type ProcessResult} from '../process/run-process.js'
import {printable} from '../terminal/text.js'
import type {Credentials} from './model.js'
import type {Work} from '../work/work.js'

/** A request to a credential helper. */
export interface HelperOptions {
  /** The name of its program after `docker-credential-`. */
  readonly helper: string
  /** Its name for the registry. */
  readonly server: string
  readonly registry: string
  readonly timeoutMilliseconds: number
}

/** The answer of helpers that have nothing for a server (docker/docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain'

/** This user name means that the secret is an identity token. */
const TOKEN_USER = '<token>'

/** A longer output is not an answer. */
const MAX_OUTPUT_BYTES = 10_000_000

/**
 * Runs a credential helper as the docker client does: ignores whatever follows its answer, and standard error.
 * @returns undefined if it has nothing for the registry.
 * @throws FailedError `credential-helper-failed`, `credential-helper-timeout`; MissingError `credential-helper-missing`;
 * none contains anything that the helper printed.
 */
export async function askHelper(
  work: Pick<Work, 'environment'> & Partial<Pick<Work, 'signal'>>,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const origin = programOf(options)
  const {exitCode, stdout, stderr} = await runHelper(work, options)
  if (exitCode !== 0) {
    if (`${stdout}${stderr}`.includes(NOT_FOUND)) return undefined
    throw failed(options, `ended with exit code ${exitCode}`)
  }
  const answer = parseFirstObject(stdout)
  const username = property(answer, 'Username')
  const secret = property(answer, 'Secret')
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failed(options, 'gave an answer without credentials')
  if (secret === '') return undefined
  if (username === TOKEN_USER) return {kind: 'token', identityToken: secret, origin}
  if (username.includes(':')) throw failed(options, 'gave a user name with a colon')
  return {kind: 'password', username, secret, origin}
}

async function runHelper(
  work: Pick<Work, 'environment'> & Partial<Pick<Work, 'signal'>>,
  options: HelperOptions,
): Promise<ProcessResult> {
  const {environment, signal} = work
  const {registry, server, timeoutMilliseconds} = options
  const program = programOf(options)
  try {
    return await runProcess({
      command: [program, 'get'],
      input: server,
      environment,
      timeoutMilliseconds,
      maxOutputBytes: MAX_OUTPUT_BYTES,
      ...(signal && {signal}),
    })
  } catch (error) {
    if (error instanceof MissingError)
      throw new MissingError(`The credential helper ${program} for ${printable(registry)} is not on the PATH.`, {
        code: 'credential-helper-missing',
        hint: `Install ${program}, or remove it from credHelpers and credsStore in the configuration of the client, then sign in again with its login.`,
      })
    if (error instanceof FailedError && error.code === 'program-timeout')
      throw new FailedError(`${program} did not answer within ${timeoutMilliseconds / 1000} s.`, {
        code: 'credential-helper-timeout',
        hint: tryHelper(options),
      })
    if (error instanceof FailedError && error.code === 'program-output-endless')
      throw failed(options, 'printed too much')
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
