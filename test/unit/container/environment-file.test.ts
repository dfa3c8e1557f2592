import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {UsageError} from '../../../src/lib/error/keg-error.js'
import {containerVariables, parseEnvironmentFile} from '../../../src/lib/container/environment-file.js'

const environment = {HERE: 'from here', EMPTY: '', SECRET: 'not asked for'}
const parse = (text: string) => parseEnvironmentFile(Buffer.from(text), {file: 'x.env', environment})

describe('parseEnvironmentFile', () => {
  it('takes values exactly as written', () => {
    expect(parse(`A=1\nB="quoted"\nC=a=b\nD= spaced \nE=#no comment\nF=\n`)).to.deep.equal([
      'A=1',
      'B="quoted"',
      'C=a=b',
      'D= spaced ',
      'E=#no comment',
      'F=',
    ])
  })

  it('ignores comments, empty lines, a byte order mark, carriage returns and leading blanks', () => {
    expect(parse('\uFEFF# comment\r\n\r\n  \t\n  A=1\r\n\t# comment\nB=2')).to.deep.equal(['A=1', 'B=2'])
  })

  it('takes the value of a bare name from the environment, and leaves out unset ones', () => {
    expect(parse('HERE\nEMPTY\nMISSING\n')).to.deep.equal(['HERE=from here', 'EMPTY='])
  })

  const wrong: readonly [string, string, number][] = [
    ['a line without a name', 'A=1\n=2', 2],
    ['white space in a name', 'A B=1', 1],
    ['white space after a name', 'A =1', 1],
    ['a character no variable can hold', 'A=1\n\nB=\0', 3],
  ]
  for (const [what, text, line] of wrong)
    it(`refuses ${what}, with the line`, () => {
      expect(() => parse(text))
        .to.throw(UsageError, `Line ${line} of x.env`)
        .with.property('code', 'environment-file-invalid')
    })

  it('refuses what is not UTF-8', () => {
    expect(() => parseEnvironmentFile(Uint8Array.of(65, 61, 255), {file: 'x.env', environment})).to.throw('UTF-8')
  })
})

describe('containerVariables', () => {
  it('takes only the named variables from the host', async () => {
    const variables = ['A=1', 'HERE', 'EMPTY', 'UNSET', 'B=x=y', 'C=']
    expect(await containerVariables({environment}, {variables, files: []})).to.deep.equal([
      'A=1',
      'HERE=from here',
      'EMPTY=',
      'UNSET',
      'B=x=y',
      'C=',
    ])
    expect(await containerVariables({environment}, {variables: [], files: []})).to.deep.equal([])
  })

  it('puts files before -e, so that -e wins', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keg-test-'))
    try {
      const file = join(folder, 'x.env')
      await writeFile(file, 'A=file\nB=file\n')
      const given = await containerVariables({environment}, {variables: ['A=flag'], files: [file]})
      expect(given).to.deep.equal(['A=file', 'B=file', 'A=flag'])
    } finally {
      await rm(folder, {recursive: true})
    }
  })

  for (const variable of ['', '=value', 'A=\0'])
    it(`refuses ${JSON.stringify(variable)}`, async () => {
      const error: unknown = await containerVariables({environment}, {variables: [variable], files: []}).catch(
        (problem: unknown) => problem,
      )
      expect(error).to.be.instanceOf(UsageError).with.property('code', 'variable-invalid')
    })

  it('says which file cannot be read', async () => {
    const error: unknown = await containerVariables({environment}, {variables: [], files: ['/no/such/file']}).catch(
      (problem: unknown) => problem,
    )
    expect(error).to.be.instanceOf(UsageError).with.property('code', 'environment-file-missing')
    expect(String(error)).to.include('/no/such/file')
  })
})
