import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {shownName} from '../../container/container-name.js'

/** The most layers that engines keep in an image (moby, layer/layer_store.go, maxLayerDepth). */
const MAX_LAYERS = 125

/** As many are left for whoever builds on a package. */
const SPARE_LAYERS = 15

/** How many layers the mounts of a package may be split into, above so many others. */
export function layersForMounts(others: number): number {
  return Math.max(MAX_LAYERS - SPARE_LAYERS - others, 0)
}

/** What adds layers to a package, besides its container's image and writable layer. */
export interface AddedLayers {
  /** How many mounts are included. */
  readonly mounts: number
  /** Whether there is a whiteout layer for agent files. */
  readonly hasAgentFiles: boolean
}

/**
 * @returns how many layers the package has at most
 * @throws FailedError `layers-too-many`
 */
export function checkLayerCount(
  container: Pick<ContainerDetails, 'Name'>,
  base: Pick<ImageDetails, 'RootFS'>,
  {hasAgentFiles, mounts}: AddedLayers,
): number {
  const baseLayers = base.RootFS.Layers?.length ?? 0
  const layers = baseLayers + 1 + mounts + (hasAgentFiles ? 1 : 0)
  if (layers <= MAX_LAYERS) return layers
  throw new FailedError(
    `The package would have ${layers} layers, and engines support at most ${MAX_LAYERS}: ${baseLayers} of the image of ${shownName(container)}, one of its own${mounts > 0 ? `, ${mounts} of its mounts` : ''}.`,
    {
      code: 'layers-too-many',
      hint: 'Start it from an image with fewer layers: build it again, or flatten it with docker export and docker import.',
      data: {layers, most: MAX_LAYERS},
    },
  )
}
