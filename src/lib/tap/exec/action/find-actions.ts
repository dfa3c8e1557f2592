import {UsageError} from '../../../error/keg-error.js'
import {closestWord} from '../../../terminal/closest-word.js'
import {printable} from '../../../terminal/text.js'
import type {OpenTap} from '../../open-tap.js'
import type {Tap} from '../../tap.js'
import type {Action} from '../../folder/tap-folder.js'

/** An action with its templates filled in. */
export interface ReadyAction extends Pick<Action, 'detach' | 'privileged'> {
  /** `tap:build` */
  readonly name: string
  readonly commands: readonly string[]
  readonly location: string | undefined
}

/** Where an action is, whose name has no other place before it. */
const OWN = 'tap'

/** The full names of actions as they are written: `build` is `tap:build`, and `core:install,test` two of core. */
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
 * Finds actions by their names, and fills in all their templates, so that none is run where another cannot be.
 * @throws UsageError `action-unknown` with what may have been meant, and what filling in does
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
      location: action.location === undefined ? undefined : values.expand(action.location, place),
      detach: action.detach,
      privileged: action.privileged,
    })
  }
  return found
}

async function unknownAction(name: string, tap: Tap, known: readonly string[]): Promise<UsageError> {
  if (known.length === 0) return noActions(tap)
  const closest = await closestWord(name, known)
  const question = closest === undefined ? '' : ` Did you mean ${printable(closest)}?`
  return new UsageError(`The tap ${tap.name} has no action ${printable(name)}.${question}`, {
    code: 'action-unknown',
    hint: `Its actions are: ${known.map((each) => printable(each)).join(', ')}. ${OTHERWISE}`,
    data: {actions: known},
  })
}

/** The error for a tap that has none. */
export function noActions({name}: Pick<Tap, 'name'>): UsageError {
  return new UsageError(`The tap ${name} has no actions.`, {
    code: 'action-unknown',
    hint: `Write them into values.yml, under actions. ${OTHERWISE}`,
    data: {actions: []},
  })
}

const OTHERWISE = 'A command of your own goes after --'
