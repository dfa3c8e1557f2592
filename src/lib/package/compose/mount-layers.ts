import {textToBytes} from '../../tar/tar-header.js'
import {count} from '../../terminal/text.js'
import type {EncodeLayerOptions} from '../../image/layer/encode-layer.js'
import {recordedLayer} from '../../image/layer/recorded-layer.js'
import type {Encoder} from '../../image/archive/encoded-tar.js'
import type {RegistrySink} from '../../image/registry/registry-sink.js'
import type {Layer, MountLayer} from '../../image/model.js'
import type {PathLengths} from '../mount/path-lengths.js'
import type {PlacedRecording} from './place-recordings.js'
import type {Work} from '../../work/work.js'

/** Options for making the layers of mounts. */
export interface MountLayersOptions extends Pick<EncodeLayerOptions, 'cleanup' | 'encode' | 'signal'> {
  readonly created: string
  readonly lengths: PathLengths
  /** Sends layers while they are made, where they come from being the destination of the mount; undefined if nobody does. */
  readonly sendingMake: RegistrySink['make'] | undefined
  /** Called with each layer as soon as it is made. */
  readonly onLayer: (layer: MountLayer) => void
}

/** Makes the layers of recorded mounts, and lists their files. */
export async function mountLayers(
  {progress}: Pick<Work, 'progress'>,
  recordings: readonly PlacedRecording[],
  {encode, lengths, onLayer, sendingMake, ...options}: MountLayersOptions,
): Promise<MountLayer[]> {
  const stage = sendingMake === undefined ? 'Listing the files' : 'Listing and sending the files'
  const layers: MountLayer[] = []
  let before = 0
  if (recordings.length > 0) progress({stage, state: 'running'})
  for (const placed of recordings) {
    const root = textToBytes(placed.recording.path.slice(1))
    const make = (encoder: Encoder): Promise<MountLayer> =>
      recordedLayer({
        ...options,
        ...placed,
        encode: encoder,
        onBytes: (bytes) => progress({stage, state: 'running', done: before + bytes}),
        onEntry: ({header}) => lengths.takeOfMount(header, root),
      })
    const layer = await (sendingMake?.(placed.destination, make) ?? make(encode))
    before += await layer.size()
    layers.push(layer)
    onLayer(layer)
  }
  if (layers.length > 0) progress({stage, state: 'done', note: count(entriesIn(layers), 'entry', 'entries')})
  return layers
}

/** The total number of files in layers of mounts. */
export function entriesIn(layers: readonly Layer[]): number {
  return layers.reduce((sum, layer) => sum + (layer.kind === 'mount' ? layer.entries : 0), 0)
}
