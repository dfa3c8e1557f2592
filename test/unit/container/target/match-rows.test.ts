import {expect} from 'chai'
import type {ContainerRow} from '../../../../src/lib/engine/types.js'
import {exactly, named, rowsOfFolder} from '../../../../src/lib/container/target/match-rows.js'

const folder = '/work/shop'

/** A container of the service web in the project shop, unless the labels say otherwise. */
function row(name: string, labels: Readonly<Record<string, string>> = {}, State = 'running'): ContainerRow {
  const compose = {
    'com.docker.compose.project': 'shop',
    'com.docker.compose.service': 'web',
    'com.docker.compose.project.working_dir': folder,
    'com.docker.compose.container-number': '1',
    'com.docker.compose.oneoff': 'False',
  }
  const id = Buffer.from(name).toString('hex').padEnd(64, '0')
  return {
    Id: id,
    Names: [`/${name}`],
    Image: 'shop',
    ImageID: 'sha256:1',
    State,
    Created: 0,
    Labels: {...compose, ...labels},
  }
}

const oneOff = row('shop-web-run-0a1b', {'com.docker.compose.oneoff': 'True'})
const second = row('shop-web-2', {'com.docker.compose.container-number': '2'})
const elsewhere = row('other-web-1', {
  'com.docker.compose.project': 'other',
  'com.docker.compose.project.working_dir': '/work/other',
})
const web = row('shop-web-1')

const names = (rows: readonly ContainerRow[]): string[] => rows.map(({Names}) => (Names?.[0] ?? '').slice(1))
const service = (...rows: ContainerRow[]): string[] => names(named(rows, [folder], 'web'))
const inFolder = (...rows: ContainerRow[]): string[] => names(rowsOfFolder(rows, [folder], 'main'))

describe('the containers of a service and of a folder', () => {
  it('are its own, never those of docker compose run, whatever the engine’s order', () => {
    for (const rows of [
      [web, oneOff, elsewhere],
      [elsewhere, oneOff, web],
    ]) {
      expect(service(...rows)).to.deep.equal(['shop-web-1'])
      expect(inFolder(...rows)).to.deep.equal(['shop-web-1'])
    }
  })

  it('are none if there are only one-offs, however compose wrote the label', () => {
    for (const value of ['True', 'true', 'TRUE']) {
      const other = row('other-run', {'com.docker.compose.oneoff': value})
      expect(service(other)).to.deep.equal([])
      expect(inFolder(other)).to.deep.equal([])
    }
  })

  it('are still found by name or id if they are one-offs', () => {
    expect(names(exactly([web, oneOff], 'shop-web-run-0a1b'))).to.deep.equal(['shop-web-run-0a1b'])
    expect(names(exactly([web, oneOff], oneOff.Id))).to.deep.equal(['shop-web-run-0a1b'])
    expect(names(named([web, oneOff], [folder], oneOff.Id.slice(0, 30)))).to.deep.equal(['shop-web-run-0a1b'])
  })

  it('are all those of a scaled service', () => {
    expect(service(web, second, oneOff)).to.deep.equal(['shop-web-1', 'shop-web-2'])
  })

  it('exclude what compose left behind when it recreated one', () => {
    for (const state of ['created', 'exited', 'dead', 'removing']) {
      const old = row('0a1b2c_shop-web-1', {}, state)
      expect(service(old, web), state).to.deep.equal(['shop-web-1'])
      expect(inFolder(old, web, second), state).to.deep.equal(['shop-web-1', 'shop-web-2'])
      expect(service(old), state).to.deep.equal(['0a1b2c_shop-web-1'])
    }
    expect(service(row('old', {}, 'exited'), row('new', {}, 'restarting'))).to.deep.equal(['new'])
    expect(service(row('old', {}, 'exited'), row('older', {}, 'exited'))).to.deep.equal(['old', 'older'])
  })

  it('include stopped ones of other services, numbers or projects', () => {
    const database = row('shop-db-1', {'com.docker.compose.service': 'db'}, 'exited')
    const project = row('b-web-1', {'com.docker.compose.project': 'b'}, 'exited')
    expect(inFolder(web, database)).to.deep.equal(['shop-web-1', 'shop-db-1'])
    expect(service(web, project)).to.deep.equal(['shop-web-1', 'b-web-1'])
    expect(service(web, row('shop-web-2', {'com.docker.compose.container-number': '2'}, 'exited'))).to.have.length(2)
  })
})
