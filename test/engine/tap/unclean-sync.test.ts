import {expect} from 'chai'
import {docker} from '../../support/docker.js'
import {pageFile, servingTap} from '../../support/tap-shapes.js'
import {editPage, TapBed} from '../../support/taps.js'

describe('a tap whose sync is not clean @containerd', function () {
  this.timeout(120_000)
  let bed: TapBed

  before(async () => {
    bed = await TapBed.start()
  })
  after(async () => bed.stop())

  it('makes a dry run of keg tap package fail like a real one, until the advice was followed', async () => {
    const tap = await bed.tap(servingTap)
    const {container} = await bed.startTap(tap)
    const [session] = await bed.sessionsOf(tap.folder)
    const id = session?.identifier ?? ''
    await bed.mutagen.run('sync', 'pause', id)
    await docker(['exec', container, 'sh', '-c', `echo there >/app/${pageFile}`])
    await editPage(tap.folder, 'Here.\n')
    await bed.mutagen.run('sync', 'resume', id)

    const words = ['tap', 'package', tap.name, '--no-push', '-t', 'x', '--json']
    const planned = await bed.keg([...words, '--dry-run'])
    expect(planned.code, planned.stdout).to.equal(3)
    const {error} = planned.json() as {error: {code: string; hint: string; message: string}}
    expect(error.code).to.equal('sync-unclean')
    expect(error.message).to.include(`conflict ${pageFile}`)
    const real = await bed.keg(words)
    expect(real.code).to.equal(3)
    expect(real.json()).to.deep.equal(planned.json())

    await bed.kegSucceeds(['sync', 'resolve', '--keep', 'folder', '--yes'], {cwd: tap.folder})
    const plan = (await bed.kegSucceeds([...words, '--dry-run'])).json()
    const made = (await bed.kegSucceeds(words)).json()
    bed.sandbox.addImage(String(made.reference))
    expect(made).to.include({reference: plan.reference, container: plan.container})
    expect(Math.abs(Number(plan.bytes) / Number(made.bytes) - 1)).to.be.lessThan(0.05)
    expect(await docker(['run', '--rm', String(made.reference), 'cat', `/app/${pageFile}`])).to.equal('Here.')
  })
})
