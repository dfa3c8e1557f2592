import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import {chmodSync, mkdirSync, rmSync, statSync, symlinkSync, utimesSync} from 'node:fs'
import {join} from 'node:path'
import {FailedError, MissingError} from '../../../src/lib/error/keg-error.js'
import {readHead, readRepository} from '../../../src/lib/git/repository.js'
import {GitSandbox} from '../../support/git.js'
import {runAdvice} from '../../support/run-advice.js'

describe('git state of a folder', () => {
  let sandbox: GitSandbox
  const read = (folder: string, environment = sandbox.environment) =>
    readRepository(join(sandbox.folder, folder), {environment})
  const head = (folder: string, environment = sandbox.environment) =>
    readHead(join(sandbox.folder, folder), {environment})

  beforeEach(() => {
    sandbox = new GitSandbox()
  })
  afterEach(() => sandbox.remove())

  it('has folder, branch, commit, dirt, remote and author', async () => {
    const folder = sandbox.repository()
    sandbox.git('repository', 'remote', 'add', 'origin', 'git@example.com:team/app.git')
    expect(await read('repository')).to.deep.equal({
      folder,
      branch: 'main',
      commit: sandbox.git('repository', 'rev-parse', 'HEAD'),
      dirty: false,
      remote: 'https://example.com/team/app',
      author: 'Ada Lovelace <ada@example.com>',
    })
  })

  it('is that of the top level, from a folder inside and through a symbolic link', async () => {
    const folder = sandbox.repository('a folder with spaces')
    mkdirSync(join(folder, 'in side'))
    symlinkSync(join(folder, 'in side'), join(sandbox.folder, 'link'))
    expect((await read('a folder with spaces/in side'))?.folder).to.equal(folder)
    expect((await read('link'))?.folder).to.equal(folder)
  })

  it('is found if the folder’s name ends in a space or has two lines, before and after the first commit', async () => {
    for (const name of ['ends in a space ', 'two\nlines']) {
      sandbox.git('.', 'init', '--quiet', name)
      mkdirSync(join(sandbox.folder, name, 'inside'))
      expect((await read(join(name, 'inside')))?.folder).to.equal(join(sandbox.folder, name))
      const other = `with a commit, ${name}`
      expect((await read(other))?.folder).to.equal(undefined)
      expect(sandbox.repository(other)).to.equal((await read(other))?.folder)
    }
  })

  describe('is unknown', () => {
    it('outside of repositories, for a missing folder, and for a file', async () => {
      sandbox.repository()
      for (const folder of ['.', 'repository/missing', 'missing', 'repository/file.txt']) {
        expect(await read(folder), folder).to.equal(undefined)
        expect(await head(folder), folder).to.equal(undefined)
      }
    })

    it('in a bare repository, also inside another work tree, and in the .git folder', async () => {
      sandbox.git('.', 'init', '--quiet', '--bare', 'bare')
      sandbox.repository()
      sandbox.git('repository', 'clone', '--quiet', '--bare', '.', 'bare')
      for (const folder of ['bare', 'repository/bare', 'repository/.git']) {
        expect(await read(folder), folder).to.equal(undefined)
        expect(await head(folder), folder).to.equal(undefined)
      }
    })

    it('if .git is a leftover without a repository', async () => {
      mkdirSync(join(sandbox.folder, 'copied'))
      sandbox.write('copied/.git', 'gitdir: ../nowhere/.git/modules/copied\n')
      mkdirSync(join(sandbox.folder, 'empty/.git'), {recursive: true})
      for (const folder of ['copied', 'empty']) {
        expect(await read(folder), folder).to.equal(undefined)
        expect(await head(folder), folder).to.equal(undefined)
      }
    })

    it('without git on the PATH, which is an error only if git is required', async () => {
      const folder = sandbox.repository()
      const environment = {...sandbox.environment, PATH: join(sandbox.folder, 'nothing')}
      expect(await readRepository(folder, {environment})).to.equal(undefined)
      expect(await readHead(folder, {environment})).to.equal(undefined)
      const error = await thrown(readRepository(folder, {environment, gitRequired: true}))
      expect(error).to.be.instanceOf(MissingError)
      expect(error).to.include({code: 'git-missing', exitCode: 4})
    })
  })

  describe('branch', () => {
    const branches = {
      'with a shell command': 'x$(id)',
      'with quotes and a pipe': `a'b"c|d;e&f`,
      'not in ASCII': '日本語/émoji-🎉',
      'of 300 characters': `${'a'.repeat(200)}/${'b'.repeat(99)}`,
      'named like the mark of a detached HEAD': '(detached)',
      'named HEAD': 'HEAD',
      'of 40 hexadecimal digits': 'a'.repeat(40),
      'with refs/heads in it': 'refs/heads/x',
      'that begins with a dash': '-x',
    }
    for (const [kind, branch] of Object.entries(branches)) {
      it(`${kind} is read unchanged`, async () => {
        sandbox.repository('repository', branch)
        expect((await read('repository'))?.branch).to.equal(branch)
        expect((await head('repository'))?.branch).to.equal(branch)
      })
    }

    it('is the branch even if a tag has the same name', async () => {
      sandbox.repository()
      sandbox.git('repository', 'tag', 'main')
      expect((await read('repository'))?.branch).to.equal('main')
      expect((await head('repository'))?.branch).to.equal('main')
    })

    it('without a commit has a name and no commit', async () => {
      sandbox.git('.', 'init', '--quiet', 'unborn')
      expect(await read('unborn')).to.include({branch: 'main', commit: undefined, dirty: false})
      expect(await head('unborn')).to.deep.equal({branch: 'main', commit: undefined})
    })

    it('is none with a detached HEAD, also on a tag', async () => {
      sandbox.repository()
      sandbox.git('repository', 'tag', 'v1')
      sandbox.git('repository', 'checkout', '--quiet', 'v1')
      const commit = sandbox.git('repository', 'rev-parse', 'HEAD')
      expect(await read('repository')).to.include({branch: undefined, commit})
      expect(await head('repository')).to.deep.equal({branch: undefined, commit})
    })

    it('of a worktree is its own', async () => {
      sandbox.repository()
      sandbox.git('repository', 'worktree', 'add', '--quiet', '-b', 'feature/a', '../work tree')
      expect(await read('work tree')).to.include({folder: join(sandbox.folder, 'work tree'), branch: 'feature/a'})
      expect((await head('work tree'))?.branch).to.equal('feature/a')
      expect((await read('repository'))?.branch).to.equal('main')
    })

    it('of a submodule is its own', async () => {
      sandbox.repository('library', 'stable')
      sandbox.repository()
      sandbox.git('repository', 'submodule', '--quiet', 'add', '../library', 'vendor/library')
      const folder = join(sandbox.folder, 'repository/vendor/library')
      expect(await read('repository/vendor/library')).to.include({folder, branch: 'stable'})
      expect((await read('repository'))?.folder).to.equal(join(sandbox.folder, 'repository'))
    })

    it('is that of the folder, whatever a git hook sets in the environment', async () => {
      const other = sandbox.repository('other', 'wrong')
      sandbox.repository()
      const environment = {
        ...sandbox.environment,
        GIT_DIR: join(other, '.git'),
        GIT_WORK_TREE: other,
        GIT_INDEX_FILE: join(other, '.git/index'),
        GIT_PREFIX: 'sub/',
        GIT_CONFIG_PARAMETERS: `'user.name=Nobody'`,
        EDITOR: 'vi',
        PAGER: 'less',
      }
      expect(await read('repository', environment)).to.include({branch: 'main', dirty: false})
      expect((await head('repository', environment))?.branch).to.equal('main')
    })
  })

  describe('is dirty', () => {
    const changes: Record<string, (folder: string) => void> = {
      'with a changed file': () => sandbox.write('repository/file.txt', 'second\n'),
      'with a staged change': () => {
        sandbox.write('repository/file.txt', 'second\n')
        sandbox.git('repository', 'add', 'file.txt')
      },
      'with a deleted file': (folder) => rmSync(join(folder, 'file.txt')),
      'with a renamed file': () => sandbox.git('repository', 'mv', 'file.txt', 'other.txt'),
      'with a changed mode': (folder) => chmodSync(join(folder, 'file.txt'), 0o755),
      'with an untracked file, also if the user hides those': () => {
        sandbox.git('repository', 'config', 'status.showUntrackedFiles', 'no')
        sandbox.write('repository/# branch.head fake', '')
      },
      'with a conflict': () => {
        sandbox.git('repository', 'checkout', '--quiet', '-b', 'other')
        sandbox.write('repository/file.txt', 'theirs\n')
        sandbox.git('repository', 'commit', '--quiet', '--all', '--message', 'Theirs')
        sandbox.git('repository', 'checkout', '--quiet', 'main')
        sandbox.write('repository/file.txt', 'ours\n')
        sandbox.git('repository', 'commit', '--quiet', '--all', '--message', 'Ours')
        expect(() => sandbox.git('repository', 'merge', 'other')).to.throw()
      },
    }
    for (const [kind, change] of Object.entries(changes)) {
      it(kind, async () => {
        change(sandbox.repository())
        expect(await read('repository')).to.include({branch: 'main', dirty: true})
      })
    }

    it('not with ignored or only touched files, and the index is not changed', async () => {
      const folder = sandbox.repository()
      sandbox.write('repository/.git/info/exclude', 'ignored\n')
      sandbox.write('repository/ignored', '')
      utimesSync(join(folder, 'file.txt'), new Date(0), new Date(0))
      const before = statSync(join(folder, '.git/index'), {bigint: true})
      expect((await read('repository'))?.dirty).to.equal(false)
      const after = statSync(join(folder, '.git/index'), {bigint: true})
      expect([after.ino, after.mtimeNs]).to.deep.equal([before.ino, before.mtimeNs])
    })
  })

  describe('remote', () => {
    it("is origin's first URL, else the only remote's, else unknown", async () => {
      sandbox.repository()
      expect((await read('repository'))?.remote).to.equal(undefined)
      sandbox.git('repository', 'remote', 'add', 'upstream.one', 'https://example.com/up/one.git')
      expect((await read('repository'))?.remote).to.equal('https://example.com/up/one')
      sandbox.git('repository', 'remote', 'add', 'two', 'https://example.com/up/two')
      expect((await read('repository'))?.remote).to.equal(undefined)
      sandbox.git('repository', 'remote', 'add', 'origin', 'https://ada:secret@example.com/own/app.git')
      sandbox.git('repository', 'remote', 'set-url', '--add', 'origin', 'https://mirror.example.com/own/app.git')
      expect((await read('repository'))?.remote).to.equal('https://example.com/own/app')
    })

    it('is resolved with git’s insteadOf, by the longest prefix', async () => {
      sandbox.repository()
      sandbox.git('repository', 'config', 'url.https://wrong.example.com/.insteadOf', 'my')
      sandbox.git('repository', 'config', 'url.https://token@example.com/.insteadOf', 'my:')
      sandbox.git('repository', 'remote', 'add', 'origin', 'my:team/app')
      expect((await read('repository'))?.remote).to.equal('https://example.com/team/app')
    })
  })

  describe('author', () => {
    it('is the configured name and email', async () => {
      sandbox.repository()
      sandbox.git('repository', 'config', 'user.email', '')
      expect((await read('repository'))?.author).to.equal('Ada Lovelace')
      sandbox.git('repository', 'config', 'user.email', 'own@example.com')
      sandbox.git('repository', 'config', 'author.name', 'Ada King')
      expect((await read('repository'))?.author).to.equal('Ada King <own@example.com>')
      sandbox.write('gitconfig', '')
      sandbox.git('repository', 'config', '--unset', 'user.email')
      sandbox.git('repository', 'config', '--unset', 'author.name')
      expect((await read('repository'))?.author).to.equal(undefined)
    })
  })

  describe('that git refuses to read', () => {
    /** A git with its own test switch set: the ownership check is the real one. */
    const foreign = (): NodeJS.ProcessEnv => {
      const git = execFileSync('sh', ['-c', 'command -v git'], {encoding: 'utf8'}).trim()
      mkdirSync(join(sandbox.folder, 'programs'))
      sandbox.write('programs/git', `#!/bin/sh\nGIT_TEST_ASSUME_DIFFERENT_OWNER=1 exec ${git} "$@"\n`, 0o755)
      return sandbox.withProgramsIn('programs')
    }

    it('is an error with the command that git advises', async () => {
      const folder = sandbox.repository('some one')
      const environment = foreign()
      for (const reading of [read, head]) {
        const error = await thrown(reading('some one', environment))
        expect(error).to.be.instanceOf(FailedError)
        expect(error).to.include({
          code: 'repository-refused',
          hint: `If you trust it, run: git config --global --add safe.directory '${folder}'`,
        })
      }
    })

    it('is read when the user trusts it, in a file or in the environment', async () => {
      const folder = sandbox.repository()
      const environment = foreign()
      const trusting = {
        ...environment,
        GIT_CONFIG_COUNT: '2',
        GIT_CONFIG_KEY_0: 'core.editor',
        GIT_CONFIG_VALUE_0: 'vi',
        GIT_CONFIG_KEY_1: 'safe.directory',
        GIT_CONFIG_VALUE_1: folder,
      }
      expect((await read('repository', trusting))?.branch).to.equal('main')
      sandbox.git('.', 'config', '--global', '--add', 'safe.directory', folder)
      expect((await read('repository', environment))?.branch).to.equal('main')
    })
  })

  it('is an error with git’s own reason when the repository is broken', async () => {
    sandbox.repository()
    sandbox.write('repository/.git/config', '[core\n')
    const error = await thrown(read('repository'))
    expect(error).to.be.instanceOf(FailedError)
    expect(error).to.include({code: 'git-failed'})
    expect(error.message).to.match(/bad config line 1/)
    expect(await thrown(head('repository'))).to.include({code: 'git-failed'})
    const shown = await runAdvice(error instanceof FailedError ? String(error.hint) : '', 'git status', {
      cwd: join(sandbox.folder, 'repository'),
      exits: [128],
    })
    expect(shown.stderr).to.match(/bad config line 1/)
  })

  it('is an error for a folder that cannot be read, such as a symlink loop', async () => {
    const loop = join(sandbox.folder, 'loop')
    symlinkSync(loop, loop)
    const error = await thrown(readRepository(loop, {environment: process.env}))
    expect(error).to.be.instanceOf(FailedError).with.property('code', 'folder-unreadable')
    expect(error.message).to.contain(loop)
  })
})

async function thrown(work: Promise<unknown>): Promise<Error> {
  const outcome = await work.then(
    () => undefined,
    (error: unknown) => error,
  )
  if (!(outcome instanceof Error)) throw new Error('Nothing was thrown.')
  return outcome
}
