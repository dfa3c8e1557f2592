import type {ContainerStateWork} from '../../../src/lib/container/container-state.js'
import type {ContainerRow} from '../../../src/lib/engine/types.js'

/** A stand-in for the engine with this ID, which has these containers. */
export function engineWith(ids: readonly string[], ID = 'one'): ContainerStateWork['engine'] {
  const rows = ids.map((Id): Partial<ContainerRow> => ({Id})) as ContainerRow[]
  return {containers: () => Promise.resolve(rows), facts: {version: {ApiVersion: '', Version: ''}, info: {ID}}}
}
