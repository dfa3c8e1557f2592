import {readTextFile} from '../text-file.js'
import type {TapProblem, ValuesFile} from '../model.js'

/**
 * Reads an env file with the rules of dotenv for quotes and comments.
 * @returns undefined if there is none
 */
export async function readDotenvFile(file: string, problems: TapProblem[]): Promise<ValuesFile | undefined> {
  const text = await readTextFile(file, problems)
  if (text === undefined) return undefined
  const {parse} = await import('dotenv')
  const lines = text.split(/\r\n|\r|\n/)
  const values = new Map(
    Object.entries(parse(text)).map(([name, value]) => {
      // Of several, the last counts.
      const line = lines.findLastIndex((each) => NAME.exec(each)?.[1] === name) + 1
      return [name, {file, line: Math.max(line, 1), column: 1, text: value}]
    }),
  )
  return {file, values}
}

const NAME = /^\s*(?:export\s+)?([\w.-]+)\s*[=:]/
