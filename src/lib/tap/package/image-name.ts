import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import type {Values} from '../../environment/values.js'
import {KegError} from '../../error/keg-error.js'
import {parseReference} from '../../reference/reference.js'
import {CONTAINER_LABELS} from '../../target/container-labels.js'
import {openTap} from '../open-tap.js'

const {folder: FOLDER, tap: TAP, tapMain: TAP_MAIN} = CONTAINER_LABELS

/**
 * What a tap calls its image: IMAGE, else the last part of KEG_IMAGE_FROM. It may have to be cleaned.
 * @throws UsageError `value-template`, `reference-invalid`
 */
export function imageNameOf(values: Values): string | undefined {
  const image = values.text('IMAGE')
  if (image !== undefined) return image
  const from = values.text('KEG_IMAGE_FROM')
  if (from === undefined) return undefined
  const {repository} = parseReference(from)
  return repository.slice(repository.lastIndexOf('/') + 1)
}

/** A container, and who is told of a tap that cannot be read. */
export interface TapImageNameOptions {
  readonly container: ContainerDetails
  /** The image that it was made from. */
  readonly base: ImageDetails
  readonly environment: NodeJS.ProcessEnv
  readonly warn: (text: string) => void
}

/**
 * What the tap calls its image that a container belongs to by its labels; undefined for any other container, and for a tap that is
 * linked no more. Files of a tap that cannot be used are a warning.
 */
export async function tapImageName({
  base,
  container,
  environment,
  warn,
}: TapImageNameOptions): Promise<string | undefined> {
  const labels = container.Config.Labels ?? {}
  const folder = labels[FOLDER]
  const isForeign = [FOLDER, TAP, TAP_MAIN].some((label) => base.Config?.Labels?.[label] !== undefined)
  if (isForeign || labels[TAP_MAIN] !== 'true' || folder === undefined || folder === '') return undefined
  try {
    const {values} = await openTap({name: undefined, folder, environment})
    return imageNameOf(values)
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    if (error.code !== 'tap-missing')
      warn(`The image is not called as its tap says, whose values cannot be read. ${error.message}`)
    return undefined
  }
}
