import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {shownName} from '../container-name.js'

/** The image that a container was made from. @throws FailedError `image-missing` */
export async function imageOf(engine: Engine, container: ContainerDetails): Promise<ImageDetails> {
  const image = await engine.image(container.Image)
  if (image !== undefined) return image
  throw new FailedError(`The image of ${shownName(container)} was removed from the engine.`, {
    code: 'image-missing',
    hint: `Pull or build ${printable(container.Config.Image)} again, so that the engine has its layers.`,
  })
}
