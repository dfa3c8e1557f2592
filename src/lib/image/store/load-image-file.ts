import type {EngineWork} from '../../engine/engine-work.js'
import type {ImageDetails} from '../../engine/types.js'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {formatReference, hubRegistry, parseReference, type Reference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {count, printable} from '../../terminal/text.js'
import type {ImageFile} from '../file/model.js'
import type {StoredImage} from './image-store.js'
import {imageStoreOf} from './store-of-engine.js'
import {loadArchive} from './write-image.js'

/**
 * Loads an image from a file into the engine, without a name, with exactly the configuration in the file. Does nothing if the
 * engine has it. If it fails or is interrupted, nothing of the image is left.
 * @throws FailedError `layers-missing` if the file leaves out layers that the engine does not have; `image-differs`
 */
export async function loadImageFile(work: EngineWork, file: ImageFile): Promise<ImageDetails> {
  const {engine} = work
  const loaded =
    (await engine.image(file.id)) ?? (file.manifest && (await engine.image(file.manifest.descriptor.digest)))
  if (loaded !== undefined) return loaded
  const holder = await findHolder(work, file)
  await using archive = await imageStoreOf(engine).archiveFile(file, holder)
  await loadArchive(
    work,
    archive,
    file.layers.map(({diffId}) => diffId),
  )
  const image = await engine.image(archive.id)
  if (image === undefined)
    throw new FailedError(`The image of ${printable(file.path)} was loaded, and removed again.`, {
      code: 'image-missing',
      hint: 'Something else removes images from this engine. Try again.',
    })
  return image
}

/** An image of the engine with all layers that a file leaves out; undefined if it leaves out none. */
async function findHolder(work: EngineWork, {layers, path, since}: ImageFile): Promise<StoredImage | undefined> {
  const {cleanup, engine, signal} = work
  const missing = layers.flatMap(({diffId, read}) => (read === undefined ? [diffId] : []))
  if (missing.length === 0) return undefined
  const earlier = since === undefined ? undefined : referenceIn(since)
  const named = earlier && formatReference(earlier)
  const candidates = async function* (): AsyncGenerator<string> {
    if (named !== undefined) yield named
    for (const {Id} of await engine.images({})) yield Id
  }
  for await (const candidate of candidates()) {
    signal.throwIfAborted()
    const details = await engine.image(candidate)
    const has = new Set(details?.RootFS.Layers ?? [])
    if (details !== undefined && missing.every((diffId) => has.has(diffId)))
      return imageStoreOf(engine).open(details, {cleanup, signal, mayRead: new Set(missing)})
  }
  throw layersMissing(path, missing.length, earlier)
}

function layersMissing(path: string, layers: number, earlier: Reference | undefined): FailedError {
  const name = earlier && formatReference(earlier)
  return new FailedError(
    `${printable(path)} leaves out ${count(layers, 'layer')} of ${name ?? 'another image'}, and no image in this engine has them.`,
    {code: 'layers-missing', hint: hintFor(earlier, name ?? ''), data: {since: name ?? null}},
  )
}

function hintFor(earlier: Reference | undefined, name: string): string {
  if (earlier === undefined) return 'Ask for a file with all layers.'
  // Docker Hub reserves single names: this one was only in the engine of whoever made the file.
  if (earlier.registry === hubRegistry && earlier.repository.startsWith('library/'))
    return `First run the file that ${name} was written to, or ask for a file with all layers.`
  return `Pull that image with: ${commandLine`docker pull ${name}`}; or first run the file that it was written to.`
}

/** Anybody can write a name into a file. */
function referenceIn(name: string): Reference | undefined {
  try {
    return parseReference(name)
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}
