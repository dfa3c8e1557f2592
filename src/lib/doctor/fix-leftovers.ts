import {findLeftovers, describePaused, removeLeftover, type Leftover} from '../container/leftover/leftovers.js'
import {leftoverText} from './leftover-check.js'
import type {Fix} from './model.js'
import type {EngineWork} from '../engine/engine-work.js'

/** How to fix what dead kegs left: exactly what findLeftovers finds, paused ones first. */
export async function leftoverFixes({engine, environment}: Pick<EngineWork, 'engine' | 'environment'>): Promise<Fix[]> {
  const leftovers = await findLeftovers(engine, environment)
  return leftovers.map((leftover) => ({
    kind: leftover.kind,
    id: leftover.id,
    name: leftover.name,
    text: fixText(leftover),
    // The lock of a container that somebody else resumes in the meantime stays.
    covers: leftover.kind === 'paused container' ? [leftover.id, leftover.lock] : [leftover.id],
    losesData: hasData(leftover),
    apply: () => removeLeftover(engine, leftover, environment),
  }))
}

/** Only a container that ran a package has data: the others are keg's own, made for a single run. */
function hasData(leftover: Leftover): boolean {
  return leftover.kind === 'container' && leftover.isPackage
}

function fixText(leftover: Leftover): string {
  if (leftover.kind === 'paused container' || leftover.kind === 'paused sync')
    return `resume ${leftover.name}: ${describePaused(leftover)}`
  return `remove ${leftoverText(leftover)}${hasData(leftover) ? ': the container of a package, with everything it wrote' : ''}`
}
