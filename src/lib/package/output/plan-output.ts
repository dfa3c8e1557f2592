import {lstat, stat} from 'node:fs/promises'
import {dirname, resolve} from 'node:path'
import type {Writable} from 'node:stream'
import type {EngineWork} from '../../engine/engine-work.js'
import {KegError, UsageError} from '../../error/keg-error.js'
import type {EarlierImage} from '../../image/file/file-archive.js'
import {openImageFile} from '../../image/file/open-image-file.js'
import {outputExists, type OutputTarget} from '../../image/file/output-file.js'
import {understandReference} from '../../reference/pasted-reference.js'
import {formatReference, parseReference, withTag} from '../../reference/reference.js'
import {obtainImage} from '../../registry/obtain-image.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'
import {asFilePath, filePathIn} from '../file/file-path.js'

/** A file that a package is written to. */
export interface PlannedOutput {
  readonly target: OutputTarget
  /** The image whose layers it leaves out; undefined for none. */
  readonly since: EarlierImage | undefined
}

/** Standard output, as Node has it. */
export type OutputStream = Writable & {readonly isTTY?: boolean}

/** What the command line says about a file. */
export interface OutputOptions {
  readonly output: string | undefined
  readonly since: string | undefined
  readonly stdout: OutputStream | undefined
  readonly dryRun: boolean
}

/**
 * Checks where to write a file, before anything else happens. Asks before a file is replaced.
 * @returns undefined without `--output`
 * @throws UsageError `output-invalid`; RefusedError `output-exists`
 */
export async function planTarget(
  {folder, prompt}: Pick<Work, 'folder' | 'prompt'>,
  {dryRun, output, stdout}: OutputOptions,
): Promise<OutputTarget | undefined> {
  if (output === undefined) return undefined
  if (output === '-') return {kind: 'stream', stream: checkStream(stdout)}
  if (output === '' || output.endsWith('/')) throw invalid('--output names no file.', NAME_A_FILE)
  const place = resolve(folder, output)
  const above = await stat(dirname(place)).catch(() => undefined)
  if (above?.isDirectory() !== true)
    throw invalid(
      `There is no folder ${printable(dirname(place))} to write ${printable(output)} to.`,
      'Create it first.',
    )
  const existing = await lstat(place).catch(() => undefined)
  if (existing !== undefined && !existing.isFile())
    throw invalid(`${printable(output)} exists, and is not a regular file: it is not replaced.`, NAME_A_FILE)
  const target = {kind: 'file', path: asFilePath(output), place} as const
  if (existing === undefined || dryRun) return {...target, replaces: existing !== undefined}
  try {
    if (await prompt.confirm(`${output} exists already. Replace it?`, {flag: '--yes'}))
      return {...target, replaces: true}
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'input-missing') throw error
  }
  throw outputExists(output)
}

/**
 * Finds the image whose layers a file leaves out: in a file, or in the engine, which pulls it if it is missing; a dry run does not.
 * @throws what reading the file, and the reference, and pulling it throw
 */
export async function findEarlier(
  work: EngineWork,
  {dryRun, since}: Pick<OutputOptions, 'dryRun' | 'since'>,
): Promise<EarlierImage | undefined> {
  if (since === undefined) return undefined
  const path = await filePathIn(work, since)
  if (path !== undefined) {
    await using file = await openImageFile(work, path)
    return {name: familiar(file.names[0]) ?? path, diffIds: new Set(file.layers.map(({diffId}) => diffId))}
  }
  const reference = withTag(understandReference(since).reference)
  if (dryRun) {
    const name = formatReference(reference)
    return {name, diffIds: new Set((await work.engine.image(name))?.RootFS.Layers ?? [])}
  }
  const {image, pinned} = await obtainImage(work, {reference, pull: 'missing'})
  return {name: formatReference(pinned), diffIds: new Set(image.RootFS.Layers ?? [])}
}

/** The name of an image as docker shows it; one that is none is kept. */
function familiar(name: string | undefined): string | undefined {
  try {
    return name && formatReference(parseReference(name))
  } catch (error) {
    if (error instanceof UsageError) return name
    throw error
  }
}

const NAME_A_FILE = 'Give the path of a file, such as shop.tar.'

function checkStream(stream: OutputStream | undefined): OutputStream {
  if (stream === undefined)
    throw invalid(
      'Standard output cannot have both a package and JSON.',
      'Give the path of a file, or leave --json out.',
    )
  if (stream.isTTY === true)
    throw invalid('A package is not written to a terminal.', 'Redirect standard output, or give the path of a file.')
  return stream
}

function invalid(message: string, hint: string): UsageError {
  return new UsageError(message, {code: 'output-invalid', hint})
}
