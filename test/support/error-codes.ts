/** Finds the errors that the source can throw, with the TypeScript compiler. */
import {readdirSync} from 'node:fs'
import {join, relative} from 'node:path'
import ts from 'typescript'

const repository = join(import.meta.dirname, '../..')

/** A place in the source that sets an error's code. */
export interface ErrorPlace {
  /** File and line. */
  readonly place: string
  readonly codes: readonly string[]
  /** `any` for the exit code of a container. */
  readonly exitCodes: readonly (number | 'any')[]
}

export interface FoundErrors {
  readonly places: readonly ErrorPlace[]
  /** Files that make an error with a code passed to them, once for each place. */
  readonly handingOn: readonly string[]
  /** Calls that look like errors with a code, but of no known class. */
  readonly unclear: readonly string[]
}

/**
 * Finds the codes of all errors in src: in the arguments of `new` for a class of KegError, in its own constructor, and
 * in the arguments of orUsageError, each with the exit code of the class, or with its own.
 */
export function findErrors(): FoundErrors {
  const source = readdirSync(join(repository, 'src'), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith('.ts') && !/(^|\/)(dist|node_modules)\//.test(name))
    .map((name) => join(repository, 'src', name))
  // Libraries and the types of packages do not matter here, and take the most time.
  const program = ts.createProgram(source, {
    module: ts.ModuleKind.NodeNext,
    noLib: true,
    strict: true,
    target: ts.ScriptTarget.ES2023,
    types: [],
  })
  const checker = program.getTypeChecker()
  const places: ErrorPlace[] = []
  const handingOn: string[] = []
  const unclear: string[] = []

  const visit = (node: ts.Node): void => {
    if (ts.isObjectLiteralExpression(node)) visitObject(node)
    ts.forEachChild(node, visit)
  }

  const visitObject = (object: ts.ObjectLiteralExpression): void => {
    const code = property(object, 'code')
    if (code === undefined) return
    const file = relative(repository, object.getSourceFile().fileName)
    const place = `${file}:${object.getSourceFile().getLineAndCharacterOfPosition(object.getStart()).line + 1}`
    const codes = values(code, (type) => (type.isStringLiteral() ? type.value : undefined))
    const errorClass = classOf(object)
    if (errorClass === undefined) {
      if (codes?.some((each) => /^[a-z]+(-[a-z]+)*$/.test(each)) === true) unclear.push(place)
      return
    }
    if (codes === undefined) handingOn.push(file)
    else places.push({place, codes, exitCodes: exitCodesOf(object, errorClass)})
  }

  const property = (object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined => {
    const found = object.properties.find((each) => each.name !== undefined && each.name.getText() === name)
    if (found === undefined) return undefined
    if (ts.isPropertyAssignment(found)) return found.initializer
    return ts.isShorthandPropertyAssignment(found) ? found.name : undefined
  }

  const values = <T>(expression: ts.Expression, of: (type: ts.Type) => T | undefined): readonly T[] | undefined => {
    const type = checker.getTypeAtLocation(expression)
    const found = (type.isUnion() ? type.types : [type]).map(of)
    const known = found.filter((value) => value !== undefined)
    return known.length === found.length ? known : undefined
  }

  // Unresolved types have no symbol, whatever the declaration says.
  const symbolOf = (type: ts.Type | undefined): ts.Symbol | undefined => type?.symbol

  /** The class of errors whose constructor gets the object, or contains it. */
  const classOf = (object: ts.ObjectLiteralExpression): ts.ClassDeclaration | undefined => {
    if (symbolOf(checker.getContextualType(object))?.name === 'Meaning') return named('UsageError')
    if (ts.isNewExpression(object.parent)) return asErrorClass(checker.getTypeAtLocation(object.parent))
    for (let node: ts.Node = object; !ts.isSourceFile(node); node = node.parent)
      if (ts.isConstructorDeclaration(node)) return asErrorClass(checker.getTypeAtLocation(node.parent))
    return undefined
  }

  const asErrorClass = (type: ts.Type): ts.ClassDeclaration | undefined => {
    const declaration = symbolOf(type)?.valueDeclaration
    if (declaration === undefined || !ts.isClassDeclaration(declaration)) return undefined
    return ancestry(declaration).some(({name}) => name?.text === 'KegError') ? declaration : undefined
  }

  /** A class and its base classes. */
  const ancestry = (declaration: ts.ClassDeclaration): readonly ts.ClassDeclaration[] => {
    const base = declaration.heritageClauses?.find(({token}) => token === ts.SyntaxKind.ExtendsKeyword)?.types[0]
    const above = base && symbolOf(checker.getTypeAtLocation(base.expression))?.valueDeclaration
    return above !== undefined && ts.isClassDeclaration(above) ? [declaration, ...ancestry(above)] : [declaration]
  }

  const named = (name: string): ts.ClassDeclaration | undefined => {
    const file = program.getSourceFile(join(repository, 'src/lib/error/keg-error.ts'))
    return file?.statements.find((each) => ts.isClassDeclaration(each) && each.name?.text === name) as
      | ts.ClassDeclaration
      | undefined
  }

  const exitCodesOf = (
    object: ts.ObjectLiteralExpression,
    errorClass: ts.ClassDeclaration,
  ): ErrorPlace['exitCodes'] => {
    const own = property(object, 'exitCode')
    if (own !== undefined) return values(own, (type) => (type.isNumberLiteral() ? type.value : undefined)) ?? ['any']
    for (const declaration of ancestry(errorClass)) {
      const found = defaultExitCode(declaration)
      if (found !== undefined) return [found]
    }
    return ['any']
  }

  /** `exitCode = 2` in the fields of a class or the arguments of its constructor. */
  const defaultExitCode = (declaration: ts.ClassDeclaration): number | undefined => {
    let found: number | undefined
    const look = (node: ts.Node): void => {
      const isField = ts.isPropertyDeclaration(node) || ts.isBindingElement(node)
      if (isField && node.name.getText() === 'exitCode' && node.initializer && ts.isNumericLiteral(node.initializer))
        found = Number(node.initializer.text)
      ts.forEachChild(node, look)
    }
    look(declaration)
    return found
  }

  for (const file of program.getSourceFiles()) if (source.includes(file.fileName)) visit(file)
  return {places, handingOn, unclear}
}
