import {expect} from 'chai'
import type {Check} from '../../../src/lib/doctor/check.js'
import {canShowSymbols, problemIds, reportText} from '../../../src/lib/doctor/doctor-text.js'
import {exitCodeOf, type DoctorReport} from '../../../src/lib/doctor/doctor.js'

const plain = {symbols: false, paint: (_: string, text: string) => text}
const check = (id: string, status: Check['status'], more: Partial<Check> = {}): Check => {
  return {id, title: id, status, detail: `about ${id}`, notes: [], remedy: null, data: {}, ...more}
}
const report = (...checks: Check[]): DoctorReport => {
  return {ok: checks.every(({status}) => !['problem', 'missing'].includes(status)), checks, mended: []}
}

describe('the report of doctor', () => {
  const mixed = report(
    check('keg', 'ok'),
    check('known holes', 'notice', {notes: ['CVE-1: bad'], remedy: 'Update it.'}),
    check('engine', 'missing', {remedy: 'apt-get install docker.io'}),
    check('leftovers', 'skipped'),
  )

  it('is one line for each check, and what mends it on a line of its own', () => {
    expect(reportText(mixed, plain).split('\n')).to.deep.equal([
      'ok       keg          about keg',
      'notice   known holes  about known holes',
      '                      CVE-1: bad',
      '                      -> Update it.',
      'missing  engine       about engine',
      '                      -> apt-get install docker.io',
      'skipped  leftovers    about leftovers',
      '1 thing to mend, 1 notice.',
    ])
  })

  it('has marks and colours only where the terminal shows them', () => {
    const painted = reportText(mixed, {symbols: true, paint: (colour, text) => `<${colour}>${text}</>`})
    expect(painted).to.include('<green>✔</>  keg ').and.include('<red>✘</>  engine').and.include('→ Update it.')
    expect(reportText(mixed, plain)).to.match(/^[ -~\n]*$/)
  })

  it('lets nothing drive the terminal', () => {
    const hostile = report(check('keg', 'problem', {detail: 'a\u001B]0;b\u0007', notes: ['\u202E'], remedy: 'x\ny'}))
    expect(reportText(hostile, plain)).to.not.match(/[\u001B\u0007\u202E]/)
    expect(reportText(hostile, plain)).to.include('-> x?y')
  })

  it('tells what became of leftovers', () => {
    const mended = [
      {kind: 'container', id: '1', name: 'one', outcome: 'mended', said: null},
      {kind: 'image', id: '2', name: 'two', outcome: 'failed', said: 'it is used'},
    ] as const
    const text = reportText({...report(check('keg', 'ok')), mended}, plain)
    expect(text).to.include('container one: mended\nimage two: could not be mended (it is used)\nNothing is wrong.')
  })

  it('is short with --quiet: the ids of what is wrong', () => {
    expect(problemIds(mixed)).to.deep.equal(['engine'])
    expect(problemIds(report(check('keg', 'notice')))).to.deep.equal([])
  })

  it('ends with 4 when something needed is missing, 1 for problems, 0 with notices alone', () => {
    expect(exitCodeOf(report(check('a', 'ok'), check('b', 'notice'), check('c', 'skipped')))).to.equal(0)
    expect(exitCodeOf(report(check('a', 'problem')))).to.equal(1)
    expect(exitCodeOf(mixed)).to.equal(4)
    expect(exitCodeOf(report(check('a', 'problem'), check('b', 'missing')))).to.equal(4)
  })

  it('knows which terminals show marks', () => {
    expect(canShowSymbols({LANG: 'de_DE.UTF-8', TERM: 'xterm'}, true)).to.equal(true)
    expect(canShowSymbols({LANG: 'de_DE.UTF-8', TERM: 'xterm'}, false)).to.equal(false)
    expect(canShowSymbols({LANG: 'de_DE.UTF-8', TERM: 'dumb'}, true)).to.equal(false)
    if (process.platform === 'win32') return
    expect(canShowSymbols({LANG: 'C', TERM: 'xterm'}, true)).to.equal(false)
    expect(canShowSymbols({LANG: 'de_DE.UTF-8', LC_ALL: 'C', TERM: 'xterm'}, true)).to.equal(false)
    expect(canShowSymbols({LANG: 'de_DE.utf8', LC_ALL: '', TERM: 'xterm'}, true)).to.equal(true)
  })
})
