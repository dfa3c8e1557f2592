import type {Prompt} from '../../../terminal/prompt.js'
import {withEngine} from '../../../engine/engine-work.js'
import {containerVariables} from '../../../container/environment-file.js'
import {printable} from '../../../terminal/text.js'
import {openTap, type OpenTap, type OpenTapOptions} from '../../../values/open-tap.js'
import {findActions, noActions, type ReadyAction} from './find-actions.js'
import {runActions} from './run-actions.js'
import type {InTapOptions} from '../run-in-tap.js'
import {runningTapContainer} from '../tap-container.js'
import {nameOf} from '../../../container/container-name.js'
import type {Work} from '../../../work/work.js'

/** Which actions to run, and where. */
export interface ExecActionsOptions extends InTapOptions {
  /** As typed: `build`, `core:install`; asks if there are none. */
  readonly actions: readonly string[]
  /** `--environment` */
  readonly environmentName?: string | undefined
}

/** Which actions were run. */
export interface ExecActionsResult {
  /** Name of the tap's container. */
  readonly container: string
  /** The actions, in order. */
  readonly actions: readonly ReadyAction[]
}

/**
 * Runs actions of a tap in its container.
 * @throws what opening the tap, {@link findActions}, finding the container and {@link runActions} do
 */
export async function execActions(surrounding: Work, options: ExecActionsOptions): Promise<ExecActionsResult> {
  const {actions: written, dryRun, service} = options
  const {notice, prompt} = surrounding
  const variables = await containerVariables(surrounding, {variables: options.variables, files: []})
  const opened = await open(surrounding, options)
  const actions = await findActions(written.length > 0 ? written : [await askForAction(opened, prompt)], opened)
  const work = await withEngine(surrounding)
  const container = await runningTapContainer(work.engine, opened.tap, service)
  if (dryRun) {
    for (const {commands, name} of actions)
      for (const command of commands) notice(`Would run in ${nameOf(container)}: ${name}: ${printable(command)}`)
  } else await runActions(work, {...options, actions, container, variables})
  return {container: nameOf(container), actions}
}

/** An action for a list: as written, with its templates. */
export interface ListedAction {
  /** `tap:build` */
  readonly name: string
  /** As written, in order. */
  readonly commands: readonly string[]
  /** `FILE:LINE` */
  readonly place: string
}

/** The actions of a tap, by name. @throws what opening the tap does */
export async function listTapActions(work: Work, options: TapOptions): Promise<ListedAction[]> {
  return listActions(await open(work, options))
}

/** Which tap, and with which values. */
type TapOptions = Pick<OpenTapOptions, 'environmentName' | 'name'>

async function open({environment, folder, prompt}: Work, {environmentName, name}: TapOptions): Promise<OpenTap> {
  return openTap({environment, folder, prompt}, {name, environmentName})
}

async function askForAction(opened: OpenTap, prompt: Prompt): Promise<string> {
  const choices = listActions(opened).map(({commands, name}) => ({
    name: `${name} (${commands.join(' && ')})`,
    value: name,
  }))
  if (choices.length === 0) throw noActions(opened.tap)
  return prompt.choose('Which action?', choices, {flag: 'ACTION, or -- COMMAND', isList: true})
}

function listActions({files}: Pick<OpenTap, 'files'>): ListedAction[] {
  return [...files.actions]
    .map(([name, {commands, file, line}]) => ({name, commands, place: `${file}:${line}`}))
    .toSorted((one, other) => (one.name < other.name ? -1 : 1))
}
