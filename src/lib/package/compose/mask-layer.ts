import {textToBytes} from '../../tar/tar-header.js'
import {writeTar} from '../../tar/write-tar.js'
import {changeKey, type ContainerChanges} from '../../container/container-changes.js'
import {encodeLayer, type EncodeLayerOptions} from '../../image/layer/encode-layer.js'
import {visibilityOf, visibleEntries} from '../../image/layer/visible-entries.js'
import type {WritableLayer} from '../../image/model.js'
import type {Mask} from '../mount/place-mounts.js'
import {isWithin} from '../../tar/path.js'

/** The writable layer of a container, some of which its mounts may hide. */
export interface MaskLayerOptions extends Pick<EncodeLayerOptions, 'cleanup' | 'encode' | 'signal'> {
  /** What the container changed. */
  readonly changes: ContainerChanges
  readonly layer: WritableLayer
  readonly masks: readonly Mask[]
}

/**
 * Removes from a container's writable layer what its mounts hide: `docker cp` to a tmpfs puts files there, and so does a container
 * that changed a symlink and was started again. Without such a change, the layer is kept as it is.
 */
export async function maskLayer({changes, layer, masks, ...encoding}: MaskLayerOptions): Promise<WritableLayer> {
  const paths = masks.map(({path}) => path)
  if (!mayBeMasked(changes, masks)) return {...layer, masks: paths}
  const visibility = visibilityOf(paths)
  const read = (): AsyncIterable<Buffer> => writeTar(visibleEntries(layer.uncompressed, {visibility}))
  const content = await encodeLayer({...encoding, history: layer.history, read})
  return {...layer, masks: paths, ...content}
}

/** Whether anything that the container changed is below a mount point, or a file at one. */
function mayBeMasked(changes: ContainerChanges, masks: readonly Mask[]): boolean {
  const points = masks.map(({isFolder, path}) => ({isFolder, key: changeKey(textToBytes(path.slice(1)))}))
  const isHidden = (key: string): boolean =>
    points.some((point) => (key === point.key ? !point.isFolder : isWithin(key, point.key)))
  return changes.existing().some(isHidden)
}
