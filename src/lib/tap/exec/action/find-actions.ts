import {UsageError} from '../../../error/keg-error.js'
import {didYouMean} from '../../../terminal/closest-word.js'
import {printable} from '../../../terminal/text.js'
import type {OpenTap} from '../../../values/open-tap.js'
import type {Tap} from '../../../tap-folder/tap.js'
import type {Action} from '../../../tap-folder/model.js'

/** An action with its templates filled in. */
export interface ReadyAction extends Pick<Action, 'detach' | 'privileged'> {
  /** `tap:build` */
  readonly name: string
  /** Each runs in a shell of the container, until one fails. */
  readonly commands: readonly string[]
  /** Its folder in the container; null for the container's working directory. */
  readonly location: string | null
}

/** The place of actions whose names have no other. */
const OWN = 'tap'

/** The full names of actions as typed: `build` is `tap:build`, and `core:install,test` two of core. */
export function actionNames(written: readonly string[]): string[] {
  return written.flatMap((word) => {
    const colon = word.indexOf(':')
    const place = colon === -1 ? OWN : word.slice(0, colon)
    return word
      .slice(colon + 1)
      .split(',')
      .map((name) => `${place}:${name}`)
  })
}

/**
 * Finds actions by name, and fills in all templates, so that none runs if another cannot.
 * @throws UsageError `action-unknown` with a suggestion, and what filling in does
 */
export async function findActions(
  written: readonly string[],
  {files, tap, values}: Pick<OpenTap, 'files' | 'tap' | 'values'>,
): Promise<ReadyAction[]> {
  const found: ReadyAction[] = []
  for (const name of actionNames(written)) {
    const action = files.actions.get(name)
    if (action === undefined) throw await unknownAction(name, tap, [...files.actions.keys()])
    const place = `${action.file}:${action.line}`
    found.push({
      name,
      commands: action.commands.map((command) => values.expand(command, place)),
      location: action.location === undefined ? null : values.expand(action.location, place),
      detach: action.detach,
      privileged: action.privileged,
    })
  }
  return found
}

async function unknownAction(name: string, tap: Tap, known: readonly string[]): Promise<UsageError> {
  if (known.length === 0) return noActions(tap)
  return new UsageError(`The tap ${tap.name} has no action ${printable(name)}.`, {
    code: 'action-unknown',
    hint: `${await didYouMean(name, known)}Its actions are: ${known.map((each) => printable(each)).join(', ')}. ${OTHERWISE}`,
    data: {actions: known},
  })
}

/** The error for a tap without actions. */
export function noActions({name}: Pick<Tap, 'name'>): UsageError {
  return new UsageError(`The tap ${name} has no actions.`, {
    code: 'action-unknown',
    hint: `Define them in values.yml, under actions. ${OTHERWISE}`,
    data: {actions: []},
  })
}

const OTHERWISE = 'A command of your own goes after --'
