import {createHash} from 'node:crypto'
import {link, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {compareSnapshots} from '../../support/compare.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import type {Snapshot} from '../../support/snapshot.js'
import {pathKey, snapshotContainer, snapshotImage, snapshotImageFiles} from '../../support/snapshot.js'
import type {FileEntry} from '../../support/tar.js'

/** vfs_cap_data revision 2, effective, with cap_net_raw and with cap_net_admin permitted. */
const rawCapability = Buffer.from('0100000200200000000000000000000000000000', 'hex')
const adminCapability = Buffer.from('0100000200100000000000000000000000000000', 'hex')
const oddName = Buffer.from([0x2f, 0x61, 0xff, 0x20, 0x0a])

const files: FileEntry[] = [
  {path: '/app', type: 'directory', mode: 0o750, uid: 1000, gid: 1001},
  {path: '/app/content', content: 'content', mtime: 1_700_000_000},
  {path: '/app/program', content: 'program', mode: 0o4755, xattrs: {'security.capability': rawCapability}},
  {path: '/app/one', content: 'linked'},
  {path: '/app/three', link: '/app/one', type: 'hardlink'},
  {path: '/app/two', link: '/app/one', type: 'hardlink'},
  {path: '/app/symlink', link: 'content', type: 'symlink'},
  {path: '/app/pipe', type: 'fifo'},
  {path: '/app/device', device: {major: 1, minor: 3}, type: 'character device'},
  {path: '/app/naïve name', content: 'text name'},
  {path: oddName, content: 'odd name'},
]

/** The files with one of them changed: replaced by the result of `change`, or left out. */
function withChange(path: string, change: ((entry: FileEntry) => FileEntry) | null): FileEntry[] {
  const at = files.findIndex((entry) => entry.path === path)
  if (at === -1) throw new Error(`no ${path}`)
  return files.toSpliced(at, 1, ...(change === null ? [] : [change(files[at]!)]))
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe('the checker @containerd', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  let expected: Snapshot

  async function snapshotOf(entries: readonly FileEntry[]): Promise<Snapshot> {
    const image = await sandbox.imageFromFiles(uniqueName('checker'), entries)
    return snapshotContainer(await sandbox.create([image, '/none']))
  }

  before(async () => {
    expected = await snapshotOf(files)
  })

  after(() => sandbox.clean())

  it('sees each entry unchanged', () => {
    const link = {hardlinks: ['/app/one', '/app/three', '/app/two'], sha256: sha256('linked'), size: 6, type: 'file'}
    const promised: [string, object][] = [
      ['/app', {gid: 1001, mode: 0o750, type: 'directory', uid: 1000}],
      ['/app/content', {hardlinks: [], mtime: 1_700_000_000, sha256: sha256('content'), size: 7, xattrs: {}}],
      ['/app/program', {mode: 0o4755, xattrs: {'security.capability': rawCapability.toString('hex')}}],
      ['/app/one', link],
      ['/app/two', link],
      ['/app/three', link],
      ['/app/symlink', {link: 'content', sha256: null, type: 'symlink'}],
      ['/app/pipe', {type: 'fifo'}],
      ['/app/device', {device: {major: 1, minor: 3}, type: 'character device'}],
      [pathKey('/app/naïve name'), {sha256: sha256('text name')}],
      [oddName.toString('latin1'), {sha256: sha256('odd name')}],
    ]
    for (const [path, fields] of promised) {
      const entry = expected.get(path)
      expect({...entry}, path).to.deep.include(fields)
    }
  })

  it("leaves out the engine's own files", () => {
    const paths = [...expected.keys()].filter((path) => !path.startsWith('/app') && path !== oddName.toString('latin1'))
    expect(paths.sort()).to.deep.equal(['/', '/dev', '/etc', '/proc', '/sys'])
  })

  it('finds no difference between equal containers', async () => {
    expect(compareSnapshots(expected, await snapshotOf(files))).to.deep.equal([])
  })

  it('does not compare the time of a directory', async () => {
    const changed = await snapshotOf(withChange('/app', (entry) => ({...entry, mtime: 1_700_000_009})))
    expect(compareSnapshots(expected, changed)).to.deep.equal([])
  })

  const capability = (value: Buffer) =>
    `xattr security.capability expected ${rawCapability.toString('hex')}, got ${value.toString('hex') || 'none'}`
  const cases: [what: string, entries: FileEntry[], differences: string[]][] = [
    [
      'one bit of a mode',
      withChange('/app/content', (entry) => ({...entry, mode: 0o645})),
      ['/app/content: mode expected 0644, got 0645'],
    ],
    [
      'the mode of a directory',
      withChange('/app', (entry) => ({...entry, mode: 0o1750})),
      ['/app: mode expected 0750, got 1750'],
    ],
    [
      'setuid',
      withChange('/app/program', (entry) => ({...entry, mode: 0o755})),
      ['/app/program: mode expected 4755, got 0755'],
    ],
    [
      'a user',
      withChange('/app/content', (entry) => ({...entry, uid: 1})),
      ['/app/content: owner expected 0:0, got 1:0'],
    ],
    [
      'the group of a symlink',
      withChange('/app/symlink', (entry) => ({...entry, gid: 1})),
      ['/app/symlink: owner expected 0:0, got 0:1'],
    ],
    [
      'one bit of a content',
      withChange('/app/content', (entry) => ({...entry, content: 'contenu'})),
      [`/app/content: sha256 expected ${sha256('content')}, got ${sha256('contenu')}`],
    ],
    [
      'a time of a file',
      withChange('/app/content', (entry) => ({...entry, mtime: 1_700_000_001})),
      ['/app/content: mtime expected 1700000000, got 1700000001'],
    ],
    [
      'a time of a symlink',
      withChange('/app/symlink', (entry) => ({...entry, mtime: 1_600_000_001})),
      ['/app/symlink: mtime expected 1600000000, got 1600000001'],
    ],
    [
      'one bit of a capability',
      withChange('/app/program', (entry) => ({...entry, xattrs: {'security.capability': adminCapability}})),
      [`/app/program: ${capability(adminCapability)}`],
    ],
    [
      'a capability that is gone',
      withChange('/app/program', (entry) => ({...entry, xattrs: {}})),
      [`/app/program: ${capability(Buffer.alloc(0))}`],
    ],
    [
      'a hardlink that became a file of its own',
      withChange('/app/two', ({path}) => ({content: 'linked', path})),
      [
        '/app/one: hardlinks expected /app/one /app/three /app/two, got /app/one /app/three',
        '/app/three: hardlinks expected /app/one /app/three /app/two, got /app/one /app/three',
        '/app/two: hardlinks expected /app/one /app/three /app/two, got none',
      ],
    ],
    [
      'a target of a symlink',
      withChange('/app/symlink', (entry) => ({...entry, link: 'one'})),
      ['/app/symlink: link expected content, got one'],
    ],
    [
      'a number of a device',
      withChange('/app/device', (entry) => ({...entry, device: {major: 1, minor: 5}})),
      ['/app/device: device expected {"major":1,"minor":3}, got {"major":1,"minor":5}'],
    ],
    [
      'a file that became a directory',
      withChange('/app/content', ({path}) => ({mode: 0o644, path, type: 'directory'})),
      ['/app/content: type expected file, got directory'],
    ],
    ['a file that is not there', withChange('/app/content', null), ['missing: /app/content (file)']],
    ['a link of three that is not there', withChange('/app/two', null), ['missing: /app/two (file)']],
    ['a file that was not there', [...files, {path: '/app/a new\nfile'}], ['extra: "/app/a new\\nfile" (file)']],
    [
      'one byte of a name that is no UTF-8',
      files.map((entry) =>
        entry.path === oddName ? {...entry, path: Buffer.from([0x2f, 0x61, 0xfe, 0x20, 0x0a])} : entry,
      ),
      ['extra: "/a\\xfe \\x0a" (file)', 'missing: "/a\\xff \\x0a" (file)'],
    ],
  ]
  for (const [what, entries, differences] of cases)
    it(`reports ${what}, and nothing else`, async () => {
      expect(compareSnapshots(expected, await snapshotOf(entries))).to.deep.equal(differences)
    })

  it('leaves out ignored paths, on both sides', async () => {
    const changed = await snapshotOf([...withChange('/app/two', null), {path: '/extra'}])
    const ignored = new Set(['/app/two', '/extra'])
    expect(compareSnapshots(expected, changed, {ignore: (path) => ignored.has(path)})).to.deep.equal([])
    expect(compareSnapshots(expected, changed, {ignore: (path) => path === '/extra'})).to.deep.equal([
      'missing: /app/two (file)',
    ])
  })

  it('sees the files of an image with and without its volumes', async () => {
    const image = await sandbox.imageFromFiles(uniqueName('volumes'), files, {
      instructions: ['VOLUME /app', 'CMD ["/none"]'],
      upperLayers: [[{path: '/app/upper', content: 'upper'}]],
    })
    const promised = await snapshotOf([...files, {path: '/app/upper', content: 'upper'}])
    expect(compareSnapshots(promised, await snapshotImage(image))).to.deep.equal([])
    expect(compareSnapshots(promised, await snapshotImageFiles(image))).to.deep.equal([])
  })

  it('leaves no container of an image behind', async () => {
    const image = await sandbox.imageFromFiles(uniqueName('nothing-left'), [{path: '/data/file'}], {
      instructions: ['VOLUME /data'],
    })
    await snapshotImage(image)
    expect(await docker(['ps', '--all', '--quiet', '--filter', `ancestor=${image}`])).to.equal('')
  })
})

describe('a snapshot of a container with mounts @containerd', function () {
  this.timeout(120_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })

  afterEach(() => sandbox.clean())

  it("has every mount in its place, whatever the container's state", async () => {
    const folder = await sandbox.temporaryFolder()
    await writeFile(join(folder, 'bound'), 'bound')
    const image = await sandbox.imageFromFiles(
      uniqueName('mounts'),
      [
        {path: '/outer/hidden', content: 'below the mount'},
        {path: '/run', type: 'directory'},
        {path: '/var/run', link: '/run', type: 'symlink'},
      ],
      {from: baseImage, instructions: ['VOLUME /declared']},
    )
    const nested = await sandbox.volume('nested')
    const behind = await sandbox.volume('behind')
    const mounts = ['-v', `${folder}:/outer`, '-v', `${nested}:/outer/nested`, '-v', `${behind}:/var/run/data`]
    const bind = ['-v', `${join(folder, 'bound')}:/single`]
    const write =
      'for d in /outer /outer/nested /var/run/data /declared; do echo $d > $d/file; ln $d/file $d/link; done'

    const created = await sandbox.create([...mounts, ...bind, image, 'true'])
    expect([...(await snapshotContainer(created)).keys()])
      .to.include('/outer/bound')
      .and.not.include('/outer/hidden')

    const container = await sandbox.run([...mounts, ...bind, image, 'sh', '-c', `${write}; touch /ready; sleep 600`])
    await docker(['exec', container, 'sh', '-c', 'until [ -e /ready ]; do sleep 0.1; done'])
    const running = await snapshotContainer(container)
    await docker(['pause', container])
    const paused = await snapshotContainer(container)
    await docker(['unpause', container])
    await docker(['kill', container])
    const stopped = await snapshotContainer(container)
    const other = await snapshotContainer(created)

    expect(running.get('/single')?.sha256).to.equal(sha256('bound'))
    expect(running.has('/var/run/data')).to.be.false
    for (const [path, place] of [
      ['/outer', '/outer'],
      ['/outer/nested', '/outer/nested'],
      ['/run/data', '/var/run/data'],
      ['/declared', '/declared'],
    ] as const) {
      expect(running.get(`${path}/file`)?.sha256, path).to.equal(sha256(`${place}\n`))
      expect(running.get(`${path}/file`)?.hardlinks, path).to.deep.equal([`${path}/file`, `${path}/link`])
    }
    expect(compareSnapshots(running, paused)).to.deep.equal([])
    expect(compareSnapshots(running, stopped)).to.deep.equal([])
    // The created one shares the named volumes and the bind, but not the anonymous volume and the writable layer.
    expect(compareSnapshots(running, other)).to.deep.equal([
      'missing: /declared/file (file)',
      'missing: /declared/link (file)',
      'missing: /ready (file)',
    ])
  })

  it('has no hardlinks across mounts', async () => {
    const folder = await sandbox.temporaryFolder()
    await mkdir(join(folder, 'a'))
    await mkdir(join(folder, 'b'))
    await writeFile(join(folder, 'a', 'file'), 'shared inode')
    for (const name of ['link', 'other']) await link(join(folder, 'a', 'file'), join(folder, 'b', name))
    const container = await sandbox.create([
      ...['-v', `${join(folder, 'a')}:/a`, '-v', `${join(folder, 'b')}:/a/b`],
      ...[baseImage, 'true'],
    ])
    const snapshot = await snapshotContainer(container)
    const fields = {sha256: sha256('shared inode'), size: 12}
    expect(snapshot.get('/a/file')).to.deep.include({...fields, hardlinks: []})
    for (const path of ['/a/b/link', '/a/b/other'])
      expect(snapshot.get(path)).to.deep.include({...fields, hardlinks: ['/a/b/link', '/a/b/other']})
  })

  it('does not believe an engine that takes files of two mounts with the same inode number for links', async () => {
    const volumes = [sandbox.addVolume(uniqueName('one')), sandbox.addVolume(uniqueName('two'))]
    // Each tmpfs numbers its inodes from the same start.
    for (const volume of volumes)
      await docker(['volume', 'create', '--label', sandbox.label, '-o', 'type=tmpfs', '-o', 'device=tmpfs', volume])
    const write = 'for d in one two; do echo $d > /$d/file; ln /$d/file /$d/link; done; chmod 600 /two/file'
    const container = await sandbox.run([
      ...['-v', `${volumes[0]!}:/one`, '-v', `${volumes[1]!}:/two`],
      ...[baseImage, 'sh', '-c', `${write}; touch /ready; sleep 600`],
    ])
    await docker(['exec', container, 'sh', '-c', 'until [ -e /ready ]; do sleep 0.1; done'])
    const snapshot = await snapshotContainer(container)
    for (const [name, mode] of [
      ['one', 0o644],
      ['two', 0o600],
    ] as const) {
      const paths = [`/${name}/file`, `/${name}/link`]
      for (const path of paths)
        expect(snapshot.get(path), path).to.deep.include({hardlinks: paths, mode, sha256: sha256(`${name}\n`)})
    }
  })

  it('does not keep contents in memory', async () => {
    const container = await sandbox.run([
      '-v',
      '/large',
      baseImage,
      'sh',
      '-c',
      'truncate -s 512M /large/file; sleep 600',
    ])
    await docker(['exec', container, 'sh', '-c', 'until [ -s /large/file ]; do sleep 0.1; done'])
    const before = process.memoryUsage.rss()
    let highest = before
    const timer = setInterval(() => (highest = Math.max(highest, process.memoryUsage.rss())), 20)
    try {
      const snapshot = await snapshotContainer(container)
      expect(snapshot.get('/large/file')?.size).to.equal(512 * 1024 * 1024)
    } finally {
      clearInterval(timer)
    }
    expect((highest - before) / 1024 / 1024).to.be.lessThan(200)
  })
})
