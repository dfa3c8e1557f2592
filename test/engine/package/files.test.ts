import {lutimes, symlink, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {compareSnapshots} from '../../support/compare.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {imageLayers} from '../../support/layers.js'
import type {Snapshot} from '../../support/snapshot.js'
import {pathKey, snapshotContainer, snapshotImageFiles} from '../../support/snapshot.js'
import type {FileEntry} from '../../support/tar.js'
import {writeTar} from '../../support/tar.js'
import {expectSameContainer, packageOf, pathsBelow, waitingContainer} from './packaging.js'

/** vfs_cap_data, revision 2: cap_net_raw, and one whose bytes are no text in any encoding. */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
const highCapability = Buffer.from('01000002ffa58081000000008000000000000000', 'hex')
const invalidName = Buffer.from([0x69, 0xff, 0xfe, 0x80, 0x20, 0x0a, 0xc3])
const longName = 'n'.repeat(250) + 'é€'
const deepFolders = Array.from({length: 12}, (_, index) => `${'deep'.repeat(8)}-${index}`)
const afterUnsigned32Bits = 5_000_000_000

/** Every kind of file that a file system can hold, below a folder. */
function oddFiles(folder: string): FileEntry[] {
  const inFolder = (name: string) => `${folder}/${name}`
  const deep = deepFolders.map((_, index) => inFolder(deepFolders.slice(0, index + 1).join('/')))
  return [
    {path: inFolder('original'), content: 'one content', mode: 0o640, uid: 12, gid: 34},
    {path: inFolder('hardlink'), link: inFolder('original'), type: 'hardlink', mode: 0o640, uid: 12, gid: 34},
    {path: inFolder('a folder'), type: 'directory', mode: 0o3775, gid: 50},
    {
      path: inFolder('a folder/hardlink'),
      ...{link: inFolder('original'), type: 'hardlink', mode: 0o640, uid: 12, gid: 34},
    },
    {path: inFolder('setuid'), content: 'program', mode: 0o4755},
    {path: inFolder('setgid'), content: 'program', mode: 0o2711, gid: 42},
    {path: inFolder('all bits'), content: 'program', mode: 0o7777},
    {path: inFolder('no bits'), content: 'program', mode: 0},
    {path: inFolder('capable'), content: 'program', mode: 0o755, xattrs: {'security.capability': capability}},
    {path: inFolder('highly capable'), content: 'program', xattrs: {'security.capability': highCapability}},
    {path: inFolder('pipe'), type: 'fifo', mode: 0o622},
    {path: inFolder('null'), type: 'character device', device: {major: 1, minor: 3}, mode: 0o666},
    {path: inFolder('loop'), type: 'block device', device: {major: 7, minor: 300}, mode: 0o660, gid: 6},
    {path: inFolder('absolute'), type: 'symlink', link: '/bin/busybox', uid: 77, gid: 78},
    {path: inFolder('dangling'), type: 'symlink', link: '../../nowhere/../at all'},
    {path: inFolder('loop-1'), type: 'symlink', link: 'loop-2'},
    {path: inFolder('loop-2'), type: 'symlink', link: 'loop-1'},
    {path: inFolder('to itself'), type: 'symlink', link: '.'},
    {path: inFolder('long symlink'), type: 'symlink', link: `${'far/'.repeat(60)}é\n`},
    {path: inFolder('with\nnew\n\nlines'), content: 'lines'},
    {path: inFolder('tab\t, "quotes", \\backslash\\ and = %'), content: 'characters'},
    {path: inFolder('größe-日本-🐳'), content: 'unicode', mode: 0o600},
    {path: inFolder('e\u0301 decomposed'), content: 'decomposed'},
    {path: inFolder('\u00e9 decomposed'), content: 'composed'},
    {path: inFolder(longName.slice(0, 250)), content: 'long'},
    {path: inFolder(longName), content: '255 bytes'},
    {path: Buffer.concat([Buffer.from(inFolder('')), invalidName]), content: 'invalid UTF-8'},
    {path: inFolder('-rf'), content: 'option'},
    {path: inFolder('...'), content: 'dots'},
    {path: inFolder('.hidden'), content: 'hidden'},
    {path: inFolder('owned'), content: 'far', uid: 2 ** 31, gid: 2 ** 32 - 2},
    {path: inFolder('owned folder'), type: 'directory', mode: 0o700, uid: 2 ** 21, gid: 2 ** 31 + 1},
    {path: inFolder('future'), content: 'future', mtime: afterUnsigned32Bits},
    {path: inFolder('epoch'), content: 'epoch', mtime: 0},
    {path: inFolder('empty'), content: ''},
    {path: inFolder('empty folder'), type: 'directory', mode: 0o1777},
    {path: inFolder('block'), content: Buffer.alloc(512, 'b')},
    {path: inFolder('over a block'), content: Buffer.alloc(513, 'b')},
    ...deep.map((path): FileEntry => ({path, type: 'directory', mode: 0o711, uid: 3})),
    {path: `${deep.at(-1)!}/file`, content: 'at the bottom', mode: 0o604},
  ]
}

const sparse = `truncate -s 64M sparse; printf end | dd of=sparse bs=1 seek=67000000 conv=notrunc 2>/dev/null
  truncate -s 8M 'all sparse'`

describe('keg docker package: kinds of files @each-store', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  let [container, folder, reference] = ['', '', '']
  let expected: Snapshot
  let files: Snapshot

  before(async () => {
    folder = await sandbox.temporaryFolder()
    await writeFile(join(folder, 'old'), 'old')
    await symlink('old', join(folder, 'old symlink'))
    // As dates: node takes a negative number for the present.
    const [dayBefore, yearsBefore] = [new Date(-86_400_000), new Date(-100_000_000_000)]
    await utimes(join(folder, 'old'), dayBefore, dayBefore)
    await lutimes(join(folder, 'old symlink'), yearsBefore, yearsBefore)
    container = await sandbox.run([
      ...['-v', `${folder}:/bind`, '-v', `${await sandbox.volume()}:/mount`, baseImage, 'sleep', '3600'],
    ])
    const tar = writeTar([
      {path: '/own', type: 'directory', mode: 0o751, uid: 9},
      {path: '/mount', type: 'directory', mode: 0o753, uid: 10},
      ...oddFiles('/mount'),
      ...oddFiles('/own'),
    ])
    await docker(['cp', '-', `${container}:/`], {input: tar})
    await docker(['exec', '-i', container, 'sh', '-e'], {input: `cd /mount; ${sparse}; cd /own; ${sparse}`})
    reference = (await packageOf(sandbox, container)).reference
    expected = await snapshotContainer(container)
    files = await snapshotImageFiles(reference)
  })

  after(() => sandbox.clean())

  it('are all unchanged, in the writable layer and in mounts', () => {
    const isOld = (path: string) => path.startsWith('/bind/old')
    expect(compareSnapshots(expected, files, {ignore: isOld})).to.deep.equal([])
  })

  it('are the same for a container of the package', async () => {
    const isOld = (path: string) => path.startsWith('/bind/old')
    await expectSameContainer(container, reference, {ignore: isOld})
  })

  // The comparison above says nothing about files that the container never had.
  for (const place of ['/own', '/mount'])
    it(`really exist, in ${place}`, () => {
      const kinds: [name: string, fields: object][] = [
        ['', {mode: place === '/own' ? 0o751 : 0o753, type: 'directory', uid: place === '/own' ? 9 : 10}],
        ['/a folder', {gid: 50, mode: 0o3775}],
        ['/setuid', {mode: 0o4755}],
        ['/all bits', {mode: 0o7777}],
        ['/no bits', {mode: 0}],
        ['/capable', {xattrs: {'security.capability': capability.toString('hex')}}],
        ['/highly capable', {xattrs: {'security.capability': highCapability.toString('hex')}}],
        ['/pipe', {mode: 0o622, type: 'fifo'}],
        ['/null', {device: {major: 1, minor: 3}, type: 'character device'}],
        ['/loop', {device: {major: 7, minor: 300}, type: 'block device'}],
        ['/absolute', {gid: 78, link: '/bin/busybox', uid: 77}],
        ['/dangling', {link: '../../nowhere/../at all', type: 'symlink'}],
        ['/loop-1', {link: 'loop-2'}],
        ['/owned', {gid: 2 ** 32 - 2, uid: 2 ** 31}],
        ['/owned folder', {gid: 2 ** 31 + 1, uid: 2 ** 21}],
        ['/future', {mtime: afterUnsigned32Bits}],
        ['/epoch', {mtime: 0}],
        ['/empty', {size: 0, type: 'file'}],
        ['/empty folder', {mode: 0o1777, type: 'directory'}],
        ['/sparse', {size: 64 * 1024 * 1024}],
        ['/all sparse', {size: 8 * 1024 * 1024}],
        [`/${deepFolders.join('/')}/file`, {mode: 0o604, size: 'at the bottom'.length}],
      ]
      for (const [name, fields] of kinds) expect(files.get(place + name), place + name).to.deep.include(fields)
      const links = ['/a folder/hardlink', '/hardlink', '/original'].map((name) => place + name)
      for (const path of links) expect(files.get(path)).to.deep.include({gid: 34, hardlinks: links, uid: 12})
      expect(Buffer.byteLength(longName)).to.equal(255)
      for (const name of ['with\nnew\n\nlines', 'größe-日本-🐳', 'e\u0301 decomposed', '\u00e9 decomposed', longName])
        expect(files.get(pathKey(`${place}/${name}`))?.type, name).to.equal('file')
      expect(files.get(`${place}/${invalidName.toString('latin1')}`)?.size).to.equal('invalid UTF-8'.length)
    })

  it('from before 1970 keep their time in the layer, though engines unpack them as of 1970', async () => {
    expect(pathsBelow(files, '/bind')).to.deep.equal(['/bind/old', '/bind/old symlink'])
    const {layers} = await imageLayers(reference)
    const times = layers
      .flatMap(({entries}) => entries)
      .flatMap(({mtime, path}) => (path.startsWith('/bind/old') ? [[path, mtime]] : []))
    expect(times).to.deep.equal([
      ['/bind/old', -86_400],
      ['/bind/old symlink', -100_000_000],
    ])
    expect(expected.get('/bind/old')?.mtime).to.equal(-86_400)
    expect(files.get('/bind/old')).to.deep.include({mtime: 0, sha256: expected.get('/bind/old')?.sha256})
  })
})

describe("keg docker package: the container's writable layer @each-store", function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  let [container, reference] = ['', '']
  let files: Snapshot

  before(async () => {
    const folders = ['gone', 'opaque', 'to-file', 'to-symlink', 'renamed', 'modes'].flatMap((name): FileEntry[] => [
      {path: `/app/${name}`, type: 'directory', mode: 0o750, uid: 20},
      {path: `/app/${name}/file`, content: `of the image, in ${name}`},
      {path: `/app/${name}/sub/file`, content: 'of the image'},
    ])
    const singles = ['changed', 'deleted', 'to-folder', 'replaced', 'mode', 'owner', 'untouched', 'truncated']
    const image = await sandbox.imageFromFiles(
      uniqueName('own-layer'),
      [
        ...folders,
        ...singles.map((name): FileEntry => ({path: `/app/${name}`, content: `of the image: ${name}`, uid: 21})),
        {path: '/app/linked', content: 'linked'},
        {path: '/app/link', link: '/app/linked', type: 'hardlink'},
        {path: '/app/was-symlink', link: 'gone', type: 'symlink'},
      ],
      {from: baseImage},
    )
    container = await waitingContainer(
      sandbox,
      [image],
      `cd /app
      echo changed >> changed; rm deleted; rm -r gone
      rm -r opaque; mkdir opaque; echo new > opaque/new
      rm -r to-file; echo file > to-file
      rm -r to-symlink; ln -s modes to-symlink
      rm to-folder; mkdir -p to-folder/sub; echo new > to-folder/sub/new
      rm was-symlink; mkdir was-symlink
      cp -r renamed moved; rm -r renamed
      rm replaced; echo new > replaced; chmod 600 mode; chown 5:6 owner; : > truncated; chmod 2700 modes
      mkdir -p new/folder; echo 1 > new/one; ln new/one new/folder/two; mkfifo new/pipe; chmod 1777 new/folder`,
    )
    reference = (await packageOf(sandbox, container)).reference
    files = await snapshotImageFiles(reference)
  })

  after(() => sandbox.clean())

  it('is in the package, entry by entry', async () => {
    expect(compareSnapshots(await snapshotContainer(container), files)).to.deep.equal([])
  })

  it('does not restore what was deleted or changed its kind', () => {
    for (const path of ['/app/deleted', '/app/gone', '/app/opaque/file', '/app/renamed', '/app/to-file/file'])
      expect(files.has(path), path).to.be.false
    expect(files.get('/app/to-file')?.type).to.equal('file')
    expect(files.get('/app/to-symlink')).to.deep.include({link: 'modes', type: 'symlink'})
    expect(files.get('/app/was-symlink')?.type).to.equal('directory')
    expect(files.get('/app/truncated')?.size).to.equal(0)
    expect(pathsBelow(files, '/app/to-folder')).to.deep.equal(['/app/to-folder/sub', '/app/to-folder/sub/new'])
    expect(pathsBelow(files, '/app/opaque')).to.deep.equal(['/app/opaque/new'])
    expect(files.get('/app/new/one')?.hardlinks).to.deep.equal(['/app/new/folder/two', '/app/new/one'])
  })

  it('is on top of the unchanged layers of the image', async () => {
    const image = await docker(['container', 'inspect', '--format', '{{.Image}}', container])
    const base = await imageLayers(image)
    const packaged = await imageLayers(reference)
    const digests = (saved: typeof base) => saved.layers.map(({diffId}) => diffId)
    expect(digests(packaged).slice(0, -1)).to.deep.equal(digests(base))
  })
})
