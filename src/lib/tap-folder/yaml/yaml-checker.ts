import {closestWord} from '../../terminal/closest-word.js'
import {cutColumns} from '../../terminal/columns.js'
import type {YamlEntry, YamlMap, YamlNode} from './yaml-file.js'
import type {FilePlace, TapProblem} from '../model.js'

/** Reads parts of a YAML file as the expected type, and collects problems. */
export class YamlChecker {
  constructor(private readonly problems: TapProblem[]) {}

  error({column, file, line}: FilePlace, message: string, hint: string): void {
    this.problems.push({file, line, column, severity: 'error', message, hint})
  }

  warning({column, file, line}: FilePlace, message: string, hint: string): void {
    this.problems.push({file, line, column, severity: 'warning', message, hint})
  }

  /** A missing value counts as an empty mapping. */
  entries(node: YamlNode | undefined, name: string, hint: string): readonly YamlEntry[] {
    if (node === undefined || isNothing(node)) return []
    if (node.kind === 'map') return node.entries
    this.error(node, `${name} must be a map.`, hint)
    return []
  }

  /** Undefined if there is no value. */
  text(node: YamlNode | undefined, name: string): string | undefined {
    if (node === undefined || isNothing(node)) return undefined
    if (node.kind === 'text') return node.text
    this.error(node, `${name} must be a string.`, `Put it in quotes, as in: ${name}: "text"`)
    return undefined
  }

  /** A single text counts as a list of one. */
  texts(node: YamlNode | undefined, name: string): readonly string[] | undefined {
    if (node === undefined || isNothing(node)) return undefined
    if (node.kind === 'text') return [node.text]
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((item) => {
      if (item.kind === 'text') return item.text === '' ? [] : [item.text]
      this.error(item, `${name} must be a list of strings.`, 'Write each in a line, in quotes: - "text"')
      return []
    })
  }

  /** Accepts `true`, `yes` and the like. */
  flag(node: YamlNode | undefined, name: string): boolean | undefined {
    const word = this.text(node, name)?.toLowerCase()
    if (node === undefined || word === undefined) return undefined
    if (YES.includes(word)) return true
    if (NO.includes(word)) return false
    this.error(node, `${name} must be yes or no.`, 'Write true or false.')
    return undefined
  }

  /** Warns about unknown keys, with a suggestion. */
  async known(entries: readonly YamlEntry[], names: readonly string[], where: string): Promise<void> {
    for (const entry of entries) {
      if (names.includes(entry.key)) continue
      const meant = await closestWord(entry.key, names)
      this.warning(
        entry,
        `${where} has no key ${JSON.stringify(shortened(entry.key))}, so it is ignored.`,
        meant === undefined ? `The keys there are: ${names.join(', ')}.` : `Did you mean ${meant}?`,
      )
    }
  }
}

/** The value of a key. */
export function valueOf(entries: readonly YamlEntry[], ...keys: readonly string[]): YamlNode | undefined {
  return entries.find(({key}) => keys.includes(key))?.value
}

export function isNothing(node: YamlNode): boolean {
  return node.kind === 'text' && node.text === ''
}

export function isMap(node: YamlNode | undefined): node is YamlMap {
  return node?.kind === 'map'
}

const YES = ['true', 'yes', 'on', '1']
const NO = ['false', 'no', 'off', '0']
const MAX_SHOWN = 60

/** A key without a colon can be a whole line. */
export function shortened(text: string): string {
  return cutColumns(text, MAX_SHOWN, '...')
}
