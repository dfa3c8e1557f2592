import {changeKey, type ContainerChanges} from '../../container/container-changes.js'
import {retryRace} from '../../engine/retry.js'
import type {ImageDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {drop, EMPTY_LAYER, replaceLayer} from '../../image/image.js'
import type {StoredImage} from '../../image/store/image-store.js'
import {imageStoreOf} from '../../image/store/store-of-engine.js'
import {textToBytes} from '../../tar/tar-header.js'
import type {SelectedMount} from '../mount/mount-selection.js'
import {isWithin} from '../../tar/path.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {readAgentFilesLabel, readMountLayers} from '../../image/labels.js'

/** The commit of a container, and what decides which of its layers are read. */
export interface OpenCommitOptions {
  /** Id of the commit. */
  readonly image: string
  /** The image the container was made from. */
  readonly base: ImageDetails
  readonly changes: ContainerChanges
  /** All mounts of the container. */
  readonly mounts: readonly Pick<SelectedMount, 'destination' | 'knownPath'>[]
  /** Whether anything in the container is excluded. */
  readonly hasExclusions: boolean
  /** Whether a file needs a layer's blob; undefined without a file. */
  readonly isWritten: ((diffId: string) => boolean) | undefined
}

/**
 * Opens the commit of a container as an image: base layers, and the writable layer, if anything in the container changed.
 * @throws FailedError `commit-lost`
 */
export async function openCommit(work: EngineWork, options: OpenCommitOptions): Promise<StoredImage> {
  const {cleanup, engine, signal} = work
  const {base, image} = options
  const details = await engine.image(image)
  if (details === undefined)
    throw new FailedError('The engine lost the commit it made.', {code: 'commit-lost', hint: 'Try again.'})
  const mayRead = layersToRead(details, options)
  const stored = await retryRace(() => imageStoreOf(engine).open(details, {mayRead, cleanup, signal}), signal)
  const top = stored.view.layers.at(-1)
  if (top === undefined || stored.view.layers.length <= (base.RootFS.Layers ?? []).length) return stored
  const view =
    top.diffId === EMPTY_LAYER
      ? drop(stored.view, (layer) => layer === top)
      : replaceLayer(stored.view, top, {...top, kind: 'writable', masks: []})
  return {...stored, view}
}

/**
 * The layers of a commit that may have to be read: earlier mount layers, which new ones may replace; and the writable layer, if
 * something is excluded or a mount may hide something in it; and all that are written to a file. Only the files of the commit
 * tell where a mount really is.
 */
function layersToRead(
  {RootFS}: ImageDetails,
  {base, changes, hasExclusions, isWritten, mounts}: OpenCommitOptions,
): ReadonlySet<string> {
  const diffIds = RootFS.Layers ?? []
  const labels = base.Config?.Labels
  const earlier = [...readMountLayers(labels).map(({layer}) => layer), readAgentFilesLabel(labels)?.layer]
  const wanted = new Set(diffIds.filter((diffId) => earlier.includes(diffId) || isWritten?.(diffId) === true))
  const top = diffIds.at(-1)
  if (top === undefined || top === EMPTY_LAYER || diffIds.length <= (base.RootFS.Layers ?? []).length) return wanted
  const keyOf = (path: string): string => changeKey(textToBytes(path.slice(1)))
  const mayHide = ({destination, knownPath}: OpenCommitOptions['mounts'][number], key: string): boolean =>
    knownPath === undefined || isWithin(key, keyOf(knownPath)) || isWithin(key, keyOf(destination))
  const mayBeHidden = changes.existing().some((key) => mounts.some((mount) => mayHide(mount, key)))
  return hasExclusions || mayBeHidden ? wanted.add(top) : wanted
}
