import type {Engine} from '../../engine/engine.js'
import {ClassicStore} from './classic-store.js'
import {ContainerdStore} from './containerd-store.js'
import type {ImageStore} from './image-store.js'

/** The image store of an engine. */
export function imageStoreOf(engine: Engine): ImageStore {
  return engine.imageStore === 'containerd' ? new ContainerdStore(engine) : new ClassicStore(engine)
}
