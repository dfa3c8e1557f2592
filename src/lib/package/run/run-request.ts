import {UsageError} from '../../error/keg-error.js'
import type {Reference} from '../../reference/reference.js'
import {formatReference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {beforeRun} from '../../container/run-error.js'
import {filePathIn} from '../file/file-path.js'
import {openPackageFile, type PackageFile} from '../file/open-package-file.js'
import {requestedPackage, type RequestedPackage} from '../requested-package.js'
import {checkContainerName, defaultContainerName} from './container-name.js'
import {readDockerFlags, type DockerFlags, type DockerRequest} from './docker-flags.js'
import {parseDuration} from '../../terminal/duration.js'
import {containerVariables} from '../../container/environment-file.js'
import {commandLine} from '../../terminal/command-line.js'
import {parsePublishedPorts, type PortRequest} from '../../container/port/published-ports.js'

/** What the user typed, not parsed yet. */
export interface TypedRequest {
  readonly reference: string | undefined
  /** The arguments after `--`. */
  readonly command: readonly string[]
  readonly entrypoint?: string | undefined
  /** Values of `-e`. */
  readonly variables: readonly string[]
  readonly environmentFiles: readonly string[]
  readonly name?: string | undefined
  readonly network?: string | undefined
  /** Values of `-p`. */
  readonly publish: readonly string[]
  /** Flags of `docker run`. */
  readonly docker?: DockerFlags | undefined
  /** Undefined: the default time, or not at all for a command given by the user. */
  readonly wait?: string | undefined
}

/** The same, parsed and valid. */
export interface RunRequest {
  /** With a tag or a digest. */
  readonly reference: Reference
  readonly understood: string
  /** Whether the text was a plain reference, so that there is nothing to explain. */
  readonly isPlain: boolean
  /** The file that has it; undefined if it is in an engine or a registry. */
  readonly file: PackageFile | undefined
  readonly command: readonly string[]
  readonly entrypoint: string | undefined
  readonly variables: readonly string[]
  readonly name: string
  readonly nameIsGiven: boolean
  readonly network: string | undefined
  readonly docker: DockerRequest
  readonly ports: readonly PortRequest[]
  readonly waitMilliseconds: number
}

const DEFAULT_WAIT = '60s'

/**
 * Checks everything that can be wrong before anything is called, a file included. Asks for a missing reference.
 * @throws UsageError with the code of the mistake; `reference-invalid` has the position in its data.
 */
export async function readRequest(work: Work, typed: TypedRequest): Promise<RunRequest> {
  const {command, entrypoint, environmentFiles, variables, name, network, publish, wait} = typed
  if (network === '')
    throw new UsageError('--network has no network name.', {
      code: 'network-unknown',
      hint: `List the networks with: ${commandLine`docker network ls`}`,
    })
  const path = await filePathIn(work, typed.reference)
  const file = path === undefined ? undefined : await openFile(work, path)
  const {isPlain, reference, understood} = file?.requested ?? (await requestedPackage(work, typed.reference))
  const isOwnCommand = command.length > 0
  return {
    reference,
    understood,
    isPlain,
    file: file?.opened,
    command,
    entrypoint,
    variables: await containerVariables(work, {variables, files: environmentFiles}),
    name: name === undefined ? defaultContainerName(reference) : checkContainerName(name),
    nameIsGiven: name !== undefined,
    network,
    docker: await readDockerFlags(typed.docker ?? {}, network),
    ports: parsePublishedPorts(publish),
    waitMilliseconds: parseDuration(wait ?? (isOwnCommand ? '0' : DEFAULT_WAIT), '--wait'),
  }
}

async function openFile(
  work: Work,
  path: string,
): Promise<{readonly opened: PackageFile; readonly requested: RequestedPackage}> {
  const opened = await openPackageFile(work, path).catch((error: unknown) => {
    throw beforeRun(error)
  })
  const {reference} = opened
  const understood = `the package file ${printable(path)}, with the image ${formatReference(reference)}`
  return {opened, requested: {reference, understood, isPlain: true}}
}
