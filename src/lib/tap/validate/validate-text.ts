import {relative, sep} from 'node:path'
import {count, printable} from '../../terminal/text.js'
import {problemText} from '../../tap-folder/tap-problem.js'
import type {TapReport} from './validate-tap.js'

/** One line for each problem, in the form of compilers, and one with the totals. @param current the current folder */
export function validateText({errors, folder, name, problems, warnings}: TapReport, current: string): string {
  const lines = problems.map((problem) => problemText({...problem, file: shownPath(problem.file, current)}))
  const counts = [
    ...(errors === 0 ? [] : [count(errors, 'error')]),
    ...(warnings === 0 ? [] : [count(warnings, 'warning')]),
  ]
  const summary = counts.length === 0 ? 'nothing is wrong' : counts.join(', ')
  return [...lines, printable(`${name} (${folder}): ${summary}`)].join('\n')
}

/** Only the places, one a line. */
export function problemPlaces({problems}: TapReport, current: string): string {
  return problems.map(({column, file, line}) => printable(`${shownPath(file, current)}:${line}:${column}`)).join('\n')
}

/** As one would type it. */
function shownPath(file: string, current: string): string {
  const path = relative(current, file)
  return path === '..' || path.startsWith(`..${sep}`) ? file : path
}
