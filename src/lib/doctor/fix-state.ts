import {findGoneContainers, forgetContainer} from '../container/container-state.js'
import {printable} from '../terminal/text.js'
import type {Fix} from './model.js'
import type {EngineWork} from '../engine/engine-work.js'

/** How to remove keg's state of containers that this engine no longer has: their exec logs, and how they were started. */
export async function stateFixes({engine, environment}: Pick<EngineWork, 'engine' | 'environment'>): Promise<Fix[]> {
  const gone = await findGoneContainers(engine, environment)
  return gone.map(({id, name}) => ({
    kind: 'state',
    id,
    name: printable(name),
    text: `remove ${leftoverStateText(name)}`,
    covers: [id],
    // Docker's own log went with the container.
    losesData: false,
    apply: () => forgetContainer(id, environment),
  }))
}

/** One line about the state of a container that is gone. */
export function leftoverStateText(name: string): string {
  return `the state of ${printable(name)}, a container that no longer exists`
}
