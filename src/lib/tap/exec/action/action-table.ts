import {textTable} from '../../../terminal/table.js'
import type {ListedAction} from './exec-actions.js'

/** The text if there are none. */
export const NO_ACTIONS = 'The tap has no actions. Define them in values.yml, under actions.'

/** A table of actions, one a line. @param width columns of the terminal; undefined for no limit */
export function actionTable(actions: readonly ListedAction[], width: number | undefined): string {
  const rows = actions.map(({commands, name, place}) => [name, commands.join(' && '), place])
  return textTable([['ACTION', 'COMMANDS', 'FROM'], ...rows], width)
}
