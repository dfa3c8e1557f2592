import {expect} from 'chai'
import {readdir, readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {findErrors, type FoundErrors} from '../../support/error-codes.js'

const repository = join(import.meta.dirname, '../../..')

/** Errors without a fixed exit code, and what the table says for them. */
const exceptions: Readonly<Record<string, string>> = {
  interrupted: '129, 130, 143',
  'action-failed': 'its own, 1',
  'container-ended': 'its own, 1',
}

/** Errors that exit with 125 if they keep a package from running, like docker run. */
const beforeRun: Readonly<Record<string, string>> = {'port-taken': '1, 125'}

describe('the table of errors', function () {
  // The compiler reads all of the source.
  this.timeout(180_000)

  let found: FoundErrors
  /** Exit codes by code, as the table has them. */
  const table = new Map<string, string>()
  const codes = (): string[] => [...new Set(found.places.flatMap((place) => place.codes))].sort()

  before(async () => {
    found = findErrors()
    for (const line of (await readFile(join(repository, 'docs/errors.md'), 'utf8')).split('\n')) {
      const [, code, exit, when, advice] = /^\| `([a-z-]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/.exec(line) ?? []
      if (code === undefined || exit === undefined) {
        expect(line, 'a row that is none').not.to.match(/^\| `/)
        continue
      }
      expect(table.has(code), `${code} twice`).to.equal(false)
      expect(`${when ?? ''}${advice ?? ''}`).to.match(/\w/)
      table.set(code, exit)
    }
  })

  it('has every code that the source can throw, and no other', () => {
    expect([...table.keys()].sort()).to.deep.equal(codes())
  })

  it('has the exit codes of their classes', () => {
    for (const code of codes()) {
      const exits = new Set(
        found.places.filter((place) => place.codes.includes(code)).flatMap((each) => each.exitCodes),
      )
      const told =
        exceptions[code] ?? beforeRun[code] ?? [...exits].sort((left, right) => Number(left) - Number(right)).join(', ')
      expect(exits.has('any'), `${code} ends in a known way`).to.equal(code in exceptions)
      expect(table.get(code), code).to.equal(told)
    }
  })

  it('has only codes that can be read from the source', () => {
    expect(found.unclear).to.deep.equal([])
    // Each of these passes on the code of another error, or of what it reads.
    const known = [
      'src/lib/container/run-error.ts',
      'src/lib/package/capture/pause-container.ts',
      'src/lib/package/run/failed-start.ts',
      'src/lib/reference/grammar.ts',
    ]
    expect([...new Set(found.handingOn)].sort()).to.deep.equal(known)
  })

  it('has only codes that a test covers', async () => {
    const tests = (await readdir(join(repository, 'test'), {recursive: true})).filter((name) =>
      name.endsWith('.test.ts'),
    )
    const texts = await Promise.all(tests.map((name) => readFile(join(repository, 'test', name), 'utf8')))
    const all = texts.filter((_, index) => tests[index] !== 'unit/error/error-table.test.ts').join('\n')
    const untested = codes().filter((code) => !new RegExp(`['"\`]${code}['"\`]`).test(all))
    expect(untested).to.deep.equal([])
  })
})
