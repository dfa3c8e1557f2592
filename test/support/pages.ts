/** Parses the documentation pages for the tests. */
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

export const repository = join(import.meta.dirname, '../..')

/** A fenced block of a page. */
export interface Example {
  /** The page, relative to the top of the repository. */
  readonly page: string
  /** Such as `sh`, `console` or `yaml`; empty if none is given. */
  readonly language: string
  readonly text: string
}

/** All pages written by hand, at least in part, relative to the top of the repository. */
export function pages(): string[] {
  const below = (folder: string): string[] =>
    readdirSync(join(repository, folder), {recursive: true, encoding: 'utf8'})
      .filter((file) => file.endsWith('.md') && !/(?:^|\/)(?:dist|node_modules)\//.test(file))
      .map((file) => `${folder}/${file}`)
  const top = readdirSync(repository).filter((file) => file.endsWith('.md'))
  return [...top, ...['.changeset', 'docs', 'examples', 'src'].flatMap(below)].sort()
}

/** The part of a page that is written by hand. */
export function readPage(page: string): string {
  const text = readFileSync(join(repository, page), 'utf8')
  return text.replace(/<!-- (\w+): made by `npm run build` -->.*?<!-- \/\1 -->/gs, '')
}

/** The examples of a page in order, except those that the build generates. */
export function examplesOf(page: string): Example[] {
  return [...readPage(page).matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
    page,
    language,
    text,
  }))
}

/** The one example of a page that begins with a text. */
export function exampleOf(page: string, beginning: string): Example {
  const found = examplesOf(page).filter(({text}) => text.startsWith(beginning))
  const [example] = found
  if (example === undefined || found.length > 1)
    throw new Error(`${page} has ${found.length} examples that begin with: ${beginning}`)
  return example
}

/** A command of an example, and the output that the page shows for it. */
export interface ExampleCommand {
  readonly command: string
  readonly shown: readonly string[]
}

/** The commands of an example: all its lines, or in a terminal session those after a `$`. */
export function commandsOf({text}: Example): ExampleCommand[] {
  const lines = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
  if (!lines.some((line) => line.startsWith('$ ')))
    return lines.filter((line) => !line.trim().startsWith('#')).map((command) => ({command, shown: []}))
  const commands: {command: string; shown: string[]}[] = []
  for (const line of lines)
    if (line.startsWith('$ ')) commands.push({command: line.slice(2), shown: []})
    else commands.at(-1)?.shown.push(line)
  return commands
}
