import {expect} from 'chai'
import {mkdir} from 'node:fs/promises'
import {join} from 'node:path'
import {readGitDirectory} from '../../../src/lib/git/git-directory.js'
import {GitSandbox} from '../../support/git.js'

describe('readGitDirectory', () => {
  let sandbox: GitSandbox
  before(() => (sandbox = new GitSandbox()))
  after(() => sandbox.remove())

  it('is the git folder of a repository, or a worktree’s own', async () => {
    const {environment} = sandbox
    const repository = sandbox.repository()
    sandbox.git('repository', 'worktree', 'add', '--quiet', '-b', 'topic', '../worktree')
    await mkdir(join(repository, 'deep'))
    expect(await readGitDirectory(join(repository, 'deep'), {environment})).to.equal(join(repository, '.git'))
    expect(await readGitDirectory(join(sandbox.folder, 'worktree'), {environment})).to.equal(
      join(repository, '.git/worktrees/worktree'),
    )
  })

  it('is undefined outside a repository', async () => {
    const {environment, folder} = sandbox
    expect(await readGitDirectory(folder, {environment})).to.equal(undefined)
    expect(await readGitDirectory(join(folder, 'gone'), {environment})).to.equal(undefined)
  })
})
