import {expect} from 'chai'
import {mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {withLock} from '../../../src/lib/lock/file-lock.js'
import {thrown} from '../../support/thrown.js'

describe('the file lock', () => {
  let folder: string
  let turns: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-turn-'))
    turns = join(folder, 'keg/sync/turns')
  })
  afterEach(() => rm(folder, {force: true, recursive: true}))

  async function turn<T>(work: () => Promise<T>, signal = new AbortController().signal): Promise<T> {
    return withLock({environment: {XDG_STATE_HOME: folder}, signal}, 'sync', work)
  }

  const files = async (): Promise<string[]> => readdir(turns)

  it('is held by one at a time, and everybody gets it', async () => {
    let working = 0
    let most = 0
    const work = async (): Promise<void> => {
      most = Math.max(most, ++working)
      await wait(5)
      working--
    }
    await Promise.all(Array.from({length: 20}, async () => turn(work)))
    expect(most).to.equal(1)
    expect(await thrown(turn(() => Promise.reject(new Error('failed'))))).to.have.property('message', 'failed')
    expect(await files()).to.deep.equal([])
  })

  it('is separate for each name, so that others can work at the same time', async () => {
    const common = {environment: {XDG_STATE_HOME: folder}, signal: new AbortController().signal}
    const shop = withLock(common, {subject: 'start', name: 'shop-main'}, async () => {
      await withLock(common, {subject: 'start', name: 'shop'}, async () => wait(5))
      return readdir(join(folder, 'keg/start/turns'))
    })
    expect(await shop).to.have.length(1)
  })

  it('is not held by a dead keg, or by an invalid file', async () => {
    const own = await turn(async () => readFile(join(turns, (await files())[0] ?? ''), 'utf8'))
    const dead = {...(JSON.parse(own) as object), pid: 2 ** 22 + 1}
    await writeFile(join(turns, '0-broken.json'), '{')
    await writeFile(join(turns, '0-dead.json'), JSON.stringify(dead))
    expect(await turn(files)).to.have.length(1)
  })

  it('is waited for until a signal comes', async () => {
    const abort = new AbortController()
    await turn(async () => {
      const waiting = thrown(turn(files, abort.signal))
      await wait(50)
      abort.abort(new Error('enough'))
      expect(await waiting).to.have.property('message', 'enough')
      expect(await files()).to.have.length(1)
    })
  })

  it('fails if its folder cannot be written', async () => {
    await writeFile(join(folder, 'keg'), '')
    expect(await thrown(turn(files))).to.include({code: 'state-unwritable', exitCode: 1})
  })
})
