import {expect} from 'chai'
import {mkdtemp, readdir, readFile, rm, stat} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {unexpectedError, redactArguments} from '../../../src/lib/command/unexpected-error.js'

describe('a bug in keg', () => {
  let state: string
  const pjson = {name: '@keg/docker', version: '9.8.7', bugs: {url: 'https://example.test/issues'}}

  beforeEach(async () => (state = await mkdtemp(join(tmpdir(), 'keg-state-'))))
  afterEach(() => rm(state, {recursive: true}))

  async function reported(fault: unknown, environment: NodeJS.ProcessEnv = {}, about: unknown = pjson) {
    const written: string[] = []
    const error = await unexpectedError(fault, {
      pjson: about,
      argv: ['docker', 'package', 'run', 'shop:one', '-e', 'A=1'],
      environment: {XDG_STATE_HOME: state, KEG_REGISTRY: 'registry.example', ...environment},
      write: (text) => written.push(text),
    })
    const report = error.data?.report
    return {
      error,
      written: written.join(''),
      report,
      text: typeof report === 'string' ? await readFile(report, 'utf8') : '',
    }
  }

  it('asks for a report, and saves the trace, versions and command in a private file', async () => {
    const cause = new RangeError('what was underneath')
    const {error, report, text, written} = await reported(new TypeError('x is undefined\nmore', {cause}))
    expect(error.message).to.equal('This is a bug in keg: TypeError: x is undefined')
    expect(error.hint).to.equal(
      `Please report it at https://example.test/issues with this file, once you have read it: ${String(report)}`,
    )
    expect([error.code, error.exitCode, error.data]).to.deep.equal([
      'unexpected',
      1,
      {report, issues: 'https://example.test/issues'},
    ])
    expect(report).to.match(new RegExp(`^${join(state, 'keg', 'faults')}/fault-[^/]+\\.txt$`))
    expect(((await stat(String(report))).mode & 0o777).toString(8)).to.equal('600')
    expect(text).to.include('@keg/docker 9.8.7').and.include(process.version)
    expect(text).to.include("Command: keg docker package run shop:one -e 'A=***'")
    expect(text).to.include('unexpected-error.test.ts').and.include('Caused by: RangeError: what was underneath')
    expect(text).to.include('KEG_REGISTRY').and.not.include('registry.example')
    expect(written).to.equal('')
  })

  it('shows the trace if it cannot be saved', async () => {
    const {error, report, written} = await reported(new Error('x'), {XDG_STATE_HOME: '/dev/null'})
    expect(report).to.equal(null)
    expect(error.hint).to.equal('Please report it at https://example.test/issues with the trace above')
    expect(written).to.match(/^Error: x\n +at .*unexpected-error\.test\.ts/)
  })

  for (const name of ['KEG_DEBUG', 'DEBUG'])
    it(`shows the trace at once with ${name}`, async () => {
      const {report, written} = await reported(new Error('x'), {[name]: '1'})
      expect(report).to.be.a('string')
      expect(written).to.match(/^Error: x\n +at /)
    })

  it('accepts whatever was thrown, and shows no passwords or control characters', async () => {
    const {error, text} = await reported('https://ada:hunter2@host \u001b[31m', {}, {name: '@keg/tap'})
    expect(error.message).to.equal('This is a bug in keg: https://***@host ?[31m')
    expect(error.hint).to.match(/^Please report it to whoever maintains @keg\/tap with this file, /)
    expect(text).to.include('unknown').and.not.include('hunter2')
  })

  it('keeps only the newest reports', async () => {
    for (let number = 0; number < 25; number++)
      await unexpectedError(new Error('x'), {
        pjson,
        argv: [],
        environment: {XDG_STATE_HOME: state},
        now: new Date(Date.UTC(2030, 0, number + 1)),
        write: () => undefined,
      })
    const names = (await readdir(join(state, 'keg', 'faults'))).sort()
    expect(names).to.have.lengthOf(20)
    expect(names[0]).to.match(/^fault-2030-01-06T/)
  })
})

describe('the command line in a report', () => {
  const table: [words: string[], shown: string[]][] = [
    [
      ['config', 'set', 'apiToken', 'x'],
      ['config', 'set', 'apiToken', '***'],
    ],
    [
      ['--password', 'x', '-y'],
      ['--password', '***', '-y'],
    ],
    [
      ['--api-key=x=y', 'shop'],
      ['--api-key=***', 'shop'],
    ],
    [
      ['--env', 'A=b=c', '--env=A=b', '-eA=b', '-e', 'A'],
      ['--env', 'A=***', '--env=A=***', '-eA=***', '-e', 'A'],
    ],
    [
      ['https://me:pw@host/x', 'MY_SECRET=x'],
      ['https://***@host/x', 'MY_SECRET=***'],
    ],
    [
      ['--registry', 'ghcr.io/acme', '--name', 'x=y'],
      ['--registry', 'ghcr.io/acme', '--name', 'x=y'],
    ],
    [
      ['exec', '--', 'mysql', '-px'],
      ['exec', '--', 'mysql', '...'],
    ],
    [
      ['exec', '--', 'ls'],
      ['exec', '--', 'ls'],
    ],
  ]
  for (const [words, shown] of table) it(words.join(' '), () => expect(redactArguments(words)).to.deep.equal(shown))
})
