import {closestWord} from '../../../terminal/closest-word.js'
import type {FilePlace, TapProblem} from '../tap-folder.js'
import type {YamlEntry, YamlMap, YamlNode} from './yaml-file.js'

/** Takes parts of a YAML file for what they have to be, and collects what is not so. */
export class YamlChecker {
  constructor(private readonly problems: TapProblem[]) {}

  error({column, file, line}: FilePlace, message: string, hint: string): void {
    this.problems.push({file, line, column, severity: 'error', message, hint})
  }

  warning({column, file, line}: FilePlace, message: string, hint: string): void {
    this.problems.push({file, line, column, severity: 'warning', message, hint})
  }

  /** Nothing at all counts as an empty map. */
  entries(node: YamlNode | undefined, name: string, hint: string): readonly YamlEntry[] {
    if (node === undefined || isNothing(node)) return []
    if (node.kind === 'map') return node.entries
    this.error(node, `${name} has to be a map.`, hint)
    return []
  }

  /** Undefined where nothing stands there. */
  text(node: YamlNode | undefined, name: string): string | undefined {
    if (node === undefined || isNothing(node)) return undefined
    if (node.kind === 'text') return node.text
    this.error(node, `${name} has to be a text.`, `Put it in quotes, as in: ${name}: "text"`)
    return undefined
  }

  /** A text by itself stands for a list of one. */
  texts(node: YamlNode | undefined, name: string): readonly string[] | undefined {
    if (node === undefined || isNothing(node)) return undefined
    if (node.kind === 'text') return [node.text]
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((item) => {
      if (item.kind === 'text') return item.text === '' ? [] : [item.text]
      this.error(item, `${name} has to be a list of texts.`, 'Write each in a line, in quotes: - "text"')
      return []
    })
  }

  /** What `true`, `yes` and the like say. */
  flag(node: YamlNode | undefined, name: string): boolean | undefined {
    const word = this.text(node, name)?.toLowerCase()
    if (node === undefined || word === undefined) return undefined
    if (YES.includes(word)) return true
    if (NO.includes(word)) return false
    this.error(node, `${name} has to be yes or no.`, 'Write true or false.')
    return undefined
  }

  /** Warns of keys that mean nothing there, each with the one that may have been meant. */
  async known(entries: readonly YamlEntry[], names: readonly string[], where: string): Promise<void> {
    for (const entry of entries) {
      if (names.includes(entry.key)) continue
      const meant = await closestWord(entry.key, names)
      this.warning(
        entry,
        `${where} has no key ${JSON.stringify(shortened(entry.key))}, so it counts for nothing.`,
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
const MOST_SHOWN = 60

/** A key may be a whole line that lacks its colon. */
export function shortened(text: string): string {
  return text.length <= MOST_SHOWN ? text : `${text.slice(0, MOST_SHOWN)}...`
}
