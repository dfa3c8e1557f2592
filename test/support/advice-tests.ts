/**
 * Which test runs each line that keg advises: advice-tests.yml, which lists every line that commandLine makes in the
 * source.
 */
import {readFileSync} from 'node:fs'
import {join} from 'node:path'
import ts from 'typescript'
import {parse} from 'yaml'

/** The tests by the lines they run. */
export type AdviceTests = Readonly<Record<string, readonly {readonly file: string; readonly title: string}[]>>

/** Reads which tests run each line. */
export function readAdviceTests(): AdviceTests {
  const text = readFileSync(join(import.meta.dirname, 'advice-tests.yml'), 'utf8')
  const {tests} = parse(text) as {
    readonly tests: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>
  }
  const run: Record<string, {file: string; title: string}[]> = {}
  for (const [file, lines] of Object.entries(tests))
    for (const [title, texts] of Object.entries(lines)) for (const line of texts) (run[line] ??= []).push({file, title})
  return run
}

/** A test in a file. */
export interface FoundTest {
  /** As in the file; for a test made for several cases, the text before the first value in it. */
  readonly title: string
  /** Whether it runs what was advised, itself or through a function of its file. */
  readonly runsAdvice: boolean
}

/** The tests of a file; its path is relative to the folder of all tests. */
export function findTests(file: string): FoundTest[] {
  const path = join(import.meta.dirname, '..', file)
  const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.ES2023, true)
  const running = new Set(['adviceIn', 'runAdvice'])
  const calls = (node: ts.Node): boolean =>
    (ts.isCallExpression(node) && running.has(node.expression.getText())) ||
    (ts.forEachChild(node, (child) => calls(child) || undefined) ?? false)
  const tests: {title: string; node: ts.Node}[] = []
  const visit = (node: ts.Node): void => {
    const [title] = ts.isCallExpression(node) && node.expression.getText() === 'it' ? node.arguments : []
    if (title !== undefined) {
      if (ts.isStringLiteralLike(title)) tests.push({title: title.text, node})
      else if (ts.isTemplateExpression(title)) tests.push({title: title.head.text, node})
      return
    }
    const isFunction =
      ts.isFunctionDeclaration(node) ||
      (ts.isVariableDeclaration(node) && node.initializer !== undefined && ts.isArrowFunction(node.initializer))
    if (isFunction && node.name !== undefined && calls(node)) running.add(node.name.getText())
    ts.forEachChild(node, visit)
  }
  visit(source)
  return tests.map(({node, title}) => ({title, runsAdvice: calls(node)}))
}
