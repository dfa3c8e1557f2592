import {join} from 'node:path'
import {parseJson, property} from '../../json/json.js'
import type {TapProblem} from './tap-folder.js'
import {readTextFile} from './text-file.js'

/** Files in which a tap says what it is called, in the order in which they are asked. */
const FILES = ['tap.js', 'tap.json', 'tap.config.js', 'app.json', 'package.json'] as const

/** The alias that a tap gives itself: `keg.alias`, or `keg.cli.link.name` as the sixth version of the old keg had it. */
export async function readAlias(folder: string, problems: TapProblem[]): Promise<string | undefined> {
  for (const name of FILES) {
    const file = join(folder, name)
    const text = await readTextFile(file, problems)
    if (text === undefined) continue
    const alias = name.endsWith('.json') ? aliasInJson(file, text, problems) : aliasInScript(text)
    if (alias !== undefined && alias !== '') return alias
  }
  return undefined
}

function aliasInJson(file: string, text: string, problems: TapProblem[]): string | undefined {
  const content = parseJson(text)
  if (content === undefined) {
    const message = 'it is no JSON, so its alias is not known.'
    problems.push({file, line: 1, column: 1, severity: 'warning', message, hint: 'Correct it.'})
  }
  const keg = property(content, 'keg')
  const alias = property(keg, 'alias') ?? property(property(property(keg, 'cli'), 'link'), 'name')
  return typeof alias === 'string' ? alias : undefined
}

/** Reads it without running the file: only an alias that stands there as a plain text is found. */
export function aliasInScript(text: string): string | undefined {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !/^\/[/*]/.test(token))
  /** Keys of the objects that are open, from the outermost. */
  const path: string[] = []
  let key: string | undefined
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    if (token === ':') continue
    if (next === ':') {
      key = unquoted(token)
      continue
    }
    if (token === '{') path.push(key ?? '')
    else if (token === '}') path.pop()
    else if (key !== undefined && isPlainText(token) && (next === ',' || next === '}')) {
      const place = [...path, key].join('.')
      if (/(^|\.)keg\.(alias|cli\.link\.name)$/.test(place)) return unquoted(token)
    }
    key = undefined
  }
  return undefined
}

function isPlainText(token: string): boolean {
  return /^['"`]/.test(token) && !token.includes('${') && !token.includes('\\')
}

/** Comments, texts, names, and single marks. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|[\w$]+|[^\s\w$]/g

function unquoted(token: string): string {
  return /^['"`]/.test(token) ? token.slice(1, -1) : token
}
