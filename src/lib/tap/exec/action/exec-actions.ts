import type {Questions} from '../../../command/ask.js'
import {Engine} from '../../../engine/engine.js'
import {containerVariables} from '../../../container/environment-file.js'
import {nameOf} from '../../../target/find-target.js'
import {printable} from '../../../terminal/text.js'
import {openTap, type OpenTap, type OpenTapOptions} from '../../open-tap.js'
import {findActions, noActions, type ReadyAction} from './find-actions.js'
import {runActions} from './run-actions.js'
import type {InTapOptions} from '../run-in-tap.js'
import {runningTapContainer} from '../tap-container.js'

/** Which actions are to be run, and where. */
export interface ExecActionsOptions extends InTapOptions {
  /** As they are written: `build`, `core:install`; without any it is asked which. */
  readonly actions: readonly string[]
  /** `--environment` */
  readonly environmentName?: string | undefined
  readonly questions: Questions
}

/** Which actions were run. */
export interface ExecActionsResult {
  readonly container: string
  readonly actions: readonly ReadyAction[]
}

/**
 * Runs named actions of a tap in its container.
 * @throws what opening the tap, {@link findActions}, finding the container and {@link runActions} do
 */
export async function execActions(options: ExecActionsOptions): Promise<ExecActionsResult> {
  const {actions: written, dryRun, environment, say, service, signal} = options
  const variables = await containerVariables({variables: options.variables, files: [], environment})
  const opened = await openTap(options)
  const actions = await findActions(written.length > 0 ? written : [await askForAction(opened, options)], opened)
  await using engine = await Engine.connect(environment, signal)
  const container = await runningTapContainer(engine, opened.tap, service)
  if (dryRun) {
    for (const {commands, name} of actions)
      for (const command of commands) say(`This would be run in ${nameOf(container)}: ${name}: ${printable(command)}`)
  } else await runActions(actions, {...options, engine, container, variables})
  return {container: nameOf(container), actions}
}

/** An action as a list shows it: as it is written, templates not filled in. */
export interface ListedAction {
  readonly name: string
  readonly commands: readonly string[]
  /** `FILE:LINE` */
  readonly place: string
}

/** The actions of a tap, by their names. @throws what opening the tap does */
export async function listTapActions(options: OpenTapOptions): Promise<ListedAction[]> {
  return listActions(await openTap(options))
}

async function askForAction(opened: OpenTap, {questions}: ExecActionsOptions): Promise<string> {
  const choices = listActions(opened).map(({commands, name}) => ({
    name: `${name} (${commands.join(' && ')})`,
    value: name,
  }))
  if (choices.length === 0) throw noActions(opened.tap)
  return questions.choose('Which action?', choices, {flag: 'ACTION, or -- COMMAND'})
}

function listActions({files}: Pick<OpenTap, 'files'>): ListedAction[] {
  return [...files.actions]
    .map(([name, {commands, file, line}]) => ({name, commands, place: `${file}:${line}`}))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}
