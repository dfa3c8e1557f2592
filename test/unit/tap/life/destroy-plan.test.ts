import {expect} from 'chai'
import {
  destroyPlanLines,
  destroyQuestion,
  isNothing,
  keptVolumesText,
  type DestroyPlan,
} from '../../../../src/lib/tap/life/destroy-plan.js'
import {NO_LOSSES} from '../../../../src/lib/tap/containers/losses.js'
import {session} from '../../sync/example-session.js'
import {exampleContainer, TAP_LABELS} from '../example-container.js'

describe('destroy plan', () => {
  const tap = {
    name: 'shop',
    folder: '/home/me/shop',
    linkedFolder: '/home/me/shop',
    branch: 'main',
    commit: undefined,
    isGone: false,
  }
  const nothing: DestroyPlan = {
    containers: [],
    losses: new Map(),
    syncs: [],
    syncsProblem: undefined,
    networks: [],
    sharedNetworks: ['keg-hub-net'],
    volumes: [],
    keptVolumes: [],
    images: [],
    sharedProjects: [],
  }
  const app = exampleContainer('shop-main', TAP_LABELS, {Id: 'a'})
  const database = exampleContainer('shop-main-db-1', TAP_LABELS, {Id: 'b'})

  it('is empty if nothing of the tap exists', () => {
    expect(isNothing(nothing)).to.equal(true)
    expect(isNothing({...nothing, syncs: [session()]})).to.equal(false)
  })

  it('says which volumes are kept', () => {
    expect(keptVolumesText(nothing, false)).to.equal(undefined)
    expect(keptVolumesText({keptVolumes: ['shop_data']}, false)).to.equal(
      'The volume shop_data is kept, with its data. --volumes removes what was made for this tap.',
    )
    expect(keptVolumesText({keptVolumes: ['shared', 'x\u001b[2J']}, true)).to.match(
      /^The volumes shared, x[^\u001b]* are kept, with their data: not made for this tap alone\.$/,
    )
  })

  it('is printed line by line, with the losses', () => {
    const conflict = {root: 'a.txt', alpha: [], beta: []}
    const plan = {
      ...nothing,
      containers: [app, database],
      losses: new Map([
        ['a', {...NO_LOSSES, lost: ['/etc/a', '/etc/b', '/etc/c', '/etc/d\u001b[2J']}],
        ['b', {...NO_LOSSES, volumes: ['/data'], reproducible: ['/app/node_modules']}],
      ]),
      syncs: [session({conflicts: [conflict]}), session({name: 'shop-core'})],
      networks: ['shop-main_default'],
      volumes: ['shop-main_data'],
      images: ['ghcr.io/acme/shop:develop'],
    }
    expect(destroyPlanLines(plan)).to.deep.equal([
      '  sync shop, 1 conflict: what the container has is lost',
      '  sync shop-core',
      '  container shop-main (running, in it alone: /etc/a, /etc/b, /etc/c and 1 more)',
      '  container shop-main-db-1 (running, in it alone: /data (anonymous volume), comes back by itself: /app/node_modules)',
      '  network shop-main_default',
      '  volume shop-main_data, with its data',
      '  image ghcr.io/acme/shop:develop',
    ])
    expect(destroyQuestion(tap, plan)).to.equal(
      'shop-main, shop-main-db-1 have data that is nowhere else. Destroy this of the tap shop?',
    )
    expect(destroyQuestion(tap, {...plan, losses: new Map()})).to.equal('Destroy this of the tap shop?')
  })
})
