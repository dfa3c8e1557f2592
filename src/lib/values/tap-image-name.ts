import type {ContainerDetails, ImageDetails} from '../engine/types.js'
import {KegError} from '../error/keg-error.js'
import {parseReference} from '../reference/reference.js'
import {CONTAINER_LABELS} from '../label/container-labels.js'
import {openTap, type OpenTap} from './open-tap.js'
import type {Work} from '../work/work.js'

const {folder: FOLDER, tap: TAP, tapMain: TAP_MAIN} = CONTAINER_LABELS

/**
 * The name of a tap's image: IMAGE, or the last part of KEG_IMAGE_FROM, or the tap's name. It may have to be cleaned.
 * @throws UsageError `value-template`, `reference-invalid`
 */
export function imageNameOf({tap, values}: Pick<OpenTap, 'tap' | 'values'>): string {
  const image = values.text('IMAGE')
  if (image !== undefined) return image
  const from = values.text('KEG_IMAGE_FROM')
  if (from === undefined) return tap.name
  const {repository} = parseReference(from)
  return repository.slice(repository.lastIndexOf('/') + 1)
}

/** A container, and how to warn about a tap that cannot be read. */
export interface TapImageNameOptions {
  readonly container: ContainerDetails
  /** Its image. */
  readonly base: ImageDetails
}

/**
 * The image name of the tap that a container belongs to by label; undefined for any other container, and for a tap that is
 * no longer linked. A tap with unusable files is a warning.
 */
export async function tapImageName(
  {environment, warn}: Pick<Work, 'environment' | 'warn'>,
  {base, container}: TapImageNameOptions,
): Promise<string | undefined> {
  const labels = container.Config.Labels ?? {}
  const folder = labels[FOLDER]
  const isForeign = [FOLDER, TAP, TAP_MAIN].some((label) => base.Config?.Labels?.[label] !== undefined)
  if (isForeign || labels[TAP_MAIN] !== 'true' || folder === undefined || folder === '') return undefined
  try {
    return imageNameOf(await openTap({folder, environment}, {name: undefined}))
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    if (error.code !== 'tap-missing')
      warn(`The image is not named after its tap, because the values of the tap cannot be read. ${error.message}`)
    return undefined
  }
}
