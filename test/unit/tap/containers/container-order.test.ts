import {expect} from 'chai'
import {
  dependenciesOf,
  startOrder,
  waitsForEnd,
  waitsForHealth,
} from '../../../../src/lib/tap/containers/container-order.js'
import {exampleContainer} from '../example-container.js'

describe('container order', () => {
  const of = (service: string, dependsOn = '', project = 'shop-main') =>
    exampleContainer(`${project}-${service}`, {
      'com.docker.compose.project': project,
      'com.docker.compose.service': service,
      'com.docker.compose.depends_on': dependsOn,
    })
  const order = (...containers: ReturnType<typeof of>[]): string[][] =>
    startOrder(containers).map((list) => list.map(({Name}) => Name))

  it('follows the dependencies, and puts independent containers side by side', () => {
    const app = of('app', 'database:service_healthy:false,cache:service_started:true')
    const cache = of('cache', 'storage:service_started:false')
    expect(order(app, of('database'), cache, of('storage'))).to.deep.equal([
      ['/shop-main-database', '/shop-main-storage'],
      ['/shop-main-cache'],
      ['/shop-main-app'],
    ])
    expect(order()).to.deep.equal([])
  })

  it('ignores services of other projects, and missing ones', () => {
    const app = of('app', 'database:service_started:false')
    expect(order(app, of('database', '', 'shop-feature'))).to.deep.equal([['/shop-main-app', '/shop-feature-database']])
    expect(order(of('one', 'gone:service_started:false'))).to.deep.equal([['/shop-main-one']])
    expect(order(exampleContainer('plain', {}), app)).to.deep.equal([['/plain', '/shop-main-app']])
  })

  it('terminates with circular dependencies', () => {
    expect(order(of('a', 'b:service_started:false'), of('b', 'a:service_started:false'))).to.deep.equal([
      ['/shop-main-a', '/shop-main-b'],
    ])
  })

  it('finds the containers that must be healthy', () => {
    const app = of('app', 'database:service_healthy:false,cache:service_started:true')
    expect(waitsForHealth(app, of('database'))).to.equal(true)
    expect(waitsForHealth(app, of('cache'))).to.equal(false)
    expect(waitsForHealth(app, of('other'))).to.equal(false)
  })

  it('finds the containers that must have completed, and all direct and indirect dependencies', () => {
    const app = of('app', 'worker:service_started:false,migrate:service_completed_successfully:false')
    const [worker, migrate, database, other] = [of('worker', 'database:'), of('migrate'), of('database'), of('other')]
    expect(waitsForEnd(app, migrate)).to.equal(true)
    expect(waitsForEnd(app, worker)).to.equal(false)
    expect(dependenciesOf(app, [other, database, worker, migrate])).to.have.members([worker, database, migrate])
    expect(dependenciesOf(database, [app, worker])).to.deep.equal([])
  })
})
