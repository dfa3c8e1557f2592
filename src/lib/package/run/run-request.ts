import type {Questions} from '../../command/ask.js'
import {UsageError} from '../../error/keg-error.js'
import type {Reference} from '../../reference/reference.js'
import {requestedPackage} from '../requested-package.js'
import {checkContainerName, defaultContainerName} from './container-name.js'
import {parseDuration} from '../../terminal/duration.js'
import {containerVariables} from '../../container/environment-file.js'
import {parsePublishedPorts, type PortRequest} from '../../port/published-ports.js'

/** What the user typed, unread. */
export interface TypedRequest {
  readonly reference: string | undefined
  /** What stands after `--`. */
  readonly command: readonly string[]
  readonly entrypoint?: string | undefined
  /** Values of `-e`. */
  readonly variables: readonly string[]
  readonly environmentFiles: readonly string[]
  readonly name?: string | undefined
  readonly network?: string | undefined
  /** Values of `-p`. */
  readonly publish: readonly string[]
  /** Undefined: as long as is usual, or not at all for a command of the user's own. */
  readonly wait?: string | undefined
}

/** The same, read and found to be right. */
export interface RunRequest {
  /** With a tag or a digest. */
  readonly reference: Reference
  readonly understood: string
  readonly command: readonly string[]
  readonly entrypoint: string | undefined
  readonly variables: readonly string[]
  readonly name: string
  readonly nameIsGiven: boolean
  readonly network: string | undefined
  readonly ports: readonly PortRequest[]
  readonly waitMilliseconds: number
}

const USUAL_WAIT = '60s'

/**
 * Reads everything that can be wrong before anything is called. A missing reference is asked for.
 * @throws UsageError with the code of whatever is wrong; `reference-invalid` has the position in its data.
 */
export async function readRequest(
  typed: TypedRequest,
  {questions, environment}: {questions: Questions; environment: NodeJS.ProcessEnv},
): Promise<RunRequest> {
  const {command, entrypoint, environmentFiles, variables, name, network, publish, wait} = typed
  if (network === '')
    throw new UsageError('--network names no network.', {
      code: 'network-unknown',
      hint: 'List the networks with: docker network ls',
    })
  const {reference, understood} = await requestedPackage(typed.reference, questions)
  const isOwnCommand = command.length > 0
  return {
    reference,
    understood,
    command,
    entrypoint,
    variables: await containerVariables({variables, files: environmentFiles, environment}),
    name: name === undefined ? defaultContainerName(reference) : checkContainerName(name),
    nameIsGiven: name !== undefined,
    network,
    ports: parsePublishedPorts(publish),
    waitMilliseconds: parseDuration(wait ?? (isOwnCommand ? '0' : USUAL_WAIT), '--wait'),
  }
}
