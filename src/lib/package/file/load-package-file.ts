import {readUserConfiguration} from '../../config/user-configuration.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {loadImageFile} from '../../image/store/load-image-file.js'
import {formatReference, parseTag, type Reference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {platformNote} from '../run/platform-note.js'
import {holderText} from '../target/package-owner.js'
import type {PackageFile} from './open-package-file.js'

/** A package from a file, in the engine. */
export interface LoadedPackage {
  readonly image: ImageDetails
  /** The name in the file. */
  readonly pinned: Reference
  /** It has none from a registry. */
  readonly digest: undefined
  /** A name of the image there: the one in the file, or its id. */
  readonly imageName: string
}

/**
 * Loads a package from a file into the engine, and gives it its name, if nothing has that.
 * @throws FailedError `file-platform`; what loadImageFile throws
 */
export async function loadPackageFile(
  work: EngineWork,
  {file, isNamed, reference}: PackageFile,
): Promise<LoadedPackage> {
  const {engine} = work
  const note = platformNote(file.details, await engine.platform())
  if (note !== undefined)
    throw new FailedError(`${printable(file.path)} is for another platform. ${note}`, {
      code: 'file-platform',
      hint: `If this engine emulates it, load it with: ${commandLine`docker load --input ${file.path}`}, and run the image by its name.`,
    })
  const image = await loadImageFile(work, file)
  const hasName = isNamed && (await takeName(work, image, reference))
  return {image, pinned: reference, digest: undefined, imageName: hasName ? formatReference(reference) : image.Id}
}

/**
 * Gives a loaded image the name in its file, if nothing has that. Anybody can write a name and labels into a file: it takes no name
 * from another image, and no tag that taps start from or that others pull.
 * @returns whether the image has the name then
 */
async function takeName(work: EngineWork, image: ImageDetails, {tag = LATEST, ...name}: Reference): Promise<boolean> {
  const {engine, environment, notice} = work
  const shown = formatReference({...name, tag})
  const existing = await engine.image(shown)
  if (existing?.Id === image.Id) return true
  const {defaultTag, protectedTags} = await readUserConfiguration(environment)
  const why =
    existing !== undefined
      ? `${shown} in this engine is ${holderText(existing.Config?.Labels)}`
      : [defaultTag, ...protectedTags].includes(tag) && `The tag ${tag} is protected`
  if (why !== false) {
    notice(`${why}: the image of the file gets no name.`)
    return false
  }
  await engine.tagImage(image.Id, `${name.registry}/${name.repository}`, tag)
  return true
}

const LATEST = parseTag('latest')
