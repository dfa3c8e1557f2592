import type {Questions} from '../../../command/ask.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {FailedError, RefusedError} from '../../../error/keg-error.js'
import {nameOf} from '../../../target/find-target.js'
import {COMPOSE_LABELS} from '../../containers/container-order.js'
import {count, printable} from '../../../terminal/text.js'
import {SETTINGS_LABEL} from '../../compose/settings-digest.js'

/** What the container of a tap would be made with now. */
export interface WantedContainer {
  readonly service: string
  readonly imageId: string
  /** As docker shows it. */
  readonly imageName: string
  readonly settings: string
  /** Ports of the host that it has to have again, and that somebody else has by now: `8080`. */
  readonly lostPorts: readonly string[]
  /** KEG_EXEC_CMD, where the container gets it and does not idle, so that no exec can tell it. */
  readonly command: string | undefined
}

/** What is to be done with a container that is there. */
export type Decision =
  | {readonly kind: 'create'}
  /** It is only started; `differences` were accepted. */
  | {readonly kind: 'start'; readonly differences: readonly string[]}
  | {readonly kind: 'recreate'; readonly reasons: readonly string[]}

/** In what a container is not as it would be made now, in words. */
export function differencesOf(container: ContainerDetails, wanted: WantedContainer): string[] {
  const labels = container.Config.Labels ?? {}
  return [
    ...(container.Image === wanted.imageId ? [] : [`its image is not the ${wanted.imageName} of now`]),
    ...(labels[COMPOSE_LABELS.service] === wanted.service ? [] : [`it is not of the service ${wanted.service}`]),
    ...(labels[SETTINGS_LABEL] === wanted.settings ? [] : ['its settings have changed']),
    ...wanted.lostPorts.map((port) => `somebody else has its port ${port}`),
    ...(wanted.command === undefined ? [] : [`its command is not ${wanted.command}`]),
  ].map((difference) => printable(difference))
}

/** What decides about a container that is there. */
export interface DecideOptions {
  readonly existing: ContainerDetails | undefined
  /** As {@link differencesOf} says. */
  readonly differences: readonly string[]
  /** `--recreate` or `--no-recreate`. */
  readonly recreate: boolean | undefined
  /** The paths that would be lost with the container; asked for only where it matters. */
  readonly ownChanges: () => Promise<readonly string[]>
  readonly tap: string
  readonly questions: Questions
}

/**
 * Decides whether a container is made anew: never silently where something of its own would be lost.
 * @throws RefusedError `container-changed` where nobody can be asked; FailedError `cancelled`
 */
export async function decide(options: DecideOptions): Promise<Decision> {
  const {differences, existing, recreate} = options
  if (existing === undefined) return {kind: 'create'}
  if (recreate === true)
    return {kind: 'recreate', reasons: differences.length === 0 ? ['--recreate was said'] : differences}
  if (recreate === false || differences.length === 0) return {kind: 'start', differences}
  const lost = await options.ownChanges()
  return lost.length === 0 ? {kind: 'recreate', reasons: differences} : ask(existing, lost, options)
}

async function ask(
  existing: ContainerDetails,
  lost: readonly string[],
  {differences, questions, tap}: DecideOptions,
): Promise<Decision> {
  const what = `${printable(nameOf(existing))} would be made anew (${differences.join(', ')})`
  const whose = `it has ${count(lost.length, 'change')} of its own: ${shown(lost)}`
  const packageLine = `keg tap package ${tap}`
  if (!questions.possible)
    throw new RefusedError(`${what}, and ${whose}.`, {
      code: 'container-changed',
      hint: `--recreate makes it anew, --no-recreate starts it as it is. To keep what it has: ${packageLine}`,
      data: {container: existing.Id, differences, changes: lost.slice(0, MOST_CHANGES)},
    })
  const answer = await questions.choose(
    `${what}, and ${whose}.`,
    [
      {name: 'Start it as it is', value: 'start'},
      {name: `Package it first: ${packageLine}`, value: 'package'},
      {name: 'Make it anew; its own changes are lost', value: 'recreate'},
    ],
    {flag: '--recreate or --no-recreate'},
  )
  if (answer === 'start') return {kind: 'start', differences}
  if (answer === 'recreate') return {kind: 'recreate', reasons: differences}
  throw new FailedError('Nothing was changed.', {
    code: 'cancelled',
    hint: `Package it with: ${packageLine}. Then start it again.`,
  })
}

/** How many paths scripts get. */
const MOST_CHANGES = 100
const MOST_SHOWN = 3

function shown(paths: readonly string[]): string {
  const more = paths.length - MOST_SHOWN
  const listed = paths.slice(0, MOST_SHOWN).map((path) => printable(path))
  return more > 0 ? `${listed.join(', ')} and ${more} more` : listed.join(', ')
}
