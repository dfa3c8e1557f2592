import {expect} from 'chai'
import {mkdtemp, realpath, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {openTap, type OpenTap} from '../../../src/lib/values/open-tap.js'
import {thrown} from '../../support/thrown.js'
import {writeFiles} from '../../support/tree.js'

describe('KEG_MUTAGEN_FILE', () => {
  let home: string
  const open = async (value: string, other: string): Promise<OpenTap> => {
    await writeFiles(home, {
      'config/keg/config.yml': `taps:\n  shop: {path: ${join(home, 'shop')}}\n`,
      'shop/container/Dockerfile': '',
      'shop/container/mutagen.yml':
        'sync: {shop: {mode: two-way-safe}}\nactions: {tap: {own: {cmd: a}, both: {cmd: a}}}\n',
      'shop/container/values.yml': `env: {KEG_MUTAGEN_FILE: "${value}"}\n`,
      'shop/other.yml': other,
    })
    return openTap({folder: home, environment: {HOME: home, XDG_CONFIG_HOME: join(home, 'config')}}, {name: 'shop'})
  }

  beforeEach(async () => {
    home = await realpath(await mkdtemp(join(tmpdir(), 'keg-mutagen-file-')))
  })
  afterEach(() => rm(home, {recursive: true, force: true}))

  it('names the file with the sync settings', async () => {
    const text = 'sync: {shop: {mode: one-way-replica}, core: {}}\nactions: {core: {install: {cmd: b}}}\n'
    for (const value of ['other.yml', '{{ cli.taps.shop.path }}/other.yml']) {
      const {files} = await open(value, text)
      expect(files.mutagenFile).to.equal(join(home, 'shop/other.yml'))
      expect([...files.syncs].map(([name, {mode}]) => [name, mode])).to.deep.equal([
        ['shop', 'one-way-replica'],
        ['core', undefined],
      ])
      expect([...files.actions.keys()]).to.have.members(['tap:own', 'tap:both', 'core:install'])
    }
  })

  it("is ignored if the file has no syncs, does not exist, or is not named: the container folder's file is used", async () => {
    for (const value of [
      'other.yml',
      'container/values.yml',
      'container/mutagen.yml',
      'nowhere.yml',
      '{{ cli.taps.gone.path }}/mutagen.yml',
    ]) {
      const {files} = await open(value, 'env: {A: 1}\n')
      expect(files.mutagenFile, value).to.equal(join(home, 'shop/container/mutagen.yml'))
      expect(files.syncs.get('shop')?.mode, value).to.equal('two-way-safe')
    }
  })

  it("is refused with the file's errors", async () => {
    const error = await thrown(open('other.yml', 'sync: {shop: {mode: one-way}}\n'))
    expect(error).to.include({code: 'tap-invalid'})
    expect(error.message).to.include(`${join(home, 'shop/other.yml')}:1:21: error: unknown mode.`)
  })
})
