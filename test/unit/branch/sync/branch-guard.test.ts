import {expect} from 'chai'
import {mkdir, readdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {KegError} from '../../../../src/lib/error/keg-error.js'
import {
  bindBranch,
  findBranchMismatches,
  mismatchText,
  refuseOtherBranch,
  sessionBranch,
} from '../../../../src/lib/branch/sync/branch-guard.js'
import {labelValue, SYNC_LABELS} from '../../../../src/lib/mutagen/session-labels.js'
import {readSessions, type SyncSession} from '../../../../src/lib/mutagen/session.js'
import {GitSandbox} from '../../../support/git.js'
import {thrown} from '../../../support/thrown.js'

describe('the branch guard', () => {
  let sandbox: GitSandbox
  let environment: NodeJS.ProcessEnv
  let repository: string

  beforeEach(() => {
    sandbox = new GitSandbox()
    repository = sandbox.repository()
    environment = {
      ...sandbox.environment,
      XDG_STATE_HOME: join(sandbox.folder, 'state'),
      MUTAGEN_DATA_DIRECTORY: join(sandbox.folder, 'mutagen'),
    }
  })
  afterEach(() => sandbox.remove())

  const bindings = (): string => join(sandbox.folder, 'state/keg/sync')
  const session = (folder: string, branch?: string, id = 'sync_one'): SyncSession => {
    const labels = branch === undefined ? {} : {[SYNC_LABELS.branch]: labelValue(branch)}
    const alpha = {protocol: 'local', path: folder}
    const beta = {protocol: 'docker', host: 'a'.repeat(64), path: '/app'}
    const [read] = readSessions([{identifier: id, name: 'web', labels, alpha, beta}]) ?? []
    if (read === undefined) throw new Error('a session that cannot be read')
    return read
  }
  const checkedOut = async (...sessions: SyncSession[]): Promise<string[]> =>
    (await findBranchMismatches(sessions, environment)).map((mismatch) => mismatch.checkedOut)
  const refuse = (sessions: SyncSession[], force = false): Promise<void> =>
    refuseOtherBranch({environment}, sessions, {force})

  const refusal = async (work: Promise<void>): Promise<KegError> => {
    const error = await thrown(work)
    if (!(error instanceof KegError)) throw error
    return error
  }

  it('finds the session of another branch, and none of the checked-out branch', async () => {
    const [own, other] = [session(repository, 'main'), session(repository, 'feature/x', 'sync_two')]
    const found = await findBranchMismatches([own, other], environment)
    expect(found).to.deep.equal([{session: other, branch: labelValue('feature/x'), checkedOut: 'main'}])
    expect(found.map(mismatchText)).to.deep.equal([
      `The sync web belongs to the branch ${labelValue('feature/x')}, but ${repository} has main checked out.`,
    ])
  })

  it('recognizes a branch whose name does not fit in a label', async () => {
    const long = `feature/ünï-${'x'.repeat(100)}`
    sandbox.git('repository', 'switch', '--quiet', '--create', long)
    expect(await checkedOut(session(repository, long), session(repository, `${long}y`))).to.deep.equal([long])
  })

  it('treats a subfolder as its repository, and each worktree separately', async () => {
    await mkdir(join(repository, 'deep/er'), {recursive: true})
    sandbox.git('repository', 'worktree', 'add', '--quiet', '-b', 'topic', '../worktree')
    const worktree = join(sandbox.folder, 'worktree')
    expect(await checkedOut(session(join(repository, 'deep/er'), 'main'), session(worktree, 'topic'))).to.be.empty
    expect(await checkedOut(session(worktree, 'main'))).to.deep.equal(['topic'])
  })

  it('ignores sessions without a branch, and folders without git', async () => {
    const plain = join(sandbox.folder, 'plain')
    await mkdir(plain)
    expect(await checkedOut(session(repository), session(plain, 'main'), session(join(plain, 'gone'), 'main'))).to.be
      .empty
  })

  it('reports a detached HEAD as its commit', async () => {
    sandbox.git('repository', 'checkout', '--quiet', '--detach')
    const commit = sandbox.git('repository', 'rev-parse', 'HEAD')
    expect(await checkedOut(session(repository, 'main'))).to.deep.equal([`sha-${commit.slice(0, 12)}`])
  })

  it('knows the branch during a rebase or bisect', async () => {
    for (const content of ['second\n', 'third\n', 'fourth\n']) {
      sandbox.write('repository/file.txt', content)
      sandbox.git('repository', 'commit', '--quiet', '--all', '--message', content.trim())
    }
    sandbox.git('repository', 'switch', '--quiet', '--create', 'topic', 'main~3')
    sandbox.write('repository/file.txt', 'conflict\n')
    sandbox.git('repository', 'commit', '--quiet', '--all', '--message', 'Conflict')
    for (const backend of ['--merge', '--apply']) {
      expect(() => sandbox.git('repository', 'rebase', backend, 'main')).to.throw()
      expect(sandbox.git('repository', 'rev-parse', '--abbrev-ref', 'HEAD')).to.equal('HEAD')
      expect(await checkedOut(session(repository, 'topic')), backend).to.be.empty
      expect(await checkedOut(session(repository, 'main')), backend).to.deep.equal(['topic'])
      sandbox.git('repository', 'rebase', '--abort')
    }
    sandbox.git('repository', 'switch', '--quiet', 'main')
    sandbox.git('repository', 'bisect', 'start', 'main', 'main~3')
    expect(sandbox.git('repository', 'rev-parse', '--abbrev-ref', 'HEAD')).to.equal('HEAD')
    expect(await checkedOut(session(repository, 'main'))).to.be.empty
  })

  it('refuses with the problem and what to do, and allows everything else', async () => {
    await refuse([session(repository, 'main')])
    const error = await refusal(refuse([session(repository, 'main'), session(repository, 'topic', 'sync_two')]))
    expect(error).to.include({code: 'branch-guard', exitCode: 3})
    expect(error.message).to.equal(`The sync web belongs to the branch topic, but ${repository} has main checked out.`)
    expect(error.hint).to.include('Check out topic there again').and.include('--force')
    expect(error.data).to.deep.equal({
      mismatches: [{session: 'sync_two', name: 'web', folder: repository, branch: 'topic', checkedOut: 'main'}],
    })
  })

  it('binds a session by force, until another branch is checked out', async () => {
    const bound = session(repository, 'topic')
    await refuse([bound], true)
    expect(await sessionBranch(bound, environment)).to.equal('main')
    await refuse([bound])
    sandbox.git('repository', 'switch', '--quiet', '--create', 'topic')
    expect(await checkedOut(bound)).to.deep.equal(['topic'])
    await refuse([bound], true)
    expect(await sessionBranch(bound, environment)).to.equal('topic')
    expect(await readdir(bindings()), 'what the label says needs no file').to.be.empty
  })

  it('keeps bindings private, and drops those of removed sessions', async () => {
    await mkdir(join(sandbox.folder, 'mutagen/sessions'), {recursive: true})
    await writeFile(join(sandbox.folder, 'mutagen/sessions/sync_two'), '')
    const elsewhere = {...environment, MUTAGEN_DATA_DIRECTORY: join(sandbox.folder, 'other')}
    for (const id of ['sync_one', 'sync_two']) await bindBranch(session(repository, 'a', id), 'feature/x', environment)
    await bindBranch(session(repository, 'a', 'sync_three'), 'x', elsewhere)
    await bindBranch(session(repository, 'a', 'sync_two'), 'feature/y', environment)
    expect((await readdir(bindings())).sort()).to.deep.equal(['sync_three.json', 'sync_two.json'])
    expect((await stat(join(bindings(), 'sync_two.json'))).mode & 0o777).to.equal(0o600)
    expect(await sessionBranch(session(repository, 'a', 'sync_two'), environment)).to.equal('feature/y')
  })

  it('uses the label if the file is not what keg wrote', async () => {
    const own = session(repository, 'main')
    await bindBranch(own, 'other', environment)
    const file = join(bindings(), 'sync_one.json')
    const good = await readFile(file, 'utf8')
    for (const content of [
      '',
      '{',
      '[]',
      '{"schema":1}',
      good.replace('"schema":1', '"schema":2'),
      good.slice(0, 20),
    ]) {
      await writeFile(file, content)
      expect(await sessionBranch(own, environment), content).to.equal('main')
    }
  })

  it('names the folder where it cannot keep its state', async () => {
    await rm(join(sandbox.folder, 'state'), {recursive: true, force: true})
    sandbox.write('state', '')
    const error = await refusal(bindBranch(session(repository, 'a'), 'b', environment))
    expect(error).to.include({code: 'state-unwritable', exitCode: 1})
    expect(error.message).to.include(bindings())
  })

  it('allows nothing if git cannot say what is checked out', async () => {
    sandbox.write('repository/.git/config', '[nonsense')
    expect(await checkedOut(session(repository, 'main'))).to.be.empty
    expect(await refusal(refuse([session(repository, 'main')]))).to.include({code: 'git-failed'})
  })
})
