import {expect} from 'chai'
import {observed} from '../../../../src/lib/sync/observe-syncs.js'
import {containerResult} from '../../../../src/lib/tap/life/life-result.js'
import {containerNames, destroyText, stopText} from '../../../../src/lib/tap/life/life-text.js'
import {session} from '../../sync/example-session.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

describe('what became of a tap', () => {
  const [app, database] = [exampleContainer('shop-main', TAP_LABELS), exampleContainer('shop-main-db-1', TAP_LABELS)]
  const where = {tap: 'shop', folder: '/home/me/shop', branch: 'main'}
  const sync = (outcome: 'done' | 'failed' | 'planned') => ({
    ...observed(session(), 'main', null),
    outcome,
    error: null,
  })

  it('is told line by line once it is stopped', () => {
    const containers = [containerResult(app, 'stopped'), containerResult(database, 'unchanged')]
    expect(stopText({...where, containers, syncs: [sync('done'), sync('failed')]}).split('\n')).to.deep.equal([
      'Paused shop (/home/me/shop -> shop-dev:/app)',
      'Stopped shop-main',
      'Not running already: shop-main-db-1',
    ])
    const planned = [containerResult(app, 'planned')]
    expect(stopText({...where, containers: planned, syncs: [sync('planned')]}).split('\n')).to.deep.equal([
      'Would pause shop (/home/me/shop -> shop-dev:/app)',
      'Would stop shop-main',
    ])
    expect(stopText({...where, containers: [], syncs: []})).to.equal('')
  })

  it('is told line by line once it is destroyed', () => {
    const rest = {networks: ['shop-main_default'], volumes: ['data'], images: ['shop:develop']}
    const containers = [containerResult(app, 'removed')]
    expect(destroyText({...where, ...rest, containers, syncs: [sync('done')]}).split('\n')).to.deep.equal([
      'Ended shop (/home/me/shop -> shop-dev:/app)',
      'Removed shop-main',
      'Removed network shop-main_default',
      'Removed volume data',
      'Removed image shop:develop',
    ])
    const planned = [containerResult(app, 'planned')]
    expect(destroyText({...where, ...rest, containers: planned, syncs: []}).split('\n')).to.deep.equal([
      'Would remove shop-main',
      'Would remove network shop-main_default',
      'Would remove volume data',
      'Would remove image shop:develop',
    ])
  })

  it('is a name a line for scripts', () => {
    expect(containerNames([containerResult(app, 'stopped'), containerResult(database, 'stopped')])).to.equal(
      'shop-main\nshop-main-db-1',
    )
  })
})
