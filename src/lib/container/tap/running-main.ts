import type {ContainerDetails} from '../../engine/types.js'
import {FailedError} from '../../error/keg-error.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {Tap} from '../../tap-folder/tap.js'
import type {TapContainers} from './tap-containers.js'
import {nameOf, shownName} from '../container-name.js'

/**
 * The running container that a tap's code is synced into.
 * @throws FailedError `tap-not-started` if there is none for the checked-out branch, `container-stopped`
 */
export function runningMain(
  {main}: Pick<TapContainers, 'main'>,
  tap: Pick<Tap, 'branch' | 'folder' | 'name'>,
): ContainerDetails {
  if (main === undefined) throw notStarted(tap)
  const {Paused, Running} = main.State
  if (Running && !Paused) return main
  throw new FailedError(
    `The container ${shownName(main)} of the tap ${tap.name} ${Paused ? 'is paused' : 'does not run'}.`,
    {
      code: 'container-stopped',
      hint: Paused
        ? `Unpause it with: ${commandLine`docker unpause ${nameOf(main)}`}`
        : `Start it with: ${commandLine`keg tap restart ${tap.name}`}`,
      data: {container: nameOf(main)},
    },
  )
}

/** The error for a tap that has no container. */
export function notStarted({branch, folder, name}: Pick<Tap, 'branch' | 'folder' | 'name'>): FailedError {
  const where = branch === undefined ? printable(folder) : `branch ${printable(branch)} in ${printable(folder)}`
  return new FailedError(`The tap ${name} has no container for ${where}.`, {
    code: 'tap-not-started',
    hint: `Start it with: ${commandLine`keg tap start ${name}`}. Show the containers of other branches with: ${commandLine`keg tap status ${name}`}`,
    data: {tap: name, folder, branch: branch ?? null},
  })
}
