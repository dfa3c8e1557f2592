import {expect} from 'chai'
import {mainSettings, mainSyncName, syncOptionsOf} from '../../../../src/lib/tap/sync/sync-settings.js'
import {exampleTap, syncSettings, type ExampleTapOptions} from '../example-tap.js'
import type {TapSyncSettings} from '../../../../src/lib/tap-folder/model.js'

describe('sync settings of a tap', () => {
  const nobodysWish = {owner: undefined, group: undefined, fileMode: undefined, directoryMode: undefined}

  it("are keg's defaults without mutagen.yml", () => {
    const wishes = {mode: 'two-way-safe', ignore: [], ignoresVersionControl: true, permissions: nobodysWish}
    expect(syncOptionsOf(undefined)).to.deep.equal(wishes)
    expect(syncOptionsOf(syncSettings())).to.deep.equal(wishes)
  })

  it('are those in mutagen.yml', () => {
    const permissions = {owner: 'node', group: 'id:1000', fileMode: '0644', directoryMode: '0755'}
    const settings = syncSettings({mode: 'one-way-replica', ignoresVersionControl: false, ...permissions})
    expect(syncOptionsOf(settings)).to.deep.equal({
      mode: 'one-way-replica',
      ignore: [],
      ignoresVersionControl: false,
      permissions,
    })
  })

  it("take ignores from mutagen.yml in place of keg's, or in addition to them with mergeDefault", () => {
    const table: [
      settings: Partial<TapSyncSettings>,
      ignores: readonly string[] | undefined,
      ignore: readonly string[],
    ][] = [
      [{ignores: ['cache']}, ['cache'], []],
      [{ignores: ['cache'], mergesDefaults: true}, undefined, ['cache']],
      [{ignores: []}, [], []],
      [{mergesDefaults: true}, undefined, []],
    ]
    for (const [settings, ignores, ignore] of table) {
      const wishes = syncOptionsOf(syncSettings(settings))
      expect(wishes.ignores, JSON.stringify(settings)).to.deep.equal(ignores)
      expect(wishes.ignore, JSON.stringify(settings)).to.deep.equal(ignore)
    }
  })

  it('fall back to the defaults in mutagen.yml', () => {
    const syncs = new Map([
      ['core', syncSettings({remote: '/srv/core'})],
      ['defaults', syncSettings({mode: 'one-way-safe'})],
    ])
    const opened = exampleTap({files: {syncs}, values: {DOC_CORE_PATH: '/srv/core'}})
    expect(mainSettings(opened, 'shop-main')?.mode).to.equal('one-way-safe')
    expect(mainSettings(exampleTap(), 'shop-main')).to.equal(undefined)
  })

  it('are found in mutagen.yml by the name of container, link, alias or service, or if they are the only ones', () => {
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
    // Those of a dependency never match.
    const values = {DOC_CORE_PATH: '/srv/core'}
    expect(of(['core'], {values})).to.equal(undefined)
    expect(of(['core', 'whatever'], {values})).to.equal('whatever')
  })
})
