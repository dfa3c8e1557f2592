import {dirname, relative} from 'node:path'
import {printable} from '../terminal/text.js'
import type {ImportedSetting, ImportResult} from './import-configuration.js'

/** The result of an import, one item a line. @param file of the user configuration */
export function importText({dryRun, kept, left, taken, ...old}: ImportResult, file: string): string {
  const name = (setting: ImportedSetting): string =>
    setting.file === file ? setting.name : `${relative(dirname(file), setting.file)}: ${setting.name}`
  const took = taken.map((setting) => `${name(setting)} is ${setting.value}, from ${setting.from}${before(setting)}`)
  const stayed = kept.map((setting) => `${name(setting)} ${stays(setting)}`)
  return [
    ...section(`${dryRun ? 'Would import' : 'Imported'} from ${old.file}:`, took),
    ...section('Already set:', stayed),
    ...section(
      'Not imported:',
      left.map(({from, reason}) => `${from}: ${reason}`),
    ),
    ...(took.length + stayed.length === 0 ? [`There is nothing to import in ${old.file}.`] : []),
  ]
    .map((line) => printable(line))
    .join('\n')
}

function before({previous}: ImportedSetting): string {
  return previous === null ? '' : `; it was ${previous}`
}

function stays({from, previous, value}: ImportedSetting): string {
  if (previous === value) return `is ${value}, as in ${from}`
  return `is kept as ${previous ?? ''}; it is ${value} in ${from} (--force overwrites it)`
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, ...lines.map((line) => `  ${line}`)]
}
