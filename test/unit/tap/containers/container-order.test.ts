import {expect} from 'chai'
import {startOrder, waitsForHealth} from '../../../../src/lib/tap/containers/container-order.js'
import {exampleContainer} from '../example-container.js'

describe('the order of containers', () => {
  const of = (service: string, dependsOn = '', project = 'shop-main') =>
    exampleContainer(`${project}-${service}`, {
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
      'com.docker.compose.depends_on': dependsOn,
    })
  const order = (...containers: ReturnType<typeof of>[]): string[][] =>
    startOrder(containers).map((list) => list.map(({Name}) => Name))

  it('is that in which they wait for each other, side by side where they do not', () => {
    const app = of('app', 'database:service_healthy:false,cache:service_started:true')
    const cache = of('cache', 'storage:service_started:false')
    expect(order(app, of('database'), cache, of('storage'))).to.deep.equal([
      ['/shop-main-database', '/shop-main-storage'],
      ['/shop-main-cache'],
      ['/shop-main-app'],
    ])
    expect(order()).to.deep.equal([])
  })

  it('takes no service of another project, and none that is not there, for one that is waited for', () => {
    const app = of('app', 'database:service_started:false')
    expect(order(app, of('database', '', 'shop-feature'))).to.deep.equal([['/shop-main-app', '/shop-feature-database']])
    expect(order(of('one', 'gone:service_started:false'))).to.deep.equal([['/shop-main-one']])
    expect(order(exampleContainer('plain', {}), app)).to.deep.equal([['/plain', '/shop-main-app']])
  })

  it('ends where they wait in a circle', () => {
    expect(order(of('a', 'b:service_started:false'), of('b', 'a:service_started:false'))).to.deep.equal([
      ['/shop-main-a', '/shop-main-b'],
    ])
  })

  it('tells whose health is waited for', () => {
    const app = of('app', 'database:service_healthy:false,cache:service_started:true')
    expect(waitsForHealth(app, of('database'))).to.equal(true)
    expect(waitsForHealth(app, of('cache'))).to.equal(false)
    expect(waitsForHealth(app, of('other'))).to.equal(false)
  })
})
