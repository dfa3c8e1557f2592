import {expect} from 'chai'
import {mkdir, mkdtemp, readFile, realpath, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {findTap} from '../../../../src/lib/tap-folder/link/find-tap.js'
import {takeTapName} from '../../../../src/lib/tap-folder/link/take-tap-name.js'
import type {Tap} from '../../../../src/lib/tap-folder/tap.js'
import {GitSandbox} from '../../../support/git.js'
import {thrown} from '../../../support/thrown.js'

describe('findTap', () => {
  let sandbox: GitSandbox
  /** A path in the sandbox. */
  const at = (path: string): string => join(sandbox.folder, path)
  const environment = (): NodeJS.ProcessEnv => ({...sandbox.environment, XDG_CONFIG_HOME: at('config')})

  async function link(taps: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(taps).map(([name, path]) => `  ${name}: {path: ${JSON.stringify(at(path))}}\n`)
    await mkdir(at('config/keg'), {recursive: true})
    await writeFile(at('config/keg/config.yml'), `version: 1\ntaps:\n${lines.join('')}`)
  }

  async function find(folder: string, name?: string): Promise<Tap> {
    return findTap({folder: at(folder), environment: environment()}, {name})
  }

  before(async () => {
    sandbox = new GitSandbox()
    sandbox.repository('mono')
    await mkdir(at('mono/apps/shop/src'), {recursive: true})
    sandbox.write('mono/apps/shop/src/index.js', '')
    sandbox.git('mono', 'add', '.')
    sandbox.git('mono', 'commit', '--quiet', '--message', 'Shop')
    sandbox.git('mono', 'worktree', 'add', '--quiet', '-b', 'topic', '../mono-topic')
    // Some teams keep their worktrees inside the repository.
    sandbox.git('mono', 'worktree', 'add', '--quiet', '-b', 'inner', '.trees/inner')
    sandbox.repository('other')
    await mkdir(at('plain/deep'), {recursive: true})
    await symlink(at('mono/apps/shop'), at('short'))
  })
  after(() => sandbox.remove())

  it('finds the tap of a folder, or the innermost of several', async () => {
    await link({mono: 'mono', plain: 'plain', shop: 'mono/apps/shop'})
    expect(await find('plain/deep')).to.deep.equal({
      name: 'plain',
      folder: at('plain'),
      linkedFolder: at('plain'),
      branch: undefined,
      commit: undefined,
    })
    const commit = sandbox.git('mono', 'rev-parse', 'HEAD')
    expect(await find('mono/apps/shop/src')).to.include({name: 'shop', branch: 'main', commit})
    expect(await find('mono/apps')).to.include({name: 'mono', folder: at('mono')})
    expect(await find('short/src')).to.include({name: 'shop', folder: at('mono/apps/shop')})
  })

  it('does not match a folder by a common prefix', async () => {
    await link({plain: 'plain'})
    await mkdir(at('plain-2'), {recursive: true})
    expect(await thrown(find('plain-2'))).to.include({code: 'tap-missing', exitCode: 2})
  })

  it('finds the same path in a worktree, also inside the repository', async () => {
    await link({mono: 'mono', shop: 'mono/apps/shop'})
    const linkedFolder = at('mono/apps/shop')
    expect(await find('mono-topic/apps/shop/src')).to.include({
      name: 'shop',
      folder: at('mono-topic/apps/shop'),
      linkedFolder,
      branch: 'topic',
    })
    expect(await find('mono-topic')).to.include({name: 'mono', folder: at('mono-topic')})
    expect(await find('mono/.trees/inner/apps/shop')).to.include({
      name: 'shop',
      folder: at('mono/.trees/inner/apps/shop'),
      branch: 'inner',
    })
    expect(await find('mono/.trees/inner')).to.include({name: 'mono', folder: at('mono/.trees/inner')})
    expect(await find('mono/.trees')).to.include({name: 'mono', folder: at('mono')})
  })

  it("prefers the name to the folder, and uses that tap's worktree from inside it", async () => {
    await link({shop: 'mono/apps/shop', plain: 'plain'})
    expect(await find('plain', 'shop')).to.include({name: 'shop', folder: at('mono/apps/shop'), branch: 'main'})
    expect(await find('other', 'shop')).to.include({folder: at('mono/apps/shop')})
    // Anywhere in the worktree: the tap has one path in it.
    expect(await find('mono-topic', 'shop')).to.include({folder: at('mono-topic/apps/shop'), branch: 'topic'})
    await rm(at('mono-topic/apps'), {recursive: true})
    expect(await find('mono-topic', 'shop')).to.include({folder: at('mono/apps/shop')})
    sandbox.git('mono-topic', 'checkout', '--quiet', '.')
  })

  it("prefers a worktree's own link", async () => {
    await link({mono: 'mono', topic: 'mono-topic'})
    expect(await find('mono-topic')).to.include({name: 'topic', folder: at('mono-topic')})
    expect(await find('mono')).to.include({name: 'mono', folder: at('mono')})
    expect(await find('mono-topic', 'mono')).to.include({name: 'mono', folder: at('mono')})
    expect(await find('mono', 'topic')).to.include({name: 'topic', folder: at('mono-topic')})
    // In a third worktree both match: the first in the configuration wins.
    expect(await find('mono/.trees/inner')).to.include({name: 'mono', folder: at('mono/.trees/inner')})
  })

  it('uses the first name of a folder with several', async () => {
    await link({second: 'plain', first: 'plain'})
    expect(await find('plain')).to.include({name: 'second'})
    expect(await find('plain', 'first')).to.include({name: 'first', folder: at('plain')})
  })

  it('follows links with a symlink in their path', async () => {
    await link({shop: 'short'})
    expect(await find('mono/apps/shop')).to.include({name: 'shop', folder: at('mono/apps/shop')})
    expect(await find('mono-topic/apps/shop')).to.include({folder: at('mono-topic/apps/shop')})
  })

  it('ignores a broken repository of another tap', async () => {
    await link({broken: 'broken', shop: 'mono/apps/shop'})
    await mkdir(at('broken'), {recursive: true})
    sandbox.write('broken/.git', 'gitdir: /nowhere\n')
    expect(await find('mono-topic/apps/shop')).to.include({name: 'shop', folder: at('mono-topic/apps/shop')})
  })

  it('lists the linked taps if none matches', async () => {
    await link({shop: 'mono', plain: 'plain'})
    const missing = await thrown(find('other'))
    expect(missing).to.include({code: 'tap-missing', exitCode: 2})
    expect(missing).to.have.property('hint', 'Linked taps: shop, plain. Link this folder with: keg tap link')
    const unknown = await thrown(find('other', 'shopp'))
    expect(unknown).to.include({code: 'tap-unknown', exitCode: 2})
    expect(unknown)
      .to.have.property('hint')
      .that.matches(/^Did you mean shop\? Linked taps: /)
    await link({})
    expect(await thrown(find('other')))
      .to.have.property('hint')
      .that.contains('No tap is linked yet.')
  })

  it('says what to do about a missing folder', async () => {
    await link({gone: 'nowhere', plain: 'plain'})
    const error = await thrown(find('plain', 'gone'))
    expect(error).to.include({code: 'tap-folder-missing', exitCode: 1})
    expect(error)
      .to.have.property('hint')
      .that.contains('keg tap link PATH --name gone')
      .and.contains('keg tap unlink gone')
    // It does not affect others.
    expect(await find('plain')).to.include({name: 'plain'})
  })

  it('suggests the name of a tap whose folder was moved, if it can be only one', async () => {
    await mkdir(at('new/store/container'), {recursive: true})
    const hintFor = async (taps: Readonly<Record<string, string>>, folder = 'new/store/container'): Promise<string> => {
      await link(taps)
      const error = await thrown(find(folder))
      return error instanceof UsageError ? (error.hint ?? '') : ''
    }
    const here = `link it with: keg tap link ${at('new/store')} --name`
    expect(await hintFor({shop: 'old/store', plain: 'plain'})).to.include(
      `The folder of shop is gone; if it was moved here, ${here} shop`,
    )
    expect(await hintFor({shop: 'old/store', till: 'old/till'})).to.include(`${here} shop`)
    expect(await hintFor({shop: 'old/shop'})).to.include(`${here} shop`)
    const nothing = /Link this folder with: keg tap link$/
    expect(await hintFor({shop: 'old/shop', till: 'old/till'})).to.match(nothing)
    expect(await hintFor({shop: 'old/store', till: 'older/store'})).to.match(nothing)
    expect(await hintFor({plain: 'plain'})).to.match(nothing)
    expect(await hintFor({shop: 'old/store'}, 'other')).to.match(nothing)
  })

  it('says that the folder is gone', async () => {
    await link({plain: 'plain'})
    const error = await thrown(find('nowhere'))
    expect(error).to.include({code: 'tap-missing', message: `The folder ${at('nowhere')} is gone.`})
    expect(error).to.have.property('hint', 'Linked taps: plain. Change to another folder, or name a tap.')
  })

  it('fails for an invalid link only if it is named', async () => {
    await link({plain: 'plain'})
    const file = at('config/keg/config.yml')
    await writeFile(file, `${await readFile(file, 'utf8')}  till: /x\n  Shop: {path: /x}\n`)
    expect(await find('plain')).to.include({name: 'plain'})
    const named = await thrown(find('plain', 'till'))
    expect(named).to.include({code: 'configuration-invalid', exitCode: 2})
    expect(named.message).to.include(`${file}:4:9: `)
    expect(await thrown(find('plain', 'Shop'))).to.include({code: 'configuration-invalid'})
    expect(await takeTapName(['till', 'build'], environment())).to.deep.equal({name: 'till', rest: ['build']})
    const elsewhere = await thrown(find('other'))
    expect(elsewhere).to.include({code: 'tap-missing'})
    expect(elsewhere)
      .to.have.property('hint')
      .that.includes('Not valid in the configuration (see keg config list): taps.till, taps.Shop.')
    await writeFile(file, 'taps: none\n')
    expect(await thrown(find('plain', 'till'))).to.include({code: 'configuration-invalid'})
    expect(await thrown(find('plain'))).to.include({code: 'tap-missing'})
  })

  it('takes the first word as a name only if it is one', async () => {
    await link({shop: 'mono'})
    expect(await takeTapName(['shop', 'tap:build'], environment())).to.deep.equal({name: 'shop', rest: ['tap:build']})
    expect(await takeTapName(['build', 'shop'], environment())).to.deep.equal({
      name: undefined,
      rest: ['build', 'shop'],
    })
    expect(await takeTapName([], environment())).to.deep.equal({name: undefined, rest: []})
  })

  it('needs neither git nor a configuration', async () => {
    const home = await realpath(await mkdtemp(join(tmpdir(), 'keg-no-git-')))
    try {
      await mkdir(join(home, 'keg'))
      await writeFile(join(home, 'keg/config.yml'), `taps: {plain: {path: ${JSON.stringify(home)}}}`)
      const tap = await findTap({folder: home, environment: {PATH: '', XDG_CONFIG_HOME: home}}, {name: undefined})
      expect(tap).to.deep.include({name: 'plain', folder: home, branch: undefined})
      const without = findTap(
        {folder: home, environment: {PATH: '', XDG_CONFIG_HOME: join(home, 'no')}},
        {name: 'plain'},
      )
      expect(await thrown(without)).to.include({code: 'tap-unknown'})
    } finally {
      await rm(home, {recursive: true})
    }
  })
})
