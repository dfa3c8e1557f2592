import {expect} from 'chai'
import {ProgressDisplay} from '../../../src/lib/terminal/progress-display.js'

/** A display with its own clock, and everything it wrote. */
function display(target: {isTTY?: boolean; columns?: number} = {}) {
  const written: string[] = []
  const clock = {now: 1_000_000}
  const shown = new ProgressDisplay({...target, write: (text) => written.push(text)}, () => clock.now)
  return {shown, written, after: (milliseconds: number) => (clock.now += milliseconds)}
}

const paint = (text: string): string => `\r\u001b[K${text}`

describe('progress without a terminal', () => {
  it('prints a line at the end of a stage, with bytes, note and time, without control characters', () => {
    const {shown, written, after} = display()
    shown.listen({stage: 'Reading /data', state: 'running', done: 0, total: 2000})
    after(840)
    shown.listen({stage: 'Reading /data', state: 'done', done: 2000, note: 'paused for 12 ms'})
    expect(written).to.deep.equal(['Reading /data: 2 kB, paused for 12 ms, 840 ms\n'])
  })

  it('prints a line every five seconds, with rate and time left', () => {
    const {shown, written, after} = display()
    for (let second = 0; second <= 11; second++) {
      shown.listen({stage: 'Pushing', state: 'running', done: second * 1_000_000, total: 20_000_000})
      after(1000)
    }
    expect(written).to.deep.equal([
      'Pushing … 5 MB of 20 MB, 1 MB/s, 15.0 s left\n',
      'Pushing … 10 MB of 20 MB, 1 MB/s, 10.0 s left\n',
    ])
  })

  it('measures each stage separately, also when one is repeated', () => {
    const {shown, written, after} = display()
    shown.listen({stage: 'a', state: 'running'})
    after(100)
    shown.listen({stage: 'b', state: 'running'})
    after(50)
    shown.listen({stage: 'a', state: 'done'})
    shown.listen({stage: 'b', state: 'done'})
    after(500)
    shown.listen({stage: 'a', state: 'running'})
    after(7)
    shown.listen({stage: 'a', state: 'done'})
    expect(written).to.deep.equal(['a: 150 ms\n', 'b: 50 ms\n', 'a: 7 ms\n'])
  })
})

describe('progress on a terminal', () => {
  it('repaints one line, at most ten times a second, and ends with a line', () => {
    const {shown, written, after} = display({isTTY: true, columns: 80})
    shown.listen({stage: 'Reading', state: 'running', done: 0, total: 3000})
    after(99)
    shown.listen({stage: 'Reading', state: 'running', done: 1000, total: 3000})
    after(1)
    shown.listen({stage: 'Reading', state: 'running', done: 2000, total: 3000})
    shown.listen({stage: 'Reading', state: 'done', done: 3000})
    expect(written).to.deep.equal([
      paint('Reading … 0 B of 3 kB'),
      paint('Reading … 2 kB of 3 kB'),
      paint(''),
      'Reading: 3 kB, 100 ms\n',
    ])
  })

  it('shows rate and time left only after two seconds', () => {
    const {shown, written, after} = display({isTTY: true})
    shown.listen({stage: 'Reading', state: 'running', done: 0, total: 4000})
    after(1999)
    shown.listen({stage: 'Reading', state: 'running', done: 1999, total: 4000})
    after(101)
    shown.listen({stage: 'Reading', state: 'running', done: 2100, total: 4200})
    expect(written.slice(1)).to.deep.equal([
      paint('Reading … 2 kB of 4 kB'),
      paint('Reading … 2.1 kB of 4.2 kB, 1 kB/s, 2.1 s left'),
    ])
  })

  it('shows no time left if the total is unknown or already exceeded', () => {
    const {shown, written, after} = display({isTTY: true})
    shown.listen({stage: 'a', state: 'running', done: 1})
    after(3000)
    shown.listen({stage: 'a', state: 'running', done: 3000})
    after(3000)
    shown.listen({stage: 'a', state: 'running', done: 6000, total: 3000})
    expect(written.slice(1)).to.deep.equal([paint('a … 3 kB, 1 kB/s'), paint('a … 6 kB of 3 kB, 1 kB/s')])
  })

  it('says that a total is an estimate, and shows the rate of the last seconds', () => {
    const {shown, written, after} = display({isTTY: true})
    for (let second = 0; second <= 30; second++) {
      const done = second <= 10 ? second * 1_000_000 : 10_000_000 + (second - 10) * 100_000
      shown.listen({stage: 'a', state: 'running', done, total: 20_000_000, isEstimate: true})
      after(1000)
    }
    expect(written[5]).to.equal(paint('a … 5 MB of about 20 MB, 1 MB/s, 15.0 s left'))
    expect(written.at(-1)).to.equal(paint('a … 12 MB of about 20 MB, 100 kB/s, 1 min 20 s left'))
  })

  it('is never wider than the terminal, and prints no control characters of a stage', () => {
    const {shown, written} = display({isTTY: true, columns: 30})
    shown.listen({stage: `Reading \u001b[2J/${'x'.repeat(100)}`, state: 'running'})
    shown.listen({stage: 'a\nb', state: 'done', note: '\u001b]0;x\u0007'})
    expect(written).to.deep.equal([
      paint(`Reading ?[2J/${'x'.repeat(100)}`.slice(0, 29)),
      paint(''),
      'a?b: ?]0;x?, 0 ms\n',
    ])
  })

  it('is cut by columns', () => {
    const {shown, written} = display({isTTY: true, columns: 30})
    shown.listen({stage: `/写真/${'日本語👍🏽'.repeat(10)}`, state: 'running'})
    expect(written).to.deep.equal([paint('/写真/日本語👍🏽日本語👍🏽日本語')])
  })

  it('assumes 80 columns if the terminal does not know its width', () => {
    const {shown, written} = display({isTTY: true, columns: 0})
    shown.listen({stage: 'x'.repeat(100), state: 'running'})
    expect(written).to.deep.equal([paint('x'.repeat(79))])
  })

  it('is cleared once, before other output', () => {
    const {shown, written} = display({isTTY: true})
    shown.clear()
    shown.listen({stage: 'Reading', state: 'running'})
    shown.clear()
    shown.clear()
    expect(written).to.deep.equal([paint('Reading …'), paint('')])
  })
})

describe('current state', () => {
  it('is painted on a terminal each time, and cleared before a line', () => {
    const {shown, written} = display({isTTY: true})
    shown.show('shop: scanning')
    shown.show('shop: \u0007in sync')
    shown.clear()
    expect(written).to.deep.equal([paint('shop: scanning'), paint('shop: ?in sync'), paint('')])
  })

  it('is not printed without a terminal', () => {
    const {shown, written} = display()
    shown.show('shop: in sync')
    shown.clear()
    expect(written).to.deep.equal([])
  })
})
