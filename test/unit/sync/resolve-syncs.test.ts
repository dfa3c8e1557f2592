import {expect} from 'chai'
import {resolveSyncs} from '../../../src/lib/sync/resolve/resolve-syncs.js'
import {testWork} from '../../support/work.js'
import {StandInMutagen} from './stand-in-mutagen.js'

describe('resolving conflicts', () => {
  let mutagen: StandInMutagen

  beforeEach(async () => {
    mutagen = await StandInMutagen.install()
  })
  afterEach(() => mutagen.remove())

  const conflict = (path: string): object => ({
    root: path,
    alphaChanges: [{path, old: {kind: 'file'}, new: {kind: 'file'}}],
    betaChanges: [{path, old: {kind: 'file'}, new: {kind: 'file'}}],
  })
  const sides = {asked: 0}
  const side = (): Promise<'container'> => {
    sides.asked++
    return Promise.resolve('container')
  }
  const options = {side, targets: ['shop'], all: false, dryRun: true, force: true, targetFlag: '--sync', paths: []}

  beforeEach(() => (sides.asked = 0))

  it('asks for the side only if there are conflicts, and once', async () => {
    await mutagen.set({})
    await using work = testWork({environment: mutagen.environment})
    const {syncs} = await resolveSyncs(work, options)
    expect(syncs).to.have.nested.property('[0].resolved').that.deep.equals([])
    expect(sides.asked).to.equal(0)
    await mutagen.set({conflicts: [conflict('a.txt'), conflict('b.txt')]})
    await resolveSyncs(work, options)
    expect(sides.asked).to.equal(1)
  })

  it('shows in a dry run what would be overwritten, asks nothing and changes nothing', async () => {
    await mutagen.set({conflicts: [conflict('a.txt'), conflict('b.txt')]})
    const notices: string[] = []
    await using work = testWork({environment: mutagen.environment, notice: (text) => notices.push(text)})
    const {syncs} = await resolveSyncs(work, {...options, paths: ['b.txt']})
    expect(syncs).to.have.nested.property('[0].outcome', 'planned')
    expect(notices.join('\n')).to.equal(
      'These paths in the folder get what the container has:\n  /home/me/shop/b.txt: changed',
    )
    expect(await mutagen.asked()).to.deep.equal([])
  })
})
