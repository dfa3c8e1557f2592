import {textTable} from '../../../terminal/table.js'
import type {ListedAction} from './exec-actions.js'

/** A table of actions, one a line. @param width columns of the terminal; undefined where nothing has to fit */
export function actionTable(actions: readonly ListedAction[], width: number | undefined): string {
  const rows = actions.map(({commands, name, place}) => [name, commands.join(' && '), place])
  return textTable([['ACTION', 'COMMANDS', 'FROM'], ...rows], width)
}
