import {expect} from 'chai'
import {SinkProgress} from '../../../../src/lib/image/registry/sink-progress.js'

const MEGABYTE = 1_000_000

describe('the progress of an image that is sent', () => {
  let progress: SinkProgress

  beforeEach(() => {
    progress = new SinkProgress()
  })

  it('has the exact total if all sizes are known, and counts what is sent again once', () => {
    const [one, two] = [progress.add({size: 1000}), progress.add({size: 500})]
    one.add(600)
    two.add(300)
    two.add(-100)
    expect(progress.sent).to.equal(800)
    expect(progress.total).to.deep.equal({bytes: 1500, isEstimate: false})
  })

  it('has no total as long as nothing is known of a blob', () => {
    progress.add({size: 1000})
    const stream = progress.add({})
    expect(progress.total).to.equal(undefined)
    stream.compressed(100 * MEGABYTE, 10 * MEGABYTE)
    stream.add(7 * MEGABYTE)
    expect(progress.total, 'nobody knows how much follows').to.equal(undefined)
    stream.done()
    expect(progress.total).to.deep.equal({bytes: 7 * MEGABYTE + 1000, isEstimate: false})
  })

  it('estimates by how far a tar could be compressed until now, also those that wait', () => {
    const [stream] = [progress.add({tarSize: 100 * MEGABYTE}), progress.add({tarSize: 10 * MEGABYTE})]
    stream.compressed(MEGABYTE, 900_000)
    expect(progress.total, 'too little to know').to.equal(undefined)
    stream.compressed(20 * MEGABYTE, 5 * MEGABYTE)
    expect(progress.total).to.deep.equal({bytes: 27.5 * MEGABYTE, isEstimate: true})
  })

  it('leaves out what an earlier run sent', () => {
    const [whole, stream] = [progress.add({size: 10 * MEGABYTE}), progress.add({tarSize: 40 * MEGABYTE})]
    whole.skip(4 * MEGABYTE)
    stream.skip(5 * MEGABYTE)
    stream.compressed(20 * MEGABYTE, 10 * MEGABYTE)
    expect([progress.sent, progress.skipped]).to.deep.equal([0, 9 * MEGABYTE])
    expect(progress.total).to.deep.equal({bytes: 21 * MEGABYTE, isEstimate: true})
  })

  it('has a total that is never below what is sent', () => {
    const stream = progress.add({tarSize: 5 * MEGABYTE})
    stream.compressed(5 * MEGABYTE, 1000)
    stream.add(2000)
    expect(progress.total?.bytes).to.equal(2000)
  })
})
