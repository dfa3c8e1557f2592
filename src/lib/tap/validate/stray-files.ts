import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {closestWord} from '../../terminal/closest-word.js'
import type {TapFolder, TapProblem} from '../../tap-folder/model.js'

const KNOWN = ['Dockerfile', 'docker-compose.yml', 'mutagen.yml', 'values.yml'] as const

/** Warns about files that keg does not read, though their author may think so. */
export async function strayFiles({composeFile, containerFolder, folder}: TapFolder): Promise<TapProblem[]> {
  const problems: TapProblem[] = []
  const warn = (file: string, message: string, hint: string): void => {
    problems.push({file, line: 1, column: 1, severity: 'warning', message, hint})
  }
  const tasks = join(folder, 'tasks', 'index.js')
  if ((await stat(tasks).catch(() => undefined)) !== undefined)
    warn(tasks, 'tasks of a tap are no longer run.', 'Write a plugin, or actions in values.yml.')
  for (const name of await readdir(containerFolder)) {
    if (!/\.ya?ml$/.test(name) || isKnown(name) || join(containerFolder, name) === composeFile) continue
    const environment = /^values\.(.+)\.ya?ml$/.exec(name)?.[1]
    const meant = environment === undefined ? await closestWord(name, KNOWN) : `values-${environment}.yml`
    if (meant !== undefined) warn(join(containerFolder, name), 'keg ignores this file.', `Did you mean ${meant}?`)
  }
  return problems
}

function isKnown(name: string): boolean {
  return /^(values([-_].+)?|mutagen|(docker-)?compose([-_.].+)?)\.ya?ml$/.test(name)
}
