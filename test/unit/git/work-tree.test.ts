import {expect} from 'chai'
import {mkdir, symlink} from 'node:fs/promises'
import {join} from 'node:path'
import {readWorkTree} from '../../../src/lib/git/work-tree.js'
import {GitSandbox} from '../../support/git.js'

describe('readWorkTree', () => {
  let sandbox: GitSandbox
  before(() => (sandbox = new GitSandbox()))
  after(() => sandbox.remove())

  it('has the common directory that worktrees of a repository share', async () => {
    const {environment, folder} = sandbox
    const repository = sandbox.repository()
    sandbox.git('repository', 'worktree', 'add', '--quiet', '-b', 'topic', '../worktree')
    await mkdir(join(folder, 'worktree/some where'))
    await symlink(join(folder, 'worktree/some where'), join(folder, 'short'))
    const commonDirectory = join(repository, '.git')
    expect(await readWorkTree(repository, {environment})).to.deep.equal({top: repository, commonDirectory})
    for (const place of ['worktree', 'worktree/some where', 'short'])
      expect(await readWorkTree(join(folder, place), {environment}), place).to.deep.equal({
        top: join(folder, 'worktree'),
        commonDirectory,
      })
  })

  it('is separate for a submodule', async () => {
    const {environment, folder} = sandbox
    sandbox.repository('library')
    sandbox.repository('app')
    sandbox.git('app', 'submodule', 'add', '--quiet', join(folder, 'library'), 'library')
    expect(await readWorkTree(join(folder, 'app/library'), {environment})).to.deep.equal({
      top: join(folder, 'app/library'),
      commonDirectory: join(folder, 'app/.git/modules/library'),
    })
  })

  it('is undefined outside a repository', async () => {
    const {environment, folder} = sandbox
    expect(await readWorkTree(folder, {environment})).to.equal(undefined)
    expect(await readWorkTree(join(folder, 'gone'), {environment})).to.equal(undefined)
  })
})
