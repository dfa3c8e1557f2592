import {expect} from 'chai'
import {findDependency, knownDependencies} from '../../../../src/lib/tap/sync/dependencies.js'
import {readDependency} from '../../../../src/lib/tap/sync/sync-folders.js'
import {thrown} from '../../../support/thrown.js'
import {exampleTap, syncSettings} from '../example-tap.js'

describe('dependencies of a tap', () => {
  const core = {DOC_CORE_PATH: '/srv/core'}

  it('are those with a folder in the container from a value or mutagen.yml', () => {
    const values = {
      DOC_APP_PATH: '/srv/app',
      DOC_BUILD_PATH: '/srv/build',
      DOC_CORE_PATH: '/srv/core',
      DOC_KEG_THEME_PATH: '/srv/theme',
      DOC_UI_KIT_PATH: '/srv/ui',
      DOC_EMPTY_PATH: '',
      DOC_PORT: '1',
    }
    const syncs = new Map([
      ['shop', syncSettings({remote: '/srv/app'})],
      ['keg-theme', syncSettings()],
      ['placed', syncSettings({remote: 'docker://shop/srv/placed'})],
      ['unplaced', syncSettings()],
    ])
    const opened = exampleTap({values, files: {syncs}, configuration: {paths: new Map([['ui_kit', '/ui']])}})
    expect(knownDependencies(opened)).to.deep.equal(['core', 'keg-theme', 'placed', 'ui_kit'])
    expect(knownDependencies(exampleTap())).to.deep.equal([])
  })

  it('have a local folder from the command line, a value, the configuration, a link or mutagen.yml, in this order', async () => {
    const syncs = new Map([
      ['shop', syncSettings()],
      ['core', syncSettings({local: '/by/mutagen', remote: '/srv/by-mutagen'})],
    ])
    const taps = new Map([['core', {path: '/by/link'}]])
    const paths = new Map([['core', '/by/configuration']])
    const values = {...core, CORE_PATH: '../by-value'}
    const local = async (options: Parameters<typeof exampleTap>[0], folders = {}): Promise<string> =>
      (await findDependency('core', exampleTap(options), folders)).local
    expect(await local({files: {syncs}})).to.equal('/by/mutagen')
    expect(await local({files: {syncs}, configuration: {taps}})).to.equal('/by/link')
    expect(await local({files: {syncs}, configuration: {paths, taps}})).to.equal('/by/configuration')
    // Paths in a tap's file are relative to the tap's folder.
    expect(await local({values, files: {syncs}, configuration: {paths, taps}})).to.equal('/home/me/by-value')
    expect(await local({values}, {local: '/by/flag'})).to.equal('/by/flag')
  })

  it('have a folder in the container from the command line, a value or mutagen.yml, in this order', async () => {
    const files = {
      syncs: new Map([
        ['shop', syncSettings()],
        ['core', syncSettings({local: '/here', remote: 'docker://shop/by/mutagen'})],
      ]),
    }
    const remote = async (options: Parameters<typeof exampleTap>[0], folders = {}): Promise<string> =>
      (await findDependency('core', exampleTap(options), folders)).remote
    expect(await remote({files})).to.equal('/by/mutagen')
    expect(await remote({files, values: core})).to.equal('/srv/core')
    expect(await remote({files, values: core}, {remote: '/by/flag'})).to.equal('/by/flag')
  })

  it('have their own settings, under a name that matches the values', async () => {
    const settings = syncSettings({mode: 'one-way-replica'})
    const files = {syncs: new Map([['keg-core', settings]])}
    const values = {DOC_KEG_CORE_PATH: '/srv/core', KEG_CORE_PATH: '/here'}
    for (const written of ['keg-core', 'keg_core', 'KEG-CORE'])
      expect(await findDependency(written, exampleTap({files, values}))).to.deep.equal({
        name: 'keg-core',
        local: '/here',
        remote: '/srv/core',
        settings,
      })
  })

  it('are never guessed, neither by a similar name nor by a folder', async () => {
    const opened = exampleTap({values: {...core, DOC_THEME_PATH: '/srv/theme'}})
    expect(await thrown(findDependency('thme', opened))).to.include({
      code: 'dependency-unknown',
      message: 'The tap shop has no dependency thme.',
      hint: 'Did you mean theme? It has: core, theme.',
    })
    expect(await thrown(findDependency('app', exampleTap({values: {DOC_APP_PATH: '/srv/app'}})))).to.include({
      code: 'dependency-unknown',
      hint: 'It has none: DOC_NAME_PATH in its values.yml is the folder of one in the container.',
    })
    expect(await thrown(findDependency('core', opened))).to.include({
      code: 'dependency-path-missing',
      message: 'It is not known where the dependency core is on this machine.',
      hint: 'Set it for all taps with keg config set paths.core PATH, or give --local PATH.',
    })
    const placed = exampleTap({files: {syncs: new Map([['theme', syncSettings({remote: 'docker://shop'})]])}})
    expect(await thrown(findDependency('theme', placed, {local: '/here'}))).to.include({
      code: 'dependency-unknown',
    })
    // With both folders given, any name is accepted.
    expect(await findDependency('new', opened, {local: '/here', remote: '/there'})).to.include({name: 'new'})
  })

  it('are given with commas between them, and with their actions', () => {
    expect(readDependency('core,theme')).to.deep.equal([
      {name: 'core', actions: []},
      {name: 'theme', actions: []},
    ])
    expect(readDependency('core:install,test')).to.deep.equal([{name: 'core', actions: ['core:install,test']}])
    expect(readDependency('core:install:test')).to.deep.equal([{name: 'core', actions: ['core:install', 'core:test']}])
  })
})
