import {expect} from 'chai'
import {observed} from '../../../../src/lib/sync/observe-syncs.js'
import {containerResult} from '../../../../src/lib/tap/life/life-result.js'
import {containerNames, destroyText, stopText} from '../../../../src/lib/tap/life/life-text.js'
import {session} from '../../sync/example-session.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

describe('result of a stop or destroy', () => {
  const [app, database] = [exampleContainer('shop-main', TAP_LABELS), exampleContainer('shop-main-db-1', TAP_LABELS)]
  const where = {tap: 'shop', folder: '/home/me/shop', branch: 'main'}
  const sync = (outcome: 'done' | 'failed' | 'planned') => ({
    ...observed(session(), 'main', null),
    outcome,
    error: null,
  })

  it('is printed line by line after a stop', () => {
    const containers = [containerResult(app, 'stopped'), containerResult(database, 'unchanged')]
    expect(stopText({...where, containers, syncs: [sync('done'), sync('failed')]}).split('\n')).to.deep.equal([
      'Paused shop (/home/me/shop -> shop-dev:/app)',
      'Stopped shop-main',
      'Already stopped: shop-main-db-1',
    ])
    const planned = [containerResult(app, 'planned')]
    expect(stopText({...where, containers: planned, syncs: [sync('planned')]}).split('\n')).to.deep.equal([
      'Would pause shop (/home/me/shop -> shop-dev:/app)',
      'Would stop shop-main',
    ])
    expect(stopText({...where, containers: [], syncs: []})).to.equal('')
  })

  it('is printed line by line after a destroy', () => {
    const rest = {networks: ['shop-main_default'], volumes: ['data'], images: ['shop:develop'], keptVolumes: []}
    const containers = [containerResult(app, 'removed')]
    const done = destroyText({...where, ...rest, containers, syncs: [sync('done')]}, {dryRun: false})
    expect(done.split('\n')).to.deep.equal([
      'Ended shop (/home/me/shop -> shop-dev:/app)',
      'Removed shop-main',
      'Removed network shop-main_default',
      'Removed volume data',
      'Removed image shop:develop',
    ])
    const planned = [containerResult(app, 'planned')]
    expect(destroyText({...where, ...rest, containers: planned, syncs: []}, {dryRun: true}).split('\n')).to.deep.equal([
      'Would remove shop-main',
      'Would remove network shop-main_default',
      'Would remove volume data',
      'Would remove image shop:develop',
    ])
    const volumes = {...rest, networks: [], images: [], containers: [], syncs: []}
    expect(destroyText({...where, ...volumes}, {dryRun: true})).to.equal('Would remove volume data')
  })

  it('is one name per line for scripts', () => {
    expect(containerNames([containerResult(app, 'stopped'), containerResult(database, 'stopped')])).to.equal(
      'shop-main\nshop-main-db-1',
    )
  })
})
