/** The lines of keg and other programs that the source advises and the documentation shows, read from both. */
import {readdirSync, readFileSync} from 'node:fs'
import {join, relative} from 'node:path'
import ts from 'typescript'

const repository = join(import.meta.dirname, '../..')

/** Stands for a value that is known only at run time. */
export const VALUE = '…'
/** Stands for any number of words, including options. */
export const WORDS = '……'

/** A line and its place. */
export interface ShownLine {
  readonly text: string
  /** File and line, relative to the top of the repository. */
  readonly place: string
}

/** A line of a page. */
export interface DocumentedLine extends ShownLine {
  /** Whether it is shown as typed, not only named in a sentence. */
  readonly isWhole: boolean
}

/** The parts of a template that are a list of words. */
const LISTS: ReadonlySet<string> = new Set([
  'args',
  'background',
  'login',
  'names',
  'options',
  'orphans',
  'plan.command',
  'tag',
  'words',
])

/** All lines made by commandLine, shareableLine and commandFor. */
export function advisedLines(): ShownLine[] {
  return sourceFiles().flatMap((source) => {
    const lines: ShownLine[] = []
    const add = (node: ts.Node, text: string): void => void lines.push({text, place: placeOf(source, node)})
    visitAll(source, (node) => {
      if (ts.isTaggedTemplateExpression(node) && isTag(node.tag)) {
        const text = textOf(node.template)
        // The actions for a session are arguments of commandFor.
        if (!text.includes(`sync ${VALUE} ${VALUE}`)) add(node, text)
      }
      if (ts.isCallExpression(node) && node.expression.getText() === 'commandFor') {
        const [, verb] = node.arguments
        if (verb === undefined || !ts.isStringLiteral(verb)) throw new Error(`no verb at ${placeOf(source, node)}`)
        add(node, `keg sync ${verb.text} ${VALUE}`)
        add(node, verb.text === 'status' ? `mutagen sync list --long ${VALUE}` : `mutagen sync ${verb.text} ${VALUE}`)
      }
    })
    return lines
  })
}

/** Texts with a line in them that commandLine does not make: descriptions and the like, or mistakes. */
export function loneLines(line: RegExp): ShownLine[] {
  return sourceFiles().flatMap((source) => {
    const texts: ShownLine[] = []
    visitAll(source, (node) => {
      if (ts.isTaggedTemplateExpression(node) || ts.isSourceFile(node) || isHistory(node)) return
      const isText = ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)
      if (isText && !ts.isTaggedTemplateExpression(node.parent) && line.test(node.text))
        texts.push({text: node.text, place: placeOf(source, node)})
      if (ts.isTemplateExpression(node) && !ts.isTaggedTemplateExpression(node.parent)) {
        const text = [node.head, ...node.templateSpans.map(({literal}) => literal)].map((part) => part.text).join(VALUE)
        if (line.test(text)) texts.push({text, place: placeOf(source, node)})
      }
    })
    return texts
  })
}

/** Whether it is the history of an image's layer. */
function isHistory({parent}: ts.Node): boolean {
  return ts.isPropertyAssignment(parent) && parent.name.getText() === 'created_by'
}

/** The lines in the fenced blocks of the documentation, whole, and those in backticks in its sentences. */
export function documentedLines(): DocumentedLine[] {
  const files = readdirSync(join(repository, 'docs'), {recursive: true, encoding: 'utf8'})
  return ['README.md', ...files.filter((file) => file.endsWith('.md')).map((file) => join('docs', file))].flatMap(
    (file) => linesOfPage(file, readFileSync(join(repository, file), 'utf8')),
  )
}

function linesOfPage(file: string, page: string): DocumentedLine[] {
  let isFenced = false
  return page
    .replace(/\\\n\s*/g, (end) => ' '.repeat(end.length - 1) + '\0')
    .split('\n')
    .flatMap((line, index): DocumentedLine[] => {
      const place = `${file}:${index + 1}`
      if (/^\s*```/.test(line)) isFenced = !isFenced
      else if (isFenced) return commandsIn(line.replaceAll('\0', '')).map((text) => ({text, place, isWhole: true}))
      return [...line.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
        commandsIn(code).map((text) => ({text, place, isWhole: false})),
      )
    })
}

/** The commands of a line as typed: after a prompt or variables, between pipes. */
function commandsIn(line: string): string[] {
  return line
    .replace(/\s#\s.*$/, '')
    .split(/\s*(?:&&|\|\||[|;<>]|\$\(|\))\s*/)
    .map((part) => part.replace(/^\s*(?:\$ )?(?:[A-Z_]+=\S* )*(?:sudo )?/, '').trim())
    .filter((part) => /^(?:docker|git|keg|mutagen) /.test(part))
}

/** The words of a line as a shell splits it, as far as documentation and advice need. */
export function wordsOf(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? []
  return words.map((word) => word.replace(/["']/g, ''))
}

function sourceFiles(): ts.SourceFile[] {
  const folder = join(repository, 'src')
  return readdirSync(folder, {recursive: true, encoding: 'utf8'})
    .filter((file) => file.endsWith('.ts') && !/(?:^|\/)(?:dist|node_modules)\//.test(file))
    .map((file) => join(folder, file))
    .map((file) => ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.ES2023, true))
}

function visitAll(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => {
    visitAll(child, visit)
  })
}

function isTag(tag: ts.Expression): boolean {
  return tag.getText() === 'commandLine' || tag.getText() === 'shareableLine'
}

function textOf(template: ts.TemplateLiteral): string {
  if (ts.isNoSubstitutionTemplateLiteral(template)) return template.text
  const spans = template.templateSpans.map(({expression, literal}) => {
    if (ts.isStringLiteral(expression)) return `'${expression.text}'${literal.text}`
    return `${LISTS.has(expression.getText()) ? WORDS : VALUE}${literal.text}`
  })
  return [template.head.text, ...spans].join('')
}

function placeOf(source: ts.SourceFile, node: ts.Node): string {
  const {line} = source.getLineAndCharacterOfPosition(node.getStart())
  return `${relative(repository, source.fileName)}:${line + 1}`
}
