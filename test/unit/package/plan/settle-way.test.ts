import {expect} from 'chai'
import {cheaperWay} from '../../../../src/lib/package/plan/settle-way.js'

const MEGABYTE = 1_000_000

describe('the cheaper way of a package', () => {
  const straight = {via: 'registry', isLoaded: false} as const
  const whole = {exportsWhole: true}
  const costs = (image: number, mounts: number) => ({imageBytes: image * MEGABYTE, mountBytes: mounts * MEGABYTE})

  it('is through the engine if the image, which is exported whole, is much larger than the mounts', () => {
    expect(cheaperWay(straight, whole, costs(600, 100))).to.deep.equal({
      via: 'engine',
      isLoaded: true,
      reason: {kind: 'image-larger', bytes: 600 * MEGABYTE},
    })
    expect(cheaperWay(straight, whole, costs(100, 0))).to.include({via: 'engine'})
  })

  it('is straight into the registry otherwise', () => {
    for (const each of [costs(600, 150), costs(99, 0), costs(0, 0)])
      expect(cheaperWay(straight, whole, each)).to.equal(straight)
    expect(cheaperWay(straight, {exportsWhole: false}, costs(2000, 0))).to.equal(straight)
  })

  it('is no other if the package goes through the engine, or nowhere', () => {
    const engine = {via: 'engine', isLoaded: true, reason: {kind: 'engine-elsewhere'}} as const
    const nowhere = {via: undefined, isLoaded: true}
    for (const way of [engine, nowhere]) expect(cheaperWay(way, whole, costs(600, 0))).to.equal(way)
  })
})
