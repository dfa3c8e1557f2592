import {expect} from 'chai'
import {doomedLines, doomedQuestion, isNothing, type Doomed} from '../../../../src/lib/tap/life/doomed.js'
import {session} from '../../sync/example-session.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

describe('what goes with a tap', () => {
  const tap = {
    name: 'shop',
    folder: '/home/me/shop',
    linkedFolder: '/home/me/shop',
    branch: 'main',
    commit: undefined,
    isGone: false,
  }
  const nothing: Doomed = {
    containers: [],
    changes: new Map(),
    syncs: [],
    syncsProblem: undefined,
    networks: [],
    sharedNetworks: ['keg-hub-net'],
    volumes: [],
    images: [],
    sharedProjects: [],
  }
  const app = exampleContainer('shop-main', TAP_LABELS, {Id: 'a'})
  const database = exampleContainer('shop-main-db-1', TAP_LABELS, {Id: 'b'})

  it('is nothing where there is none of it', () => {
    expect(isNothing(nothing)).to.equal(true)
    expect(isNothing({...nothing, syncs: [session()]})).to.equal(false)
  })

  it('is shown line by line, with what is lost', () => {
    const conflict = {root: 'a.txt', alpha: [], beta: []}
    const doomed = {
      ...nothing,
      containers: [app, database],
      changes: new Map([
        ['a', ['/etc/a', '/etc/b', '/etc/c', '/etc/d\u001b[2J']],
        ['b', []],
      ]),
      syncs: [session({conflicts: [conflict]}), session({name: 'shop-core'})],
      networks: ['shop-main_default'],
      volumes: ['shop-main_data'],
      images: ['ghcr.io/acme/shop:develop'],
    }
    expect(doomedLines(doomed)).to.deep.equal([
      '  sync shop, 1 conflict: what the container has is lost',
      '  sync shop-core',
      '  container shop-main (running, changed in it alone: /etc/a, /etc/b, /etc/c and 1 more)',
      '  container shop-main-db-1 (running)',
      '  network shop-main_default',
      '  volume shop-main_data, with all that is in it',
      '  image ghcr.io/acme/shop:develop',
    ])
    expect(doomedQuestion(tap, doomed)).to.equal(
      'shop-main has changes that are nowhere else (keg tap package keeps them). Destroy this of the tap shop?',
    )
    expect(doomedQuestion(tap, {...doomed, changes: new Map()})).to.equal('Destroy this of the tap shop?')
  })
})
