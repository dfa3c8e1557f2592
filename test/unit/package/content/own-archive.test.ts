import {execFileSync} from 'node:child_process'
import {chmod, link, mkdir, mkdtemp, rm, symlink, utimes, writeFile, type FileHandle} from 'node:fs/promises'
import {createServer} from 'node:net'
import {once} from 'node:events'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {buffer} from 'node:stream/consumers'
import {expect} from 'chai'
import {fileAt, findInside, folderAt, pathAt} from '../../../../src/lib/package/content/file-at.js'
import {ownArchive} from '../../../../src/lib/package/content/own-archive.js'
import {readTar} from '../../../../src/lib/tar/read-tar.js'
import type {TarHeader} from '../../../../src/lib/tar/tar-header.js'

interface Archived extends TarHeader {
  readonly text: string
}

/** Only Linux opens files by their descriptors in /proc. */
const onLinux = process.platform === 'linux' ? describe : undefined

onLinux?.('what a container has, read by keg itself', () => {
  let folder: string
  let root: FileHandle

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-test-own-'))
    root = await folderAt(folder)
  })

  afterEach(async () => {
    await root.close()
    execFileSync('rm', ['-rf', folder])
  })

  const sameIds = (id: number): number => id

  async function archive(top: FileHandle, more: Partial<Parameters<typeof ownArchive>[0]> = {}): Promise<Archived[]> {
    const found: Archived[] = []
    const options = {top, name: 'mount', users: sameIds, groups: sameIds, inner: new Map<string, 'other'>(), ...more}
    for await (const {content, header} of readTar(ownArchive(options)))
      found.push({...header, text: (await buffer(content)).toString()})
    return found
  }

  const summary = ({link, mode, path, text, type}: Archived): string =>
    `${path} ${type} ${mode.toString(8)} ${link}${text}`

  it("matches the engine's: types, modes, times, links, and names that are not text", async () => {
    await mkdir(join(folder, 'a'), {mode: 0o750})
    await writeFile(join(folder, 'a/file'), 'x'.repeat(1500))
    await chmod(join(folder, 'a/file'), 0o4755)
    await utimes(join(folder, 'a/file'), 1, new Date(-1500))
    await link(join(folder, 'a/file'), join(folder, 'b'))
    await symlink('/etc/passwd', join(folder, 'absolute'))
    await writeFile(Buffer.concat([Buffer.from(`${folder}/caf`), Buffer.from([0xe9])]), 'latin')
    execFileSync('mkfifo', [join(folder, 'pipe')])
    const server = createServer().listen(join(folder, 'socket'))
    await once(server, 'listening')
    await chmod(folder, 0o700)
    const entries = await archive(root)
    server.close()
    expect(entries.map(summary)).to.deep.equal([
      'mount directory 700 ',
      'mount/a directory 750 ',
      `mount/a/file file 4755 ${'x'.repeat(1500)}`,
      'mount/absolute symlink 777 /etc/passwd',
      'mount/b hardlink 4755 mount/a/file',
      'mount/caf\u00e9 file 644 latin',
      'mount/pipe fifo 644 ',
    ])
    expect(entries[2]).to.include({mtime: -2, uid: process.getuid?.() ?? 0})
  })

  it('contains one file for a mounted file, even a deleted one', async () => {
    await writeFile(join(folder, 'app.conf'), 'old')
    const file = await fileAt(root, 'app.conf')
    await rm(join(folder, 'app.conf'))
    const entries = await archive(file, {users: () => 42})
    expect(entries.map(summary)).to.deep.equal(['mount file 644 old'])
    expect(entries[0]?.uid).to.equal(42)
    await file.close()
  })

  it('leaves other mounts empty', async () => {
    await mkdir(join(folder, 'data/below'), {recursive: true})
    await writeFile(join(folder, 'masked'), 'secret')
    const inner = new Map([
      ['/data', 'other'],
      ['/masked', 'other'],
    ] as const)
    const entries = await archive(root, {inner})
    expect(entries.map(({path, text, type}) => `${path} ${type} ${text}`)).to.deep.equal([
      'mount directory ',
      'mount/data directory ',
      'mount/masked file ',
    ])
  })

  it('contains folders that are deeper than the maximum length of a path', async () => {
    const name = 'n'.repeat(200)
    let innermost = await folderAt(folder)
    for (let depth = 0; depth < 30; depth++) {
      await mkdir(pathAt(innermost, name))
      const inner = await fileAt(innermost, name)
      await innermost.close()
      innermost = inner
    }
    await writeFile(pathAt(innermost, 'file'), 'deep')
    await innermost.close()
    const entries = await archive(root)
    expect(entries).to.have.length(32)
    expect(entries.at(-1)).to.include({text: 'deep'})
  })

  describe('a path below a folder', () => {
    beforeEach(async () => {
      await mkdir(join(folder, 'real/deep'), {recursive: true})
      await writeFile(join(folder, 'real/deep/file'), 'x')
      await symlink('/real', join(folder, 'absolute'))
      await symlink('absolute/deep', join(folder, 'relative'))
      await symlink('../../../../etc', join(folder, 'real/out'))
      await symlink('circle', join(folder, 'circle'))
    })

    const found: [path: string, where: string][] = [
      ['/real/deep/file', '/real/deep/file'],
      ['/absolute/deep/file', '/real/deep/file'],
      ['relative//./file', '/real/deep/file'],
      ['/real/../real/deep', '/real/deep'],
      ['/../../real', '/real'],
      ['/', '/'],
    ]
    for (const [path, where] of found)
      it(`is ${where} for ${path}`, async () => {
        const {file, path: place} = await findInside(root, path)
        await file.close()
        expect(place).to.equal(where)
      })

    for (const path of ['/real/out/passwd', '/circle', '/real/none', '/real/deep/file/x'])
      it(`does not exist for ${path}`, async () => {
        const error = await findInside(root, path).then(
          ({file}) => file.close(),
          (reason: unknown) => reason,
        )
        expect(error).to.be.an('error')
      })
  })
})
