import {expect} from 'chai'
import {findEndpoint} from '../../../src/lib/engine/endpoint.js'
import {isSideOf, sessionsInto} from '../../../src/lib/mutagen/into-container.js'
import {CONTAINER, endpoint, session} from '../sync/example-session.js'

const environment = {HOME: '/nonexistent', DOCKER_HOST: 'unix:///run/one.sock'}

describe('the sessions into a container', () => {
  const into = async (host: string, of: Readonly<Record<string, string>> = {}): Promise<boolean> => {
    const place = {id: CONTAINER, name: '/shop-dev', endpoint: await findEndpoint(environment)}
    const found = await sessionsInto(
      {environment},
      [session({beta: endpoint('docker', {host, environment: of})})],
      place,
    )
    return found.length === 1
  }

  it('are those that name it by its id, or by the short id that docker shows', async () => {
    expect(await into(CONTAINER)).to.equal(true)
    expect(await into(CONTAINER.slice(0, 12))).to.equal(true)
    expect(await into(CONTAINER.slice(0, 11))).to.equal(false)
    expect(await into(`${CONTAINER.slice(0, 12)}1`)).to.equal(false)
  })

  it('are those that name it by its name, on its engine', async () => {
    expect(await into('shop-dev', {DOCKER_HOST: 'unix:///run/one.sock'})).to.equal(true)
    expect(await into('shop-dev', {DOCKER_HOST: 'unix:///run/other.sock'})).to.equal(false)
    // A session that names no engine uses its daemon's default, whatever engine keg uses.
    expect(await into('shop-dev')).to.equal(false)
    expect(await into('shop')).to.equal(false)
  })

  it('have it on either side, with the docker transport', async () => {
    const place = {id: CONTAINER, name: '/shop-dev', endpoint: await findEndpoint(environment)}
    const turned = session({alpha: endpoint('docker'), beta: endpoint('local')})
    const other = session({beta: {...endpoint('local'), protocol: 'ssh', host: CONTAINER}})
    expect(await sessionsInto({environment}, [turned, other], place)).to.deep.equal([turned])
    expect([isSideOf(turned, CONTAINER), isSideOf(other, CONTAINER)]).to.deep.equal([true, false])
  })
})
