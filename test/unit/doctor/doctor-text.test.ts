import {expect} from 'chai'
import type {Check} from '../../../src/lib/doctor/check.js'
import {canShowSymbols, problemIds, reportText} from '../../../src/lib/doctor/doctor-text.js'
import {columnsOf} from '../../../src/lib/terminal/columns.js'
import {exitCodeOf, type DoctorReport} from '../../../src/lib/doctor/doctor.js'

const plain = {symbols: false, paint: (_: string, text: string) => text}
const check = (id: string, status: Check['status'], more: Partial<Check> = {}): Check => {
  return {id, title: id, status, detail: `about ${id}`, notes: [], remedy: null, data: {}, ...more}
}
const report = (...checks: Check[]): DoctorReport => {
  return {ok: checks.every(({status}) => !['problem', 'missing'].includes(status)), checks, fixed: []}
}

describe('the report of doctor', () => {
  const mixed = report(
    check('keg', 'ok'),
    check('credentials', 'notice', {notes: ['One is old.'], remedy: 'Update it.'}),
    check('engine', 'missing', {remedy: 'apt-get install docker.io'}),
    check('leftovers', 'skipped'),
  )

  it('is one line for each check, and the remedy on its own line', () => {
    expect(reportText(mixed, plain).split('\n')).to.deep.equal([
      'ok       keg          about keg',
      'notice   credentials  about credentials',
      '                      One is old.',
      '                      -> Update it.',
      'missing  engine       about engine',
      '                      -> apt-get install docker.io',
      'skipped  leftovers    about leftovers',
      '1 thing to fix, 1 notice.',
    ])
  })

  it('counts advisories in one line, and lists them on request', () => {
    const advisories = report(
      check('advisories', 'notice', {
        title: 'advisories',
        detail: '1 advisory',
        notes: ['CVE-1: bad'],
        remedy: 'Update.',
      }),
    )
    expect(reportText(advisories, plain)).to.equal(
      'notice   advisories  1 advisory; list them with: keg doctor --advisories\nNothing is wrong, 1 notice.',
    )
    const listed = reportText(advisories, plain, {advisories: true})
    expect(listed).to.include('CVE-1: bad').and.include('-> Update.')
  })

  it('fits the terminal, and is not cut off', () => {
    const long = report(
      check('keg', 'ok', {detail: 'words that do not fit into one line of so few columns'}),
      check('engine', 'problem', {
        detail: `/home/${'x'.repeat(60)}`,
        notes: ['日本語'.repeat(10)],
        remedy: 'keg config set registry registry.example.com:5000/a-team',
      }),
    )
    for (const width of [30, 40, 60]) {
      const text = reportText(long, plain, {width})
      const lines = text.split('\n')
      // Commands to paste stay whole.
      expect(lines.filter((line) => line.trim().startsWith('-> keg'))).to.have.length(1)
      expect(text).to.include('-> keg config set registry registry.example.com:5000/a-team')
      for (const line of lines.filter((each) => !each.includes('-> keg')))
        expect(columnsOf(line), line).to.be.at.most(width)
      const packed = text.replace(/\s/g, '')
      for (const {detail, notes} of long.checks)
        for (const part of [detail, ...notes]) expect(packed).to.include(part.replaceAll(' ', ''))
    }
    expect(reportText(long, plain, {width: 40}).split('\n').slice(0, 3)).to.deep.equal([
      'ok       keg',
      '  words that do not fit into one line of',
      '  so few columns',
    ])
  })

  it('has marks and colours only if the terminal shows them', () => {
    const painted = reportText(mixed, {symbols: true, paint: (colour, text) => `<${colour}>${text}</>`})
    expect(painted).to.include('<green>✔</>  keg ').and.include('<red>✘</>  engine').and.include('→ Update it.')
    expect(reportText(mixed, plain)).to.match(/^[ -~\n]*$/)
  })

  it('shows no control characters', () => {
    const hostile = report(check('keg', 'problem', {detail: 'a\u001B]0;b\u0007', notes: ['\u202E'], remedy: 'x\ny'}))
    expect(reportText(hostile, plain)).to.not.match(/[\u001B\u0007\u202E]/)
    expect(reportText(hostile, plain)).to.include('-> x?y')
  })

  it('shows what was done with leftovers', () => {
    const fixed = [
      {kind: 'container', id: '1', name: 'one', outcome: 'fixed', said: null},
      {kind: 'image', id: '2', name: 'two', outcome: 'failed', said: 'it is used'},
    ] as const
    const text = reportText({...report(check('keg', 'ok')), fixed}, plain)
    expect(text).to.include('container one: fixed\nimage two: could not be fixed (it is used)\nNothing is wrong.')
  })

  it('is only the ids of the problems with --quiet', () => {
    expect(problemIds(mixed)).to.deep.equal(['engine'])
    expect(problemIds(report(check('keg', 'notice')))).to.deep.equal([])
  })

  it('exits with 4 if something needed is missing, 1 for problems, 0 for only notices', () => {
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
