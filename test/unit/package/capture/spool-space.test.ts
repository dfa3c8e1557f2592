import {expect} from 'chai'
import {tmpdir} from 'node:os'
import {checkSpoolSpace} from '../../../../src/lib/package/capture/spool-space.js'
import {thrown} from '../../../support/thrown.js'
import {planWith, volume} from '../plan.js'

describe('space for recordings', () => {
  const mounts = [{...volume, bytes: 2 ** 60}]

  it('is refused if there is too little, with what would help', async () => {
    const error = await thrown(checkSpoolSpace([planWith({}, {mounts})]))
    expect(error).to.include({code: 'spool-failed', exitCode: 1})
    expect(error.message).to.include(`free in ${tmpdir()}. Nothing was paused.`)
    expect(error)
      .to.have.nested.property('data.needed')
      .above(2 ** 60)
  })

  it('is enough for small mounts, for those that are left out, and if nothing is recorded', async () => {
    await checkSpoolSpace([planWith()])
    await checkSpoolSpace([planWith({}, {mounts: [{...volume, bytes: 2 ** 60, included: false}]})])
    await checkSpoolSpace([planWith({}, {mounts, pause: 'stream'})])
  })
})
