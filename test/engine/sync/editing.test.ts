import {expect} from 'chai'
import {chmod, lstat, readFile, rename, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {manyFiles, treeIn, treeOf, writeFiles} from '../../support/tree.js'
import {remote, SyncBed, type SyncedContainer} from './synced-container.js'

describe('keg sync: editing @classic', function () {
  this.timeout(120_000)
  let bed: SyncBed
  let app: SyncedContainer
  const local = (path: string): string => join(app.folder, path)
  const edited = 'packages/part-7/source-3/file-3650.txt'

  before(async () => {
    bed = await SyncBed.start()
    app = await bed.container({
      ...manyFiles(5000),
      'bin/start': '#!/bin/sh\n',
      'docs/old name.md': 'moves\n',
      'docs/gone.md': 'goes\n',
    })
    await chmod(local('bin/start'), 0o755)
    await symlink('../docs/old name.md', local('bin/manual'))
  })
  after(async () => bed.stop())

  /** Expects that everything is synced, and both sides are the same. */
  async function expectSame(): Promise<void> {
    await app.flush()
    expect(await app.differences()).to.deep.equal([])
    expect((await app.session()).conflicts ?? []).to.deep.equal([])
  }

  it('brings 5,000 files into the container before create returns, each with its contents', async () => {
    const {stdout} = await bed.kegSucceeds([...app.createLine, '--json'])
    expect(await app.differences()).to.deep.equal([])
    const {identifier, status} = await app.session()
    expect(JSON.parse(stdout)).to.include({id: identifier, files: 5003, conflicts: 0, problems: 0})
    expect(status).to.equal('watching')
  })

  it('gives them the owner of the folder in the container, and modes that let others read them', async () => {
    await app.inside('echo new > by-hand')
    await expectSame()
    const tree = await treeIn(app.name, remote)
    const rights = [...tree].map(([path, {gid, mode, type, uid}]) => {
      const kind = type === 'file' && path === 'bin/start' ? 'program' : type
      return `${kind} ${uid}:${gid} ${mode.toString(8)}`
    })
    expect([...new Set(rights)].sort()).to.deep.equal([
      'directory 1000:1000 755',
      'file 1000:1000 644',
      'program 1000:1000 755',
      'symlink 1000:1000 777',
    ])
  })

  it('syncs an edit deep in the folder by the time keg sync flush returns, and one in the container back', async () => {
    await writeFile(local(edited), 'edited here\n')
    await app.inside('echo "edited inside" > packages/part-0/source-0/file-1.txt')
    const {stdout} = await bed.kegSucceeds(['sync', 'flush', app.name, '--json'])
    expect(stdout).to.include((await app.session()).identifier)
    expect(await app.inside(`cat ${edited}`)).to.equal('edited here')
    expect(await readFile(local('packages/part-0/source-0/file-1.txt'), 'utf8')).to.equal('edited inside\n')
    expect(await app.differences()).to.deep.equal([])
  })

  it('syncs renamed files and folders, from both sides', async () => {
    await rename(local('docs/old name.md'), local('docs/new name.md'))
    await rename(local('packages/part-1'), local('packages/renamed here'))
    await app.inside(
      'mv packages/part-2 packages/renamed-inside && mv packages/part-3/source-0/file-1500.txt moved.txt',
    )
    await expectSame()
    const tree = await treeOf(app.folder)
    expect([...tree.keys()])
      .to.include.members(['packages/renamed-inside/source-9/file-1499.txt', 'moved.txt', 'docs/new name.md'])
      .and.not.include.members(['packages/part-1', 'packages/part-2', 'docs/old name.md'])
    const inside = await treeIn(app.name, remote)
    expect([...inside.keys()]).to.include('packages/renamed here/source-9/file-999.txt')
    expect(inside.has('packages/part-1')).to.equal(false)
  })

  it('syncs deletions, on both sides', async () => {
    await rm(local('docs/gone.md'))
    for (const part of [4, 5, 6]) await rm(local(`packages/part-${part}`), {recursive: true})
    await app.inside('rm -r packages/part-[7-9]')
    await expectSame()
    expect(await app.inside('ls docs packages')).to.not.match(/gone|part-[4-9]/)
    const left = [...(await treeOf(app.folder)).keys()].filter((path) => /gone|part-[4-9]/.test(path))
    expect(left).to.deep.equal([])
  })

  it('syncs the executable bit, set and removed, on both sides', async () => {
    await app.inside('chmod +x packages/part-0/source-3/file-150.txt')
    await chmod(local('bin/start'), 0o644)
    await expectSame()
    expect((await lstat(local('packages/part-0/source-3/file-150.txt'))).mode & 0o111).to.not.equal(0)
    expect(await app.inside('stat -c %a bin/start')).to.equal('644')
  })

  it('syncs symbolic links, and their new targets', async () => {
    await rm(local('bin/manual'))
    await symlink('../docs', local('bin/manual'))
    await app.inside('ln -s ../../moved.txt packages/part-3/link')
    await expectSame()
    expect(await app.inside('readlink bin/manual')).to.equal('../docs')
    expect((await lstat(local('packages/part-3/link'))).isSymbolicLink()).to.equal(true)
  })

  it('syncs names of all languages and odd ones, byte by byte', async () => {
    const names = [
      'ünï cödé',
      '日本語.txt',
      'مرحبا',
      '🚀 rocket',
      'e\u0301 and é',
      'it\'s "odd"',
      '-rf',
      ' space ',
      '#a~',
      '$HOME',
    ]
    await writeFiles(app.folder, Object.fromEntries(names.map((name) => [`names/${name}`, `${name} from here\n`])))
    await app.flush()
    await app.inside('mkdir -p inside && for name in names/*; do cp -- "$name" "inside/${name#names/}"; done')
    await expectSame()
    const tree = await treeOf(app.folder)
    expect([...tree.keys()]).to.include.members(names.flatMap((name) => [`names/${name}`, `inside/${name}`]))
  })
})
