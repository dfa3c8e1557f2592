import {printable} from '../../terminal/text.js'
import type {Writer} from './model.js'

/** Why a writer was not paused: the user did not want it, it only started later, or keg itself runs in it. */
export type UnpausedReason = 'not wanted' | 'meanwhile' | 'own'

/** The warning for a package that was read while a writer ran. */
export function writerWarning({container, mounts}: Writer, reason: UnpausedReason): string {
  const name = printable(container)
  const sentence = `may have written to ${pathsText(mounts)}: files there may be of different moments.`
  switch (reason) {
    case 'not wanted':
      return `${name} ran while the package was read, and ${sentence} Package again with --pause-writers to be sure.`
    case 'meanwhile':
      return `${name} was started or unpaused while the package was read, and ${sentence} Package again to be sure.`
    case 'own':
      return `${name}, which keg itself runs in and cannot pause, ${sentence} Run keg outside of it to be sure.`
  }
}

/** The question before writers are paused. */
export function writerQuestion(names: readonly string[], container: string): string {
  return printable(`Pause ${new Intl.ListFormat('en-GB').format(names)} too while ${container} is read?`)
}

/** A writer in a plan. */
export function plannedWriterText({container, mounts, paused}: Writer): string {
  const what = `${container} is running, and may write to ${pathsText(mounts)}`
  return paused ? `${what}: it is paused too meanwhile` : `${what} meanwhile (--pause-writers pauses it too)`
}

/** `a, b and c`. */
function pathsText(mounts: readonly string[]): string {
  return mounts.map((path) => printable(path)).join(', ')
}
