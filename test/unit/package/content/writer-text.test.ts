import {expect} from 'chai'
import {
  plannedWriterText,
  writerQuestion,
  writerWarning,
  type UnpausedReason,
} from '../../../../src/lib/package/content/writer-text.js'

describe('text about writers', () => {
  const writer = {container: 'worker\u001b[2J', mounts: ['/data', '/srv'], paused: false}

  const table: [reason: UnpausedReason, next: RegExp][] = [
    ['not wanted', /Package again with --pause-writers to be sure\.$/],
    ['meanwhile', /started or unpaused while .* Package again to be sure\.$/],
    ['own', /which keg itself runs in .* Run keg outside of it to be sure\.$/],
  ]
  for (const [reason, next] of table)
    it(`names them, their mounts and what to do: ${reason}`, () => {
      expect(writerWarning(writer, reason)).to.match(next).and.contain('/data, /srv').and.not.contain('\u001b')
    })

  it('asks about all of them', () => {
    expect(writerQuestion(['a'], 'shop')).to.equal('Pause a too while shop is read?')
    expect(writerQuestion(['a', 'b'], 'shop')).to.equal('Pause a and b too while shop is read?')
    expect(writerQuestion(['a', 'b', 'c'], 'shop')).to.equal('Pause a, b and c too while shop is read?')
  })

  it('says in a plan which are paused, and how', () => {
    expect(plannedWriterText({container: 'a', mounts: ['/data'], paused: true})).to.equal(
      'a is running, and may write to /data: it is paused too meanwhile',
    )
    expect(plannedWriterText({container: 'a', mounts: ['/data'], paused: false})).to.contain('--pause-writers')
  })
})
