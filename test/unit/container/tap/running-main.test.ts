import {expect} from 'chai'
import {runningMain} from '../../../../src/lib/container/tap/running-main.js'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import type {Tap} from '../../../../src/lib/tap-folder/tap.js'
import {exampleContainer, TAP_LABELS} from '../../tap/example-container.js'

describe("a tap's own container", () => {
  const tap = {name: 'shop', folder: '/home/me/shop', branch: 'main'}
  const of = (state: Partial<ContainerDetails['State']>): ContainerDetails => {
    const container = exampleContainer('shop-main', TAP_LABELS)
    return {...container, State: {...container.State, ...state}}
  }
  const problem = (
    main: ContainerDetails | undefined,
    where: Pick<Tap, 'branch' | 'folder' | 'name'> = tap,
  ): unknown => {
    try {
      return runningMain({main}, where)
    } catch (error) {
      return error
    }
  }

  it('is the one that runs', () => {
    const main = of({})
    expect(runningMain({main}, tap)).to.equal(main)
  })

  it('is an error with advice if it is missing or does not run', () => {
    expect(problem(undefined)).to.include({
      code: 'tap-not-started',
      message: 'The tap shop has no container for branch main in /home/me/shop.',
    })
    expect(problem(undefined, {...tap, branch: undefined})).to.include({
      message: 'The tap shop has no container for /home/me/shop.',
    })
    expect(problem(of({Running: false}))).to.include({
      code: 'container-stopped',
      hint: 'Start it with: keg tap restart shop',
    })
    expect(problem(of({Paused: true}))).to.include({
      code: 'container-stopped',
      hint: 'Unpause it with: docker unpause shop-main',
    })
  })
})
