import {engineFiles} from '../../container/mount-points.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import type {ImageFiles} from '../../container/helper/image-files.js'
import {IdMap} from '../../container/helper/id-map.js'
import {findAgentFilesInMount} from '../capture/agent-files.js'
import {foldersAbove, type WhiteoutPaths} from '../../image/layer/whiteout-layer.js'
import type {MountRecording} from '../../image/model.js'
import type {SelectedMount} from '../mount/mount-selection.js'
import {placeMounts, type Placement} from '../mount/place-mounts.js'
import type {CapturedParts} from '../exclude/model.js'
import {isWithin} from '../../tar/path.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** What is needed to place a container's mounts in its image. */
export interface PlaceRecordingsOptions {
  readonly container: ContainerDetails
  /** The image the container was made from. */
  readonly base: ImageDetails
  /** All mounts of the container, in the order in which engines mount them. */
  readonly mounts: readonly WritableMount[]
  /** Paths of agent files in the container's writable layer, which are hidden. */
  readonly agentFiles: readonly string[]
}

/** A mount of the container, and its capture. */
export interface WritableMount extends Pick<SelectedMount, 'destination' | 'knownPath' | 'type' | 'open'> {
  /** For a mount that goes into the package. */
  readonly recording: CapturedParts['recordings'][number] | undefined
  /** Whether a sync may have created agent files in it. */
  readonly mayHaveAgentFiles: boolean
}

/** A mount that gets a layer. */
export interface PlacedRecording {
  readonly recording: MountRecording
  readonly destination: string
  readonly type: string
  /** Whether the mount itself is left out, and the layer only hides what the mount hid. */
  readonly isEmpty: boolean
}

/** Where each recording belongs. */
export interface PlacedParts extends Pick<Placement, 'masks'> {
  readonly recordings: readonly PlacedRecording[]
  /** Mounts that are not in the image because another one covers them, each with the destination of that one. */
  readonly covered: ReadonlyMap<string, string>
  readonly whiteouts: WhiteoutPaths | undefined
}

/**
 * Finds where the mounts belong, and the folders above what is to be hidden.
 * @param files those of the container, without its mounts
 */
export async function placeMountRecordings(
  work: EngineWork,
  options: PlaceRecordingsOptions,
  files: ImageFiles,
): Promise<PlacedParts> {
  const {agentFiles, base, mounts} = options
  if (mounts.length === 0 && agentFiles.length === 0)
    return {recordings: [], covered: new Map(), masks: [], whiteouts: undefined}
  const owners = await IdMap.of(work, {like: base})
  const placement = await placeRecordings(options, files, owners)
  const hiding = agentFiles.filter((path) => !placement.masks.some((mask) => isWithin(path, mask.path)))
  return {
    recordings: await withoutAgentFiles(placement, mounts),
    covered: new Map(placement.covered.map(({by, mount}) => [mount.destination, by.destination])),
    masks: placement.masks,
    whiteouts: hiding.length === 0 ? undefined : await whiteoutPaths(hiding, files, owners),
  }
}

async function whiteoutPaths(agentFiles: readonly string[], files: ImageFiles, owners: IdMap): Promise<WhiteoutPaths> {
  const reader = await files.container()
  const parents: TarHeader[] = []
  for (const folder of foldersAbove(agentFiles)) {
    const header = await reader.header(folder)
    if (header !== undefined) parents.push({...(await owners.owned(header)), path: textToBytes(folder.slice(1))})
  }
  return {paths: agentFiles, parents}
}

async function placeRecordings(
  {container, mounts}: PlaceRecordingsOptions,
  files: ImageFiles,
  owners: IdMap,
): Promise<Placement> {
  await owners.learn(
    mounts.flatMap(({destination, recording}) => (recording ? [{destination, read: () => recording.read()}] : [])),
  )
  const placeable = mounts.map(({recording, ...mount}) => ({
    ...mount,
    read: recording && (() => owners.inContainer(recording.read())),
  }))
  const open = (): Promise<undefined> => Promise.resolve(undefined)
  const engineMounts = engineFiles(container).map((destination) => ({
    destination,
    type: 'engine',
    read: undefined,
    open,
  }))
  return placeMounts({files, mounts: [...placeable, ...engineMounts], owners})
}

/** Finds agent files in mounts, among what the container sees there. */
async function withoutAgentFiles({places}: Placement, mounts: readonly WritableMount[]): Promise<PlacedRecording[]> {
  const placed: PlacedRecording[] = []
  for (const {mount, ...place} of places) {
    const {destination, type} = mount
    const isEmpty = mount.read === undefined
    const mayHaveAgentFiles = mounts.some((each) => each.mayHaveAgentFiles && each.destination === destination)
    const found = mayHaveAgentFiles && !isEmpty ? await findAgentFilesInMount(place.read(), place.path) : []
    const agentFiles = found.filter((path) => !place.mountPointsBelow.some((point) => isWithin(path, point)))
    placed.push({destination, type, isEmpty, recording: {...place, agentFiles}})
  }
  return placed
}
