import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {nameOf} from '../../target/find-target.js'
import {printable} from '../../terminal/text.js'
import type {Tap} from '../tap.js'
import type {TapContainers} from './tap-containers.js'

/**
 * The container of a tap that its code is synced into, running.
 * @throws FailedError `tap-not-started` where there is none for the branch that is checked out, `container-stopped`
 */
export function runningMain(
  {main}: Pick<TapContainers, 'main'>,
  tap: Pick<Tap, 'branch' | 'folder' | 'name'>,
): ContainerDetails {
  if (main === undefined) throw notStarted(tap)
  const {Paused, Running} = main.State
  if (Running && !Paused) return main
  throw new FailedError(
    `The container ${printable(nameOf(main))} of the tap ${tap.name} ${Paused ? 'is paused' : 'does not run'}.`,
    {
      code: 'container-stopped',
      hint: Paused
        ? `Let it go on: docker unpause ${printable(nameOf(main))}`
        : `Start it: keg tap restart ${tap.name}`,
      data: {container: nameOf(main)},
    },
  )
}

/** The error for a tap that has no container. */
export function notStarted({branch, folder, name}: Pick<Tap, 'branch' | 'folder' | 'name'>): FailedError {
  const where = branch === undefined ? printable(folder) : `branch ${printable(branch)} in ${printable(folder)}`
  return new FailedError(`The tap ${name} has no container for ${where}.`, {
    code: 'tap-not-started',
    hint: `Start it: keg tap start ${name}. Those of other branches are shown by: keg tap status ${name}`,
    data: {tap: name, folder, branch: branch ?? null},
  })
}
