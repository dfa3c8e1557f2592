import {expect} from 'chai'

import {servingTap, storedTap} from '../../support/tap-shapes.js'
import {page, TapBed, type LinkedTap} from '../../support/taps.js'
import {watchEngine, type EngineRequest} from '../package/watched-engine.js'

/** When Ctrl-C comes: before the engine has the request, or before keg has the response. */
type Moment = readonly [what: string, request: RegExp, moment: 'answered' | 'arriving']

const moments: readonly Moment[] = [
  ['before the image is pulled', /^POST \/images\/create$/, 'arriving'],
  ['when the network is made', /^POST \/networks\/create$/, 'answered'],
  ['before the container is made', /^POST \/containers\/create$/, 'arriving'],
  ['when the container is made', /^POST \/containers\/create$/, 'answered'],
  ['before the container is started', /^POST \/containers\/[^/]+\/start$/, 'arriving'],
  ['when the container is started', /^POST \/containers\/[^/]+\/start$/, 'answered'],
  ["when Mutagen's agent is started", /^POST \/exec\/[^/]+\/start$/, 'arriving'],
]

describe('keg tap start, interrupted @containerd', function () {
  this.timeout(180_000)
  let bed: TapBed
  let news: LinkedTap
  let board: LinkedTap
  let linked: string[]

  before(async () => {
    bed = await TapBed.start()
    news = await bed.tap(servingTap)
    board = await bed.tap(storedTap)
    linked = await bed.present()
  })
  after(async () => bed.stop())

  for (const [index, [what, request, moment]] of moments.entries())
    it(`leaves nothing, ${what}`, async () => {
      let stoppedAt: string | undefined
      const stop = async ({line}: EngineRequest): Promise<void> => {
        if (stoppedAt !== undefined || !request.test(line)) return
        stoppedAt = line
        running.kill('SIGINT')
        await untilItIsNoticed()
      }
      const engine = await watchEngine({[moment]: stop})
      const tap = index % 2 === 0 ? news : board
      const running = await bed.startKeg(['tap', 'start', tap.name, '--detach'], {env: {DOCKER_HOST: engine.host}})
      try {
        const {code, leftovers, stderr, stdout} = await running.ended
        expect(
          stoppedAt,
          `${String(request)} in ${engine.requests.map(({line}) => line).join('\n')}\n${stderr}`,
        ).to.be.a('string')
        expect(code, stderr).to.equal(130)
        expect(stdout).to.equal('')
        expect(stderr).to.match(/^Error: Stopped by SIGINT\.$/m)
        expect(leftovers).to.deep.equal([])
        expect(await bed.present(), stderr).to.deep.equal(linked)
      } finally {
        await engine.close()
      }
    })

  it('leaves an existing container and its sync alone', async () => {
    const {container, url} = await bed.startTap(news)
    await bed.kegSucceeds(['tap', 'stop', news.name])
    const engine = await watchEngine({
      async answered({line}) {
        if (!/^POST \/containers\/[^/]+\/start$/.test(line)) return
        running.kill('SIGINT')
        await untilItIsNoticed()
      },
    })
    const running = await bed.startKeg(['tap', 'start', news.name, '--detach'], {env: {DOCKER_HOST: engine.host}})
    const {code, stderr} = await running.ended
    await engine.close()
    expect(code, stderr).to.equal(130)
    expect(await bed.containers('{{.ID}}')).to.deep.equal([container.slice(0, 12)])
    expect(await bed.sessionsOf(news.folder)).to.have.length(1)

    const again = await bed.startTap(news)
    expect(again.container).to.equal(container)
    expect(await page(again.url)).to.equal(await page(url))
    await bed.kegSucceeds(['tap', 'destroy', news.name, '--yes'])
    expect(await bed.present()).to.deep.equal(linked)
  })
})

/** A process handles a signal with a delay: without waiting, it would do so at a later request. */
async function untilItIsNoticed(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50))
}
