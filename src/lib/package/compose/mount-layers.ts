import {textToBytes} from '../../tar/tar-header.js'
import {count} from '../../terminal/text.js'
import type {EncodeLayerOptions} from '../../image/layer/encode-layer.js'
import type {Entry} from '../../image/entry-list.js'
import {recordedLayer, recordedLayers} from '../../image/layer/recorded-layer.js'
import type {RegistrySink} from '../../image/registry/registry-sink.js'
import type {Layer, MountLayer} from '../../image/model.js'
import type {PathLengths} from '../mount/path-lengths.js'
import type {PlacedRecording} from './place-recordings.js'
import type {Work} from '../../work/work.js'

/** Options for making the layers of mounts. */
export interface MountLayersOptions extends Pick<EncodeLayerOptions, 'cleanup' | 'encode' | 'signal'> {
  readonly created: string
  readonly lengths: PathLengths
  /** How many layers all mounts may have together. */
  readonly maxLayers: number
  /** Whether all layers of the mount with a destination will be read. */
  readonly keepsAll: (destination: string) => Promise<boolean>
  /** Sends a layer while it is made, where it comes from being the destination of the mount; undefined if nobody does. */
  readonly sendingMake: RegistrySink['make'] | undefined
  /** Called with layers as soon as they are made; with some of them again when all of their mount are. */
  readonly onLayers: (layers: readonly MountLayer[]) => void
}

/** Makes the layers of recorded mounts, and lists their files. */
export async function mountLayers(
  {progress}: Pick<Work, 'progress'>,
  recordings: readonly PlacedRecording[],
  {encode, keepsAll, lengths, maxLayers, onLayers, sendingMake, ...options}: MountLayersOptions,
): Promise<MountLayer[]> {
  const stage = sendingMake === undefined ? 'Listing the files' : 'Listing and sending the files'
  const layers: MountLayer[] = []
  let before = 0
  if (recordings.length > 0) progress({stage, state: 'running'})
  for (const [index, placed] of recordings.entries()) {
    const root = textToBytes(placed.recording.path.slice(1))
    const others = recordings.length - index - 1
    const mount = {
      ...{...options, ...placed},
      onBytes: (bytes: number) => progress({stage, state: 'running', done: before + bytes}),
      onEntry: ({header}: Entry) => lengths.takeOfMount(header, root),
    }
    const {destination} = placed
    const made = sendingMake
      ? [await sendingMake(destination, (encoder) => recordedLayer({...mount, encode: encoder}))]
      : await recordedLayers({
          ...{...mount, encode, keepsAll: await keepsAll(destination)},
          onLayer: (layer) => onLayers([layer]),
          maxLayers: maxLayers - layers.length - others,
        })
    for (const {size} of made) before += await size()
    layers.push(...made)
    onLayers(made)
  }
  if (layers.length > 0) progress({stage, state: 'done', note: count(entriesIn(layers), 'entry', 'entries')})
  return layers
}

/** The total number of files in layers of mounts. */
export function entriesIn(layers: readonly Layer[]): number {
  return layers.reduce((sum, layer) => sum + (layer.kind === 'mount' ? layer.entries - layer.repeatedFolders : 0), 0)
}
