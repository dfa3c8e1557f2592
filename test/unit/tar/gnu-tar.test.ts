import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import {
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {bytesToText} from '../../../src/lib/tar/tar-header.js'
import {inChunks} from '../../support/chunks.js'
import {thrown} from '../../support/thrown.js'
import {archiveOf, fileWith, filesOf, without, type ArchivedFile} from './archive.js'

/** The name of GNU tar on this machine. */
function findGnuTar(): string {
  for (const program of ['tar', 'gtar']) {
    try {
      if (execFileSync(program, ['--version'], {encoding: 'utf8', stdio: 'pipe'}).includes('GNU tar')) return program
    } catch {
      // It has another name here.
    }
  }
  throw new Error('These tests need GNU tar, as tar or gtar.')
}

describe('GNU tar', () => {
  let [folder, program] = ['', '']
  const tar = (...parameters: string[]): string =>
    execFileSync(program, parameters, {
      cwd: folder,
      env: {...process.env, LC_ALL: 'C', TZ: 'UTC'},
      encoding: 'utf8',
      stdio: 'pipe',
    })

  before(() => {
    program = findGnuTar()
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'keg-test-tar-'))
  })
  afterEach(() => rmSync(folder, {recursive: true, force: true}))

  // A length that fits the two fields for names of ustar.
  const splitPath = `${'d'.repeat(90)}/${'f'.repeat(90)}`
  const longName = 'long name '.repeat(12)
  const longerPath = `${'f'.repeat(120)}/${'g'.repeat(150)}/file`

  /** A small tree, and the expected contents of a tar of it. */
  function tree(names: {split: boolean; long: boolean}): void {
    const root = join(folder, 'tree')
    mkdirSync(root)
    writeFileSync(join(root, 'file'), 'x'.repeat(1500), {mode: 0o640})
    writeFileSync(join(root, 'empty'), '')
    writeFileSync(join(root, 'n\u00e4me\n'), 'odd')
    linkSync(join(root, 'file'), join(root, 'hard link'))
    symlinkSync('../outside', join(root, 'symlink'))
    execFileSync('mkfifo', ['-m', '600', join(root, 'fifo')])
    if (names.split) {
      mkdirSync(join(root, splitPath, '..'))
      writeFileSync(join(root, splitPath), 'split')
    }
    if (!names.long) return
    mkdirSync(join(root, longerPath, '..'), {recursive: true})
    writeFileSync(join(root, longerPath), 'deep')
    writeFileSync(join(root, longName), 'long')
    symlinkSync('t'.repeat(200), join(root, 'long symlink'))
  }

  const formats = {
    pax: {mtime: -5, uid: 4_000_000, long: true},
    gnu: {mtime: -5, uid: 4_000_000, long: true},
    oldgnu: {mtime: 8_589_934_592, uid: 4_000_000, long: true},
    ustar: {mtime: 1_600_000_000, uid: 1000, long: false},
    v7: {mtime: 1_600_000_000, uid: 1000, long: false},
  }
  for (const [format, {long, mtime, uid}] of Object.entries(formats))
    it(`is read: ${format}`, async () => {
      tree({long, split: format !== 'v7'})
      // The old format does not support named pipes.
      const parameters = format === 'v7' ? ['--exclude=fifo'] : []
      tar(
        '-cf',
        'a.tar',
        `--format=${format}`,
        `--mtime=@${mtime}`,
        `--owner=ada:${uid}`,
        '--group=staff:5',
        ...parameters,
        '--sort=name',
        'tree',
      )
      const files = await filesOf(inChunks(readFileSync(join(folder, 'a.tar')), 1000))
      for (const {header} of files) expect(header).to.include({uid, gid: 5, mtime}, header.path)
      const found = new Map(
        files.map(({content, header}) => [bytesToText(header.path), {header, content: String(content)}]),
      )
      const modeOf = (path: string): number => statSync(join(folder, path)).mode & 0o7777
      expect(found.get('tree')?.header).to.include({type: 'directory', mode: modeOf('tree'), size: 0})
      expect(found.get('tree/empty')?.header).to.include({type: 'file', size: 0})
      expect(found.get('tree/n\u00e4me\n')?.content).to.equal('odd')
      expect(found.get('tree/symlink')?.header).to.include({type: 'symlink', link: '../outside'})
      if (format !== 'v7') expect(found.get('tree/fifo')?.header).to.include({type: 'fifo', mode: 0o600, size: 0})
      const [first, second] = [found.get('tree/file'), found.get('tree/hard link')]
      expect(first).to.deep.include({content: 'x'.repeat(1500)})
      expect(first?.header).to.include({type: 'file', mode: 0o640, size: 1500})
      expect(second).to.deep.include({content: ''})
      expect(second?.header).to.include({type: 'hardlink', link: 'tree/file', size: 0})
      if (format !== 'v7') expect(found.get(`tree/${splitPath}`)?.content).to.equal('split')
      if (long) {
        expect(found.get(`tree/${longName}`)?.content).to.equal('long')
        expect(found.get(`tree/${longerPath}`)?.content).to.equal('deep')
        expect(found.get('tree/long symlink')?.header.link).to.equal('t'.repeat(200))
      }
      const expected = execFileSync('find', ['tree', '-printf', 'x'], {cwd: folder, encoding: 'utf8'}).length
      expect(files).to.have.length(expected - parameters.length)
    })

  it('is read with its extended attributes', async () => {
    writeFileSync(join(folder, 'file'), 'x')
    tar('-cf', 'a.tar', '--format=pax', '--pax-option=SCHILY.xattr.user.note:=a value = this', 'file')
    const [file] = await filesOf(inChunks(readFileSync(join(folder, 'a.tar'))))
    expect(file?.header.xattrs).to.deep.equal(new Map([['user.note', Buffer.from('a value = this')]]))
  })

  it('is read with a comment for the whole archive', async () => {
    writeFileSync(join(folder, 'file'), 'x')
    tar('-cf', 'a.tar', '--format=pax', '--pax-option=comment=of a commit', 'file')
    expect((await filesOf(inChunks(readFileSync(join(folder, 'a.tar'))))).map(({header}) => header.path)).to.deep.equal(
      ['file'],
    )
  })

  for (const format of ['gnu', 'pax --sparse-version=0.0', 'pax --sparse-version=0.1', 'pax --sparse-version=1.0'])
    it(`has sparse files of format ${format} refused: their holes would be lost`, async () => {
      writeFileSync(join(folder, 'sparse'), '')
      truncateSync(join(folder, 'sparse'), 4 * 1024 * 1024)
      tar('-cf', 'a.tar', '--sparse', ...`--format=${format}`.split(' '), 'sparse')
      expect(await thrown(filesOf(inChunks(readFileSync(join(folder, 'a.tar')))))).to.include({code: 'tar-invalid'})
    })

  const written: ArchivedFile[] = [
    without('', {type: 'directory', mode: 0o755}),
    without('folder', {type: 'directory', mode: 0o2750, uid: 4_000_000, gid: 4_000_001}),
    fileWith('folder/file', 'x'.repeat(1500), {
      mode: 0o640,
      mtime: -5,
      xattrs: new Map([['user.a', Buffer.from('\n=\0')]]),
    }),
    fileWith(longerPath, 'deep', {mtime: 8 ** 11}),
    fileWith(longName, 'long'),
    fileWith('b\u00ffd\n', 'odd'),
    without('folder/hard link', {type: 'hardlink', link: 'folder/file', mode: 0o640, mtime: -5}),
    without('symlink', {type: 'symlink', link: `../${'t'.repeat(200)}`, mode: 0o777}),
    without('fifo', {type: 'fifo', mode: 0o600}),
    without('null', {type: 'character', mode: 0o666, deviceMajor: 1, deviceMinor: 3}),
  ]

  it('lists what keg writes', () => {
    writeFileSync(join(folder, 'a.tar'), archiveOf(written))
    const listing = tar('-tvvf', 'a.tar', '--xattrs', '--numeric-owner', '--full-time', '--quoting-style=escape')
    const lines = listing.split('\n').map((line) => line.replace(/ +/g, ' '))
    expect(lines).to.deep.equal([
      'drwxr-xr-x 0/0 0 2020-09-13 12:26:40 /',
      'drwxr-s--- 4000000/4000001 0 2020-09-13 12:26:40 folder/',
      '-rw-r-----* 0/0 1500 1969-12-31 23:59:55 folder/file',
      ' x: 3 user.a',
      `-rw-r--r-- 0/0 4 2242-03-16 12:56:32 ${longerPath}`,
      `-rw-r--r-- 0/0 4 2020-09-13 12:26:40 ${longName}`,
      '-rw-r--r-- 0/0 3 2020-09-13 12:26:40 b\\377d\\n',
      'hrw-r----- 0/0 0 1969-12-31 23:59:55 folder/hard link link to folder/file',
      `lrwxrwxrwx 0/0 0 2020-09-13 12:26:40 symlink -> ../${'t'.repeat(200)}`,
      'prw------- 0/0 0 2020-09-13 12:26:40 fifo',
      'crw-rw-rw- 0/0 1,3 2020-09-13 12:26:40 null',
      '',
    ])
  })

  it('extracts what keg writes', () => {
    const mine = written.filter(({header}) => header.type !== 'character' && header.path !== '')
    writeFileSync(join(folder, 'a.tar'), archiveOf(mine))
    mkdirSync(join(folder, 'out'))
    tar('-xpf', 'a.tar', '-C', 'out', '--no-same-owner', '--warning=no-timestamp')
    const out = (path: string): string => join(folder, 'out', path)
    expect(readFileSync(out('folder/file'), 'utf8')).to.equal('x'.repeat(1500))
    expect(statSync(out('folder/file'))).to.include({ino: statSync(out('folder/hard link')).ino, nlink: 2})
    expect(statSync(out('folder')).mode & 0o7777).to.equal(0o2750)
    expect(statSync(out('folder/file')).mode & 0o7777).to.equal(0o640)
    expect(readFileSync(out(longerPath), 'utf8')).to.equal('deep')
    expect(readFileSync(out(longName), 'utf8')).to.equal('long')
    expect(readFileSync(Buffer.from(out('b\u00ffd\n'), 'latin1'), 'utf8')).to.equal('odd')
    expect(readlinkSync(out('symlink'))).to.equal(`../${'t'.repeat(200)}`)
    expect(statSync(out('fifo')).isFIFO()).to.equal(true)
  })
})
