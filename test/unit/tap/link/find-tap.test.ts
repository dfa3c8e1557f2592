import {expect} from 'chai'
import {mkdir, mkdtemp, realpath, rm, symlink, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {findTap} from '../../../../src/lib/tap/link/find-tap.js'
import {takeTapName} from '../../../../src/lib/tap/link/take-tap-name.js'
import type {Tap} from '../../../../src/lib/tap/tap.js'
import {GitSandbox} from '../../../support/git.js'
import {thrown} from '../../../support/thrown.js'

describe('finding the tap at hand', () => {
  let sandbox: GitSandbox
  /** A path of the sandbox. */
  const at = (path: string): string => join(sandbox.folder, path)
  const environment = (): NodeJS.ProcessEnv => ({...sandbox.environment, XDG_CONFIG_HOME: at('config')})

  async function link(taps: Readonly<Record<string, string>>): Promise<void> {
    const lines = Object.entries(taps).map(([name, path]) => `  ${name}: {path: ${JSON.stringify(at(path))}}\n`)
    await mkdir(at('config/keg'), {recursive: true})
    await writeFile(at('config/keg/config.yml'), `version: 1\ntaps:\n${lines.join('')}`)
  }

  async function find(folder: string, name?: string): Promise<Tap> {
    return findTap({name, folder: at(folder), environment: environment()})
  }

  before(async () => {
    sandbox = new GitSandbox()
    sandbox.repository('mono')
    await mkdir(at('mono/apps/shop/src'), {recursive: true})
    sandbox.write('mono/apps/shop/src/index.js', '')
    sandbox.git('mono', 'add', '.')
    sandbox.git('mono', 'commit', '--quiet', '--message', 'Shop')
    sandbox.git('mono', 'worktree', 'add', '--quiet', '-b', 'topic', '../mono-topic')
    // Some keep their worktrees inside of the repository.
    sandbox.git('mono', 'worktree', 'add', '--quiet', '-b', 'inner', '.trees/inner')
    sandbox.repository('other')
    await mkdir(at('plain/deep'), {recursive: true})
    await symlink(at('mono/apps/shop'), at('short'))
  })
  after(() => sandbox.remove())

  it('goes by the folder, and by the deepest of several', async () => {
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

  it('does not take a folder for one that only begins alike', async () => {
    await link({plain: 'plain'})
    await mkdir(at('plain-2'), {recursive: true})
    expect(await thrown(find('plain-2'))).to.include({code: 'tap-missing', exitCode: 2})
  })

  it('goes by the same place in a worktree, inside of the repository too', async () => {
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

  it('goes by the name before the folder, and in a worktree of that tap means the worktree', async () => {
    await link({shop: 'mono/apps/shop', plain: 'plain'})
    expect(await find('plain', 'shop')).to.include({name: 'shop', folder: at('mono/apps/shop'), branch: 'main'})
    expect(await find('other', 'shop')).to.include({folder: at('mono/apps/shop')})
    // Anywhere in the worktree: the tap has one place in it.
    expect(await find('mono-topic', 'shop')).to.include({folder: at('mono-topic/apps/shop'), branch: 'topic'})
    await rm(at('mono-topic/apps'), {recursive: true})
    expect(await find('mono-topic', 'shop')).to.include({folder: at('mono/apps/shop')})
    sandbox.git('mono-topic', 'checkout', '--quiet', '.')
  })

  it('leaves a worktree to the link that it has itself', async () => {
    await link({mono: 'mono', topic: 'mono-topic'})
    expect(await find('mono-topic')).to.include({name: 'topic', folder: at('mono-topic')})
    expect(await find('mono')).to.include({name: 'mono', folder: at('mono')})
    expect(await find('mono-topic', 'mono')).to.include({name: 'mono', folder: at('mono')})
    expect(await find('mono', 'topic')).to.include({name: 'topic', folder: at('mono-topic')})
    // In a third one both would do: the first of the configuration counts.
    expect(await find('mono/.trees/inner')).to.include({name: 'mono', folder: at('mono/.trees/inner')})
  })

  it('takes the first name of a folder that has several', async () => {
    await link({second: 'plain', first: 'plain'})
    expect(await find('plain')).to.include({name: 'second'})
    expect(await find('plain', 'first')).to.include({name: 'first', folder: at('plain')})
  })

  it('follows links that lead through a symlink', async () => {
    await link({shop: 'short'})
    expect(await find('mono/apps/shop')).to.include({name: 'shop', folder: at('mono/apps/shop')})
    expect(await find('mono-topic/apps/shop')).to.include({folder: at('mono-topic/apps/shop')})
  })

  it('is not kept from it by the repository of another tap', async () => {
    await link({broken: 'broken', shop: 'mono/apps/shop'})
    await mkdir(at('broken'), {recursive: true})
    sandbox.write('broken/.git', 'gitdir: /nowhere\n')
    expect(await find('mono-topic/apps/shop')).to.include({name: 'shop', folder: at('mono-topic/apps/shop')})
  })

  it('says what is linked where nothing fits', async () => {
    await link({shop: 'mono', plain: 'plain'})
    const missing = await thrown(find('other'))
    expect(missing).to.include({code: 'tap-missing', exitCode: 2})
    expect(missing).to.have.property('hint', 'Linked are: shop, plain. Link this folder with: keg tap link')
    const unknown = await thrown(find('other', 'shopp'))
    expect(unknown).to.include({code: 'tap-unknown', exitCode: 2})
    expect(unknown.message).to.contain('Did you mean shop?')
    await link({})
    expect(await thrown(find('other')))
      .to.have.property('hint')
      .that.contains('No tap is linked yet.')
  })

  it('says of a folder that is gone what can be done', async () => {
    await link({gone: 'nowhere', plain: 'plain'})
    const error = await thrown(find('plain', 'gone'))
    expect(error).to.include({code: 'tap-folder-missing', exitCode: 1})
    expect(error)
      .to.have.property('hint')
      .that.contains('keg tap link PATH --name gone')
      .and.contains('keg tap unlink gone')
    // It is in nobody's way.
    expect(await find('plain')).to.include({name: 'plain'})
  })

  it('takes the first word for a name where it is one', async () => {
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
      const tap = await findTap({name: undefined, folder: home, environment: {PATH: '', XDG_CONFIG_HOME: home}})
      expect(tap).to.deep.include({name: 'plain', folder: home, branch: undefined})
      const without = findTap({name: 'plain', folder: home, environment: {PATH: '', XDG_CONFIG_HOME: join(home, 'no')}})
      expect(await thrown(without)).to.include({code: 'tap-unknown'})
    } finally {
      await rm(home, {recursive: true})
    }
  })
})
