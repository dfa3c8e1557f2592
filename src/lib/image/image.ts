import {once} from '../async/look-ahead.js'
import type {ImageDetails} from '../engine/types.js'
import {sha256Digest} from '../tar/bytes.js'
import {END_OF_TAR} from '../tar/tar-header.js'
import type {BaseLayer, HistoryEntry, Image, ImageConfig, Layer, LayerContent} from './model.js'

/** The diffID of an empty layer. */
export const EMPTY_LAYER = sha256Digest(END_OF_TAR)

/** An image with more layers on top. */
export function append(image: Image, layers: readonly Layer[]): Image {
  return {...image, layers: [...image.layers, ...layers]}
}

/** An image without some of its layers; the steps that made no layer are kept between the others. */
export function drop(image: Image, isDropped: (layer: Layer) => boolean): Image {
  const droppedBelow = (index: number): number => image.layers.slice(0, index).filter(isDropped).length
  return {
    ...image,
    layers: image.layers.filter((layer) => !isDropped(layer)),
    emptyHistory: image.emptyHistory.map(({history, index}) => ({history, index: index - droppedBelow(index)})),
  }
}

/** An image with one layer replaced. */
export function replaceLayer(image: Image, layer: Layer, by: Layer): Image {
  return {...image, layers: image.layers.map((each) => (each === layer ? by : each))}
}

/** An image with another configuration and other labels. */
export function replaceConfig(image: Image, config: ImageConfig, labels: Image['labels']): Image {
  return {...image, config, labels}
}

/** An image with the text of its steps changed. */
export function rewriteHistory(image: Image, rewrite: (step: HistoryEntry) => HistoryEntry): Image {
  return {
    ...image,
    layers: image.layers.map((layer) => ({...layer, history: rewrite(layer.history)})),
    emptyHistory: image.emptyHistory.map(({history, index}) => ({index, history: rewrite(history)})),
  }
}

/** The platform of an image in an engine. */
export function platformOf({
  Architecture,
  Os,
  Variant,
}: Pick<ImageDetails, 'Architecture' | 'Os' | 'Variant'>): Pick<ImageConfig, 'architecture' | 'os' | 'variant'> {
  return {architecture: Architecture, ...(Variant ? {variant: Variant} : {}), os: Os}
}

/** The content of a layer that is small enough for memory. */
export function layerContent(tar: Buffer, history: HistoryEntry): LayerContent {
  return {
    diffId: sha256Digest(tar),
    history,
    stored: undefined,
    size: () => Promise.resolve(tar.length),
    uncompressed: () => once(tar),
    compressed: undefined,
  }
}

/** A base layer that is small enough for memory. */
export function baseLayer(tar: Buffer, history: HistoryEntry): BaseLayer {
  return {kind: 'base', ...layerContent(tar, history)}
}

/** The chain ids of layers, one for each layer (OCI image-spec, config.md, "Layer ChainID"). */
export function chainIds(diffIds: readonly string[]): string[] {
  const chains: string[] = []
  for (const diffId of diffIds) {
    const below = chains.at(-1)
    chains.push(below === undefined ? diffId : sha256Digest(Buffer.from(`${below} ${diffId}`)))
  }
  return chains
}

/** The configuration of an image as a file; its digest is the image's id. */
export function configFile(image: Image): Buffer {
  const history: object[] = []
  for (let index = 0; index <= image.layers.length; index++) {
    for (const empty of image.emptyHistory)
      if (empty.index === index) history.push({...empty.history, empty_layer: true})
    const layer = image.layers[index]
    if (layer !== undefined) history.push(layer.history)
  }
  const rootfs = {type: 'layers', diff_ids: image.layers.map(({diffId}) => diffId)}
  const config = {...image.config.config, ...(Object.keys(image.labels).length > 0 && {Labels: image.labels})}
  return Buffer.from(JSON.stringify({...image.config, config, rootfs, history}))
}
