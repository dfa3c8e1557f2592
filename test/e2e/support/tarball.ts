/** The contents of a package's tarball, and what its modules import. */
import {dirname, join} from 'node:path/posix'
import {Readable} from 'node:stream'
import {buffer} from 'node:stream/consumers'
import {gunzipSync} from 'node:zlib'

import typescript from 'typescript'

import {readTar} from '../../support/tar.js'

/** Paths in the package -> contents. */
export type Files = Map<string, string>

export async function filesOf(tarball: Buffer): Promise<Files> {
  const files: Files = new Map()
  for await (const {body, name} of readTar(Readable.from([gunzipSync(tarball)])))
    files.set(name.replace(/^package\//, ''), (await buffer(body)).toString('utf8'))
  return files
}

export interface Imports {
  /** Files of the package that the entry points reach, including themselves. */
  files: Set<string>
  /** Packages they import. */
  packages: Set<string>
}

/** Follows the imports of bundled modules, static and dynamic. Throws if one leads to no file. */
export function importsFrom(files: Files, entryPoints: readonly string[]): Imports {
  const found: Imports = {files: new Set(), packages: new Set()}
  const open = [...entryPoints]
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    if (found.files.has(path)) continue
    const content = files.get(path)
    if (content === undefined) throw new Error(`${path} is imported and not there`)
    found.files.add(path)
    for (const specifier of specifiersIn(content)) {
      // These are named as seen from dist/.
      if (specifier.startsWith('./lazy/')) open.push(join('dist', specifier))
      else if (specifier.startsWith('.')) open.push(join(dirname(path), specifier))
      else if (!specifier.startsWith('node:')) found.packages.add(packageOf(specifier))
    }
  }
  return found
}

/** What a module imports, or requires of dist/lazy. */
function specifiersIn(content: string): Set<string> {
  const specifiers = new Set<string>()
  const source = typescript.createSourceFile('module.js', content, typescript.ScriptTarget.Latest)
  const visit = (node: typescript.Node): void => {
    const specifier = specifierOf(node)
    if (specifier !== undefined && typescript.isStringLiteralLike(specifier)) specifiers.add(specifier.text)
    typescript.forEachChild(node, visit)
  }
  visit(source)
  return specifiers
}

function specifierOf(node: typescript.Node): typescript.Expression | undefined {
  if (typescript.isImportDeclaration(node) || typescript.isExportDeclaration(node)) return node.moduleSpecifier
  if (!typescript.isCallExpression(node)) return undefined
  const [argument] = node.arguments
  if (node.expression.kind === typescript.SyntaxKind.ImportKeyword) return argument
  const isLazy =
    argument !== undefined && typescript.isStringLiteralLike(argument) && argument.text.startsWith('./lazy/')
  return isLazy ? argument : undefined
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
