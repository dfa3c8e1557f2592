import {expect} from 'chai'
import {mkdtempSync, readdirSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {
  containerStateFolder,
  findGoneContainers,
  readContainerState,
  rememberContainer,
} from '../../../src/lib/container/container-state.js'
import {engineWith} from './example-engine.js'

const [ONE, TWO, THREE] = ['1'.repeat(64), '2'.repeat(64), '3'.repeat(64)] as const

describe('the state of containers', () => {
  let home: string
  let environment: NodeJS.ProcessEnv
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-test-container-state-'))
    environment = {XDG_STATE_HOME: home}
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const remember = (id: string, there: readonly string[], engine = 'one'): Promise<string> =>
    rememberContainer({engine: engineWith(there, engine), environment}, {Id: id, Name: '/shop'}, {})

  it('keeps what it knows when it learns more', async () => {
    const work = {engine: engineWith([ONE]), environment}
    const container = {Id: ONE, Name: '/shop'}
    expect(await readContainerState(ONE, environment)).to.equal(undefined)
    await rememberContainer(work, container, {detached: true})
    await rememberContainer(work, container, {})
    await rememberContainer(work, container, {kept: true})
    const state = {engine: 'one', name: 'shop', detached: true, kept: true}
    expect(await readContainerState(ONE, environment)).to.deep.equal(state)
    await rememberContainer(work, container, {detached: false})
    expect(await readContainerState(ONE, environment)).to.deep.equal({...state, detached: false})
    expect(readdirSync(containerStateFolder(ONE, environment))).to.deep.equal(['container.json'])
  })

  it('drops containers that the same engine no longer has when another one is remembered', async () => {
    await remember(ONE, [ONE])
    await remember(TWO, [TWO], 'other engine')
    expect(await findGoneContainers(engineWith([ONE]), environment)).to.deep.equal([])
    expect(await findGoneContainers(engineWith([]), environment)).to.deep.equal([{id: ONE, name: 'shop'}])
    expect(await findGoneContainers(engineWith([], ''), environment)).to.deep.equal([])
    await remember(THREE, [THREE])
    expect(readdirSync(join(home, 'keg/containers')).sort()).to.deep.equal([TWO, THREE])
  })

  it('is never outside its folder', () => {
    expect(() => containerStateFolder('../../etc', environment)).to.throw('no id of a container')
  })
})
