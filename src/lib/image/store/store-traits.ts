import type {Engine} from '../../engine/engine.js'
import type {ImageStore} from '../../engine/types.js'
import type {TarHeader} from '../../tar/tar-header.js'

/** How image stores differ, besides their formats. */
export interface StoreTraits {
  /** Its name for people. */
  readonly title: string
  /** The folder of an unpacked layer, below the engine's folder. */
  readonly layerFolder: string
  /** The size it counts for a file in a layer. */
  readonly countedBytes: (header: Pick<TarHeader, 'size' | 'type'>) => number
  /** Whether commits lose setuid and setgid bits when the engine remaps users (26.1.5). */
  readonly losesRemappedBits: boolean
  /** Whether an export has all layers, and is complete in the engine before its first byte comes. */
  readonly exportsWhole: boolean
}

/** The minimum that file systems of most machines use for a file or folder. */
const BLOCK = 4096

const TRAITS: Readonly<Record<ImageStore, StoreTraits>> = {
  graph: {
    title: 'classic image store',
    layerFolder: `/overlay2/${'0'.repeat(64)}/diff/`,
    countedBytes: ({size}) => size,
    losesRemappedBits: false,
    exportsWhole: true,
  },
  containerd: {
    title: 'containerd image store',
    layerFolder: '/containerd/daemon/io.containerd.snapshotter.v1.overlayfs/snapshots/0000000/fs/',
    // The blocks that it uses on disk.
    countedBytes: ({size, type}) => (type === 'directory' ? BLOCK : Math.ceil(size / BLOCK) * BLOCK),
    losesRemappedBits: true,
    exportsWhole: false,
  },
}

/** The traits of an engine's image store. */
export function storeTraits({imageStore}: Pick<Engine, 'imageStore'>): StoreTraits {
  return TRAITS[imageStore]
}
