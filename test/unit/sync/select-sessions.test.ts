import {expect} from 'chai'
import {mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {Choice, Prompt} from '../../../src/lib/terminal/prompt.js'
import {selectSessions, type SelectSessionsOptions} from '../../../src/lib/sync/select-sessions.js'
import {labelValue, SYNC_LABELS} from '../../../src/lib/mutagen/session-labels.js'
import type {SyncSession} from '../../../src/lib/mutagen/session.js'
import type {Work} from '../../../src/lib/work/work.js'
import {thrown} from '../../support/thrown.js'
import {endpoint, session} from './example-session.js'

describe('selectSessions', () => {
  let folder: string
  let shop: SyncSession
  let api: SyncSession
  let docs: SyncSession
  let foreign: SyncSession

  before(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'keg-select-')))
    for (const path of ['team/.git', 'team/shop/src', 'team/api', 'docs'])
      mkdirSync(join(folder, path), {recursive: true})
    symlinkSync(join(folder, 'docs'), join(folder, 'link'))
    shop = made('shop', 'team/shop', 'aa11')
    api = made('api', 'team/api', 'aa22')
    docs = made('docs', 'docs', 'bb33', 'docs dev')
    const host = 'cc44'.padEnd(64, '0')
    foreign = session({
      id: 'sync_foreign',
      name: 'foreign',
      labels: {},
      alpha: endpoint('local', {path: join(folder, 'team/shop/src')}),
      beta: endpoint('docker', {host}),
    })
  })
  after(() => rmSync(folder, {recursive: true}))

  const made = (name: string, place: string, container: string, containerName = `${name}-dev`): SyncSession =>
    session({
      id: `sync_${name}1234`,
      name,
      labels: {[SYNC_LABELS.own]: '1', [SYNC_LABELS.containerName]: labelValue(containerName)},
      alpha: endpoint('local', {path: join(folder, place)}),
      beta: endpoint('docker', {host: container.padEnd(64, '0')}),
    })
  const nobody: Prompt = {
    isInteractive: false,
    confirm: () => Promise.reject(new Error('asked')),
    choose: () => Promise.reject(new Error('asked')),
    text: () => Promise.reject(new Error('asked')),
  }
  const select = async (
    targets: string[],
    changes: Partial<SelectSessionsOptions & Pick<Work, 'folder' | 'prompt'>> = {},
  ): Promise<string[]> => {
    const sessions = [shop, api, docs, foreign]
    const options = {sessions, targets, all: false, several: 'ask', ...changes} as const
    const found = await selectSessions({folder, prompt: nobody, ...changes}, options)
    return found.map(({name, id}) => name ?? id)
  }

  it('finds a session by its name, id, or the beginning of its id', async () => {
    expect(await select(['shop'])).to.deep.equal(['shop'])
    expect(await select([shop.id])).to.deep.equal(['shop'])
    expect(await select(['sync_sh'])).to.deep.equal(['shop'])
  })

  it('finds the sessions of a container by its name, id, or the beginning of its id', async () => {
    const second = session({...shop, id: 'sync_second', name: 'second'})
    const sessions = [shop, second, api, docs, foreign]
    const whole = shop.beta.host ?? ''
    for (const container of ['shop-dev', whole, 'aa11'])
      expect(await select([container], {sessions}), container).to.deep.equal(['shop', 'second'])
    expect(await select(['docs dev']), 'a name that no label can hold').to.deep.equal(['docs'])
  })

  it('finds the sessions of a folder and of folders in it, through symlinks too, or else of its parent', async () => {
    expect(await select(['team'])).to.deep.equal(['shop', 'api'])
    expect(await select([join(folder, 'team/shop')])).to.deep.equal(['shop'])
    expect(await select(['link'])).to.deep.equal(['docs'])
    expect(await select(['.'], {folder: join(folder, 'docs')})).to.deep.equal(['docs'])
    expect(await select(['team/shop'], {sessions: [made('above', 'team', 'dd')]})).to.deep.equal(['above'])
  })

  it('finds the sessions of a missing folder', async () => {
    const gone = made('gone', 'team/gone', 'dd')
    expect(await select(['team/gone'], {sessions: [gone]})).to.deep.equal(['gone'])
  })

  it('returns each session once', async () => {
    expect(await select(['shop', 'shop-dev', 'api', 'team'])).to.deep.equal(['shop', 'api'])
  })

  it('finds all sessions of keg with --all, which allows no names', async () => {
    expect(await select([], {all: true})).to.deep.equal(['shop', 'api', 'docs'])
    expect(await thrown(select(['shop'], {all: true}))).to.include({code: 'usage-invalid', exitCode: 2})
  })

  it('finds the sessions of the current folder, and of its repository, without a name', async () => {
    expect(await select([], {folder: join(folder, 'docs')})).to.deep.equal(['docs'])
    const inside = join(folder, 'team/shop/src')
    expect(await select([], {folder: inside, several: 'all'})).to.deep.equal(['shop', 'api'])
    expect(await select([], {folder: tmpdir(), sessions: [], several: 'all'})).to.deep.equal([])
    const outside = mkdtempSync(join(tmpdir(), 'keg-select-'))
    try {
      const error = await thrown(select([], {folder: outside}))
      expect(error).to.include({code: 'sync-missing', exitCode: 2})
    } finally {
      rmSync(outside, {recursive: true})
    }
  })

  it('asks if several match, and lists them without a prompt', async () => {
    const inside = join(folder, 'team/api')
    const error = await thrown(select([], {folder: inside}))
    expect(error).to.include({code: 'sync-ambiguous', exitCode: 2})
    expect(error.message).to.contain('shop (').and.to.contain('api (')
    const byFlag = await thrown(select([], {folder: inside, targetFlag: '--sync'}))
    expect(byFlag).to.have.property('hint').that.contains('Name one or more of them with --sync,')
    expect(await thrown(select(['aa'])), 'two containers').to.include({code: 'sync-ambiguous'})
    expect(await select(['aa'], {several: 'all'})).to.deep.equal(['shop', 'api'])

    const shown: string[] = []
    const choose = <T>(_: string, choices: readonly Choice<T>[]): Promise<T> => {
      shown.push(...choices.map(({name}) => name))
      const last = choices.at(-1)
      return last === undefined ? Promise.reject(new Error('nothing')) : Promise.resolve(last.value)
    }
    const prompt = {...nobody, isInteractive: true, choose}
    expect(await select([], {folder: inside, prompt})).to.deep.equal(['shop', 'api'])
    expect(shown).to.have.length(3)
    expect(shown.at(-1)).to.equal('all of them')
  })

  it('never returns sessions that keg did not create', async () => {
    for (const target of ['foreign', foreign.id, foreign.beta.host ?? '', 'cc44', 'team/shop/src']) {
      const sessions = target === 'team/shop/src' ? [foreign] : undefined
      const error = await thrown(select([target], sessions === undefined ? {} : {sessions}))
      expect(error, target).to.include({code: 'sync-foreign', exitCode: 3})
    }
    const twin = session({...foreign, name: 'shop'})
    expect(await select(['shop'], {sessions: [twin, shop]})).to.deep.equal(['shop'])
  })

  it('refuses a wrong name, even in a synced folder, and lists the sessions', async () => {
    const error = await thrown(select(['shup'], {folder: join(folder, 'team/shop')}))
    expect(error).to.include({code: 'sync-unknown', exitCode: 2})
    expect(error).to.have.property('hint').that.contains('Did you mean shop?').and.contains('docs (')
    const none = await thrown(select(['shop'], {sessions: [foreign]}))
    expect(none).to.have.property('hint').that.contains('keg sync create')
    expect(await thrown(select(['sync_']))).to.include({code: 'sync-ambiguous'})
    expect((await thrown(select(['a\u001B[31mb']))).message).not.to.contain('\u001B')
  })
})
