import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import {mkdirSync} from 'node:fs'
import {dirname, join} from 'node:path'

import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {ignoreMatcher} from '../../../../src/lib/git/ignore/ignore-matcher.js'
import {
  checkIgnores,
  defaultIgnores,
  gitignorePatterns,
  VERSION_CONTROL_IGNORES,
} from '../../../../src/lib/git/ignore/ignores.js'
import {GitSandbox} from '../../../support/git.js'
import {files, gitignore} from '../../../support/gitignore-examples.js'

describe('what a sync ignores', () => {
  let sandbox: GitSandbox
  before(() => {
    sandbox = new GitSandbox()
    sandbox.git('.', 'init', '--quiet', 'tree')
    for (const file of files) {
      mkdirSync(join(sandbox.folder, 'tree', dirname(file)), {recursive: true})
      sandbox.write(join('tree', file), file)
    }
    sandbox.write('tree/.gitignore', gitignore)
  })
  after(() => sandbox.remove())

  /** Every folder of the tree, and every file. */
  function paths(): {path: string; isFolder: boolean}[] {
    const folders = new Set(files.flatMap((file) => parents(file)))
    return [
      ...[...folders].map((path) => ({path, isFolder: true})),
      ...files.map((path) => ({path, isFolder: false})),
    ].sort((left, right) => (left.path < right.path ? -1 : 1))
  }

  function parents(path: string): string[] {
    const parent = dirname(path)
    return parent === '.' ? [] : [...parents(parent), parent]
  }

  it('is what git ignores, pattern for pattern', () => {
    const fits = ignoreMatcher(gitignorePatterns(gitignore), false)
    const isLeftOut = (path: string, isFolder: boolean): boolean =>
      parents(path).some((parent) => fits(parent, true)) || fits(path, isFolder)
    const ours = paths().flatMap(({path, isFolder}) => (isLeftOut(path, isFolder) ? [path] : []))

    const input = paths()
      .map(({path}) => `./${path}`)
      .join('\0')
    const answer = execFileSync('git', ['check-ignore', '--no-index', '--stdin', '-z'], {
      cwd: join(sandbox.folder, 'tree'),
      env: sandbox.environment,
      input,
    })
    const gits = answer
      .toString('utf8')
      .split('\0')
      .filter((path) => path !== '')
    expect(ours).to.deep.equal(gits.map((path) => path.replace(/^\.\//, '')))
    expect(ours).to.include.members(['build', 'all/one', 'escaped ', 'slash-part'])
    expect(ours).to.not.include.members(['all', 'all/but', 'slash/part'])
  })

  it('includes node_modules, before the patterns of the root .gitignore', async () => {
    expect((await defaultIgnores(join(sandbox.folder, 'tree'))).slice(0, 3)).to.deep.equal([
      'node_modules',
      '\\#not a comment'.replace('\\#', '#'),
      '\\!important',
    ])
    expect(await defaultIgnores(join(sandbox.folder, 'tree/build'))).to.deep.equal(['node_modules'])
  })

  it('includes version control, folder or file, unless a pattern negates it', () => {
    const fits = ignoreMatcher([...VERSION_CONTROL_IGNORES, 'node_modules'], true)
    for (const path of ['.git', 'vendor/lib/.git', '.hg', '.jj']) expect(fits(path, true), path).to.equal(true)
    for (const path of ['.git', 'vendor/lib/.git']) expect(fits(path, false), path).to.equal(true)
    for (const path of ['.gitignore', '.gitmodules', '.github', 'a.git'])
      expect(fits(path, false), path).to.equal(false)
    expect(ignoreMatcher([...VERSION_CONTROL_IGNORES, '!.jj/'], true)('.jj', true)).to.equal(false)
  })

  it('accepts only valid patterns', () => {
    expect(() => checkIgnores(['*.log', '!keep.log', '/dist/'])).not.to.throw()
    for (const pattern of ['', '!', '/', '!//', 'a\nb', '[a', '{a,b', 'a\\'])
      expect(() => checkIgnores([pattern]), JSON.stringify(pattern))
        .to.throw(UsageError)
        .with.property('code', 'ignore-invalid')
  })

  it('follows Mutagen’s rules where they differ', () => {
    const fits = ignoreMatcher(['a/**', '{one,two}.txt', '!two.txt', 'folder/', '[broken', 'x/*/z'], true)
    const cases: [string, boolean, boolean][] = [
      ['a', true, true],
      ['a/b/c', false, true],
      ['one.txt', false, true],
      ['deep/one.txt', false, true],
      ['two.txt', false, false],
      ['folder', true, true],
      ['folder', false, false],
      ['[broken', false, false],
      ['x/y/z', false, true],
      ['x/y/y/z', false, false],
      ['.git', true, true],
      ['sub/.hg', true, true],
      ['.git', false, false],
    ]
    for (const [path, isFolder, isLeftOut] of cases) expect(fits(path, isFolder), path).to.equal(isLeftOut)
    expect(ignoreMatcher([], false)('.git', true)).to.equal(false)
  })
})
