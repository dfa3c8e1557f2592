import {join} from 'node:path'
import {parseJson, property} from '../json/json.js'
import {readTextFile} from './text-file.js'
import type {TapProblem} from './model.js'

/** Files that can contain a tap's alias, in the order they are read. */
const FILES = ['tap.js', 'tap.json', 'tap.config.js', 'app.json', 'package.json'] as const

/** The alias in a tap's files: `keg.alias`, or `keg.cli.link.name` as in version 6 of the old keg. */
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
    const message = 'it is not valid JSON, so its alias is unknown.'
    problems.push({file, line: 1, column: 1, severity: 'warning', message, hint: 'Fix it.'})
  }
  const keg = property(content, 'keg')
  const alias = property(keg, 'alias') ?? property(property(property(keg, 'cli'), 'link'), 'name')
  return typeof alias === 'string' ? alias : undefined
}

/** Reads it without running the file: finds only an alias that is a plain string literal. */
export function aliasInScript(text: string): string | undefined {
  const tokens = [...text.matchAll(TOKEN)].map(([token]) => token).filter((token) => !/^\/[/*]/.test(token))
  /** Keys of the open objects, from the outermost. */
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

/** Comments, strings, names, and single characters. */
const TOKEN = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`|[\w$]+|[^\s\w$]/g

function unquoted(token: string): string {
  return /^['"`]/.test(token) ? token.slice(1, -1) : token
}
