import {expect} from 'chai'
import type {SyncSettings} from '../../../../src/lib/tap/folder/tap-folder.js'
import {mainSettings, mainSyncName, wishesOf} from '../../../../src/lib/tap/sync/sync-settings.js'
import {exampleTap, syncSettings, type ExampleTapOptions} from '../example-tap.js'

describe('how a tap is synced', () => {
  const nobodysWish = {owner: undefined, group: undefined, fileMode: undefined, directoryMode: undefined}

  it("is keg's own way where mutagen.yml says nothing", () => {
    const wishes = {mode: 'two-way-safe', ignore: [], ignoresVersionControl: true, permissions: nobodysWish}
    expect(wishesOf(undefined)).to.deep.equal(wishes)
    expect(wishesOf(syncSettings())).to.deep.equal(wishes)
  })

  it('is as mutagen.yml says', () => {
    const permissions = {owner: 'node', group: 'id:1000', fileMode: '0644', directoryMode: '0755'}
    const settings = syncSettings({mode: 'one-way-replica', ignoresVersionControl: false, ...permissions})
    expect(wishesOf(settings)).to.deep.equal({
      mode: 'one-way-replica',
      ignore: [],
      ignoresVersionControl: false,
      permissions,
    })
  })

  it('leaves out what mutagen.yml names in place of what keg does, or besides where it says so', () => {
    const table: [
      settings: Partial<SyncSettings>,
      ignores: readonly string[] | undefined,
      ignore: readonly string[],
    ][] = [
      [{ignores: ['cache']}, ['cache'], []],
      [{ignores: ['cache'], mergesDefaults: true}, undefined, ['cache']],
      [{ignores: []}, [], []],
      [{mergesDefaults: true}, undefined, []],
    ]
    for (const [settings, ignores, ignore] of table) {
      const wishes = wishesOf(syncSettings(settings))
      expect(wishes.ignores, JSON.stringify(settings)).to.deep.equal(ignores)
      expect(wishes.ignore, JSON.stringify(settings)).to.deep.equal(ignore)
    }
  })

  it('is by default as mutagen.yml says for all', () => {
    const syncs = new Map([
      ['core', syncSettings({remote: '/srv/core'})],
      ['defaults', syncSettings({mode: 'one-way-safe'})],
    ])
    const opened = exampleTap({files: {syncs}, values: {DOC_CORE_PATH: '/srv/core'}})
    expect(mainSettings(opened, 'shop-main')?.mode).to.equal('one-way-safe')
    expect(mainSettings(exampleTap(), 'shop-main')).to.equal(undefined)
  })

  it('is found in mutagen.yml by the name of container, link, alias or service, or by being the only one', () => {
    const of = (names: readonly string[], {files, ...options}: ExampleTapOptions = {}): string | undefined => {
      const syncs = new Map(names.map((name) => [name, syncSettings()]))
      return mainSyncName(exampleTap({...options, files: {...files, syncs}}), 'shop-main')
    }
    expect(of(['other', 'shop', 'shop-main'])).to.equal('shop-main')
    expect(of(['other', 'shop'])).to.equal('shop')
    expect(of(['other', 'old'], {values: {CONTAINER_NAME: 'old'}})).to.equal('old')
    expect(of(['other', 'evf'], {files: {alias: 'evf'}})).to.equal('evf')
    expect(of(['other', 'web'], {files: {services: ['web', 'other']}})).to.equal('web')
    expect(of(['other', 'api'], {values: {KEG_COMPOSE_SERVICE: 'api'}})).to.equal('api')
    expect(of(['whatever'])).to.equal('whatever')
    expect(of(['one', 'two'])).to.equal(undefined)
    expect(of(['defaults', 'whatever'])).to.equal('whatever')
    expect(of([])).to.equal(undefined)
    // That of a dependency is never meant.
    const values = {DOC_CORE_PATH: '/srv/core'}
    expect(of(['core'], {values})).to.equal(undefined)
    expect(of(['core', 'whatever'], {values})).to.equal('whatever')
  })
})
