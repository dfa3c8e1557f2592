import {expect} from 'chai'
import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'

import {exampleOf} from '../../support/pages.js'
import {checkAnswer, checkAnswers, commandIds, readSchema} from '../../support/answers.js'

const repository = join(import.meta.dirname, '../../..')
const names = [...new Set(commandIds.values()), 'error']

/** The ids of the `Answers[...]` types in a folder's sources. */
function answersIn(folder: string): string[] {
  const files = readdirSync(join(repository, folder), {recursive: true, encoding: 'utf8'})
  return files
    .filter((file) => file.endsWith('.ts') && !/(?:^|\/)(?:dist|node_modules)\//.test(file))
    .flatMap((file) => {
      const text = readFileSync(join(repository, folder, file), 'utf8')
      return [...text.matchAll(/\bAnswers\[([^\]]+)\]/g)].flatMap(([, ids = '']) => ids.split(' | '))
    })
    .map((id) => id.slice(1, -1))
}

/** The parts of an object schema that are checked here. */
interface ObjectSchema {
  readonly properties: Readonly<Record<string, {readonly $ref?: string; readonly description?: string}>>
  readonly required: readonly string[]
}

describe('answers with --json', () => {
  it('have a schema with a description for each command', () => {
    for (const name of names) {
      const {$schema, description, title} = readSchema(name)
      expect($schema, name).to.equal('https://json-schema.org/draft/2020-12/schema')
      expect(title, name).to.match(/^keg .*--json/)
      if (readSchema(name).type === 'object') expect(description, name).to.be.a('string')
      // It refuses a wrong answer, so it is read and is not empty.
      expect(() => checkAnswer(name, 'no answer'), name).to.throw('This is not as')
    }
    expect(names).to.have.length.greaterThan(35)
  })

  it('always have each field, except in what they quote, and describe it', () => {
    const quoted = ['RunSettings', 'MountLayerLabel', 'ComposeModel']
    const absent: string[] = []
    const silent: string[] = []
    const visit = (schema: unknown, place: readonly string[]): void => {
      if (typeof schema !== 'object' || schema === null) return
      const {properties = {}, required = []} = schema as Partial<ObjectSchema>
      for (const [field, {$ref, description}] of Object.entries(properties)) {
        const path = [...place, field].join('.')
        if (!required.includes(field) && !quoted.some((name) => place.includes(name))) absent.push(path)
        if ($ref === undefined && description === undefined && !place.includes('ComposeModel')) silent.push(path)
      }
      for (const [name, part] of Object.entries(schema)) visit(part, [...place, name])
    }
    for (const name of names) visit(readSchema(name), [name])
    expect({absent, silent}).to.deep.equal({absent: [], silent: []})
  })

  it('match the examples in the docs', () => {
    for (const [name, beginning] of [
      ['docker:package:run', '{\n  "container"'],
      ['error', '{\n  "error"'],
    ] as const)
      checkAnswer(name, JSON.parse(exampleOf('docs/json.md', beginning).text))
  })

  it('are each the return type of a command', () => {
    const used = [...answersIn('src/commands'), ...answersIn('src/lib/command')]
    expect([...new Set(used)].sort()).to.deep.equal(names.toSorted())
  })

  it('are refused if a field is missing, has another type or is not in the schema', () => {
    const answer = {path: '/home/ada/.config/keg/config.yml'}
    checkAnswer('config:path', answer)
    expect(() => checkAnswer('config:path', {})).to.throw("must have required property 'path'")
    expect(() => checkAnswer('config:path', {path: 1})).to.throw('must be string')
    expect(() => checkAnswer('config:path', {...answer, more: true})).to.throw('must NOT have additional properties')
  })

  it('are checked for every command, also for aliases, a tap’s own commands, several lines and errors', () => {
    const check = (line: string, ...documents: unknown[]): void =>
      checkAnswers({kegArguments: line.split(' '), stdout: documents.map((each) => JSON.stringify(each)).join('\n')})
    const error = {error: {code: 'x', message: 'X.', hint: null, exitCode: 1, data: null}}
    check('config path --json', {path: '/x'})
    check('sync monitor --json', {syncs: 1}, error)
    check('config path -- --json', 'not JSON of keg')
    for (const line of ['config path --json', 'dpg --json', 'shop status --json', 'tap ls --json', 'no command --json'])
      expect(() => check(line, {other: 1}), line).to.throw(/This is not as|Of which command/)
    expect(() => check('config path --json', {error: {...error.error, more: 1}})).to.throw('schemas/error.json')
    expect(() => checkAnswers({kegArguments: ['doctor', '--json'], stdout: 'plain text\n'})).to.throw('no JSON')
  })
})
