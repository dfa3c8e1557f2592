import {once} from 'node:events'
import {chmod, chown, mkdir, writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {snapshotContainer, snapshotImageFiles} from '../../support/snapshot.js'
import {
  expectSameContainer,
  expectSameFiles,
  inContainer,
  inspected,
  mountAt,
  packageOf,
  pathsBelow,
  waitingContainer,
} from './packaging.js'

describe('keg docker package: mounts @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })

  afterEach(() => sandbox.clean())

  it('includes the data of a VOLUME of the image, also for the volume that an engine creates for a reviewer', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('declared'),
      [
        {path: '/data/deleted', content: 'of the image'},
        {path: '/data/kept', content: 'of the image', uid: 1000},
      ],
      {from: baseImage, instructions: ['VOLUME /data']},
    )
    const container = await waitingContainer(
      sandbox,
      [image],
      'rm /data/deleted; echo new > /data/new; chmod 4750 /data/new; ln /data/new /data/linked; chmod 1770 /data',
    )
    const result = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, result.reference)
    expect(pathsBelow(files, '/data')).to.deep.equal(['/data/kept', '/data/linked', '/data/new'])
    await expectSameContainer(container, result.reference)
    expect(mountAt(result, '/data')).to.deep.equal({
      ...{destination: '/data', type: 'volume', content: null, included: true, reason: null, flag: null},
      bytes: 'of the image'.length + 'new\n'.length,
    })
  })

  it('does not restore what the image has below a mount', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('below'),
      ['/volume', '/bind', '/empty'].flatMap((folder) => [
        {path: `${folder}/deleted`, content: 'of the image'},
        {path: `${folder}/kept`, content: 'of the image'},
        {path: `${folder}/folder/deleted`, content: 'of the image'},
        {path: `${folder}/folder/link`, link: '../deleted', type: 'symlink' as const},
      ]),
      {from: baseImage},
    )
    const folder = await sandbox.temporaryFolder()
    await mkdir(join(folder, 'folder'))
    const container = await waitingContainer(
      sandbox,
      [
        ...['-v', `${await sandbox.volume()}:/volume`, '-v', `${folder}:/bind`],
        ...['--mount', `type=volume,source=${await sandbox.volume()},target=/empty,volume-nocopy`, image],
      ],
      'rm -r /volume/deleted /volume/folder; mkdir /volume/deleted; echo new > /bind/kept; echo new > /bind/folder/new',
    )
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    expect(pathsBelow(files, '/volume')).to.deep.equal(['/volume/deleted', '/volume/kept'])
    expect(pathsBelow(files, '/bind')).to.deep.equal(['/bind/folder', '/bind/folder/new', '/bind/kept'])
    expect(files.get('/empty')?.type).to.equal('directory')
    expect(pathsBelow(files, '/empty')).to.deep.equal([])
  })

  describe('within each other @containerd', () => {
    let container: string

    beforeEach(async () => {
      const image = await sandbox.imageFromFiles(
        uniqueName('nested'),
        [
          {path: '/outer/of the image', content: 'of the image'},
          {path: '/outer/inner/of the image', content: 'of the image'},
        ],
        {from: baseImage},
      )
      const outer = await sandbox.volume('outer')
      await waitingContainer(
        sandbox,
        ['-v', `${outer}:/outer`, baseImage],
        `for name in inner bound inner/deep; do mkdir -p /outer/$name; echo hidden > /outer/$name/hidden; done
        echo outer > /outer/file; ln /outer/file /outer/link; chmod 700 /outer/inner; chmod 711 /outer`,
      )
      const folder = await sandbox.temporaryFolder()
      await writeFile(join(folder, 'bound'), 'bound')
      container = await waitingContainer(
        sandbox,
        [
          ...['-v', `${folder}:/outer/bound`, '-v', `${outer}:/outer`],
          ...['-v', `${await sandbox.volume('inner')}:/outer/inner`, '-v', '/outer/inner/deep', image],
        ],
        'echo inner > /outer/inner/file; echo deep > /outer/inner/deep/file; chown 7:8 /outer/inner; chmod 1711 /outer',
      )
    })

    it('are each in their place, without what they hide', async () => {
      const {reference} = await packageOf(sandbox, container)
      const files = await expectSameFiles(container, reference)
      const written = (await imageLayers(reference)).layers.flatMap(({entries}) => entries.map(({path}) => path))
      expect([...files.keys(), ...written].filter((path) => path.endsWith('hidden'))).to.deep.equal([])
      expect(files.get('/outer/inner')).to.deep.include({gid: 8, uid: 7})
      for (const path of ['file', 'bound/bound', 'inner/file', 'inner/deep/file'])
        expect(files.has(`/outer/${path}`), path).to.be.true
    })

    it('excludes an inner one, and what it hides too', async () => {
      const result = await packageOf(sandbox, container, ['--exclude-mount', '/outer/inner'])
      const isOfInner = (path: string) => path.startsWith('/outer/inner') && !path.startsWith('/outer/inner/deep')
      const files = await expectSameFiles(container, result.reference, {ignore: isOfInner})
      expect(files.get('/outer/inner')?.type).to.equal('directory')
      expect(pathsBelow(files, '/outer/inner')).to.deep.equal(['/outer/inner/deep', '/outer/inner/deep/file'])
      expect(mountAt(result, '/outer/inner')).to.deep.include({included: false, reason: 'excluded by --exclude-mount'})
    })

    it('includes inner ones without the outer one, and not what the image has there', async () => {
      const {reference} = await packageOf(sandbox, container, ['--exclude-mount', '/outer'])
      const isOfOuter = (path: string) => /^\/outer(?!\/(?:inner|bound))/.test(path)
      const files = await expectSameFiles(container, reference, {ignore: isOfOuter})
      expect(pathsBelow(files, '/outer').filter(isOfOuter)).to.deep.equal([])
    })
  })

  it('includes binds of folders and of files @classic', async () => {
    const folder = await sandbox.temporaryFolder()
    await mkdir(join(folder, 'folder', 'sub'), {recursive: true})
    for (const name of ['folder/content', 'folder/sub/content', 'file', 'new'])
      await writeFile(join(folder, name), `content of ${name}`)
    await chmod(join(folder, 'file'), 0o2640)
    await chown(join(folder, 'new'), 1234, 5678)
    const image = await sandbox.imageFromFiles(
      uniqueName('binds'),
      [{path: '/srv/settings', content: 'of the image', mode: 0o600}],
      {from: baseImage},
    )
    const binds = ['folder:/work', 'file:/srv/settings', 'new:/opt/of/its/own']
    const container = await sandbox.run([...binds.flatMap((bind) => ['-v', join(folder, bind)]), image, 'sleep', '600'])
    const result = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, result.reference)
    expect(files.get('/srv/settings')).to.deep.include({mode: 0o2640, size: 'content of file'.length})
    expect(files.get('/opt/of/its/own')).to.deep.include({gid: 5678, size: 'content of new'.length, uid: 1234})
    expect(pathsBelow(files, '/work')).to.deep.equal(['/work/content', '/work/sub', '/work/sub/content'])
    expect(mountAt(result, '/srv/settings')).to.deep.include({bytes: 'content of file'.length, included: true})
  })

  it('follows symlinks to the place of a mount, and keeps them', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('symlinks'),
      [
        {path: '/run', type: 'directory', mode: 0o711},
        {path: '/var', type: 'directory'},
        {path: '/var/run', link: '/run', type: 'symlink'},
        {path: '/real/deep', type: 'directory', mode: 0o750, uid: 5},
        {path: '/srv/relative', link: '../real/./deep', type: 'symlink'},
      ],
      {from: baseImage},
    )
    const volumes = [await sandbox.volume(), await sandbox.volume()]
    const mounts = ['-v', `${volumes[0]!}:/var/run/data`, '-v', `${volumes[1]!}:/srv/relative/data`]
    const container = await waitingContainer(
      sandbox,
      [...mounts, image],
      'echo absolute > /var/run/data/file; echo relative > /srv/relative/data/file',
    )
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    expect(files.get('/var/run')).to.deep.include({link: '/run', type: 'symlink'})
    expect(files.get('/srv/relative')).to.deep.include({link: '../real/./deep', type: 'symlink'})
    expect([...files.keys()]).to.include.members(['/run/data/file', '/real/deep/data/file'])
  })

  it('leaves the folders above a mount unchanged @containerd', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('parents'),
      [
        {path: '/srv', type: 'directory', mode: 0o700, uid: 1000, gid: 1000},
        {path: '/srv/app', type: 'directory', mode: 0o2751, uid: 1001, gid: 1002},
      ],
      {from: baseImage},
    )
    const container = await waitingContainer(
      sandbox,
      ['-v', `${await sandbox.volume()}:/srv/app/in/data`, image],
      'echo new > /srv/app/in/data/file; chmod 1733 /srv/app/in; chown 9:9 /srv/app/in',
    )
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    expect(files.get('/srv')).to.deep.include({gid: 1000, mode: 0o700, uid: 1000})
    expect(files.get('/srv/app')).to.deep.include({gid: 1002, mode: 0o2751, uid: 1001})
    expect(files.get('/srv/app/in')).to.deep.include({gid: 9, mode: 0o1733, uid: 9})
  })

  it('includes read-only mounts of a read-only container @classic', async () => {
    const volume = await sandbox.volume()
    const folder = await sandbox.temporaryFolder()
    await writeFile(join(folder, 'bound'), 'bound')
    await waitingContainer(sandbox, ['-v', `${volume}:/data`, baseImage], 'echo written > /data/file')
    const container = await sandbox.run([
      ...['--read-only', '-v', `${volume}:/data:ro`, '-v', `${folder}:/work:ro`],
      ...[baseImage, 'sleep', '600'],
    ])
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    expect([...files.keys()]).to.include.members(['/data/file', '/work/bound'])
  })

  it('does not touch another container with the same volume @classic', async () => {
    const volume = await sandbox.volume()
    const other = await waitingContainer(sandbox, ['-v', `${volume}:/shared`, baseImage], 'echo other > /shared/other')
    const container = await waitingContainer(sandbox, ['-v', `${volume}:/data`, baseImage], 'echo own > /data/own')
    const before = await snapshotContainer(other)
    const {reference} = await packageOf(sandbox, container)
    const files = await expectSameFiles(container, reference)
    expect(pathsBelow(files, '/data')).to.deep.equal(['/data/other', '/data/own'])
    expect(await inspected(other, '{{.State.Status}}')).to.equal('running')
    expect([...(await snapshotContainer(other)).keys()]).to.deep.equal([...before.keys()])
    await inContainer(container, 'echo still writable > /data/own')
  })

  it('excludes what is in memory, and says so @classic', async () => {
    const volume = await sandbox.volume()
    await waitingContainer(
      sandbox,
      ['-v', `${volume}:/data`, baseImage],
      'mkdir /data/memory; echo hidden > /data/memory/hidden',
    )
    const inMemory = ['/by-tmpfs', '/by-mount', '/data/memory']
    const container = await waitingContainer(
      sandbox,
      [
        ...['--tmpfs', '/by-tmpfs', '--tmpfs', '/data/memory', '--mount', 'type=tmpfs,target=/by-mount'],
        ...['-v', `${volume}:/data`, baseImage],
      ],
      'for folder in by-tmpfs by-mount data/memory data; do echo content > /$folder/file; done',
    )
    const result = await packageOf(sandbox, container)
    const files = await snapshotImageFiles(result.reference)
    expect(pathsBelow(files, '/data')).to.deep.equal(['/data/file', '/data/memory'])
    for (const destination of inMemory) {
      const left = {destination, type: 'tmpfs', bytes: null, included: false, flag: null}
      expect(mountAt(result, destination)).to.deep.include(left)
      expect(mountAt(result, destination).reason).to.match(/memory/)
      expect(pathsBelow(files, destination)).to.deep.equal([])
    }
  })

  it('excludes a socket, and says why @classic', async () => {
    const folder = await sandbox.temporaryFolder()
    const server = createServer().listen(join(folder, 'docker.sock'))
    await once(server, 'listening')
    try {
      const container = await waitingContainer(
        sandbox,
        [
          ...['-v', `${join(folder, 'docker.sock')}:/var/run/docker.sock`],
          ...['-v', `${await sandbox.volume()}:/data`, baseImage],
        ],
        'echo content > /data/file; test -S /var/run/docker.sock',
      )
      const result = await packageOf(sandbox, container)
      const left = {type: 'bind', bytes: null, included: false, flag: null}
      expect(mountAt(result, '/var/run/docker.sock')).to.deep.include(left)
      expect(mountAt(result, '/var/run/docker.sock').reason).to.match(/socket/)
      expect(mountAt(result, '/data').included).to.be.true
      const told = await keg(['docker', 'package', container, '-t', 'one', '--dry-run'])
      expect(told.code, told.stderr).to.equal(0)
      expect(told.stderr).to.match(/bind \/var\/run\/docker\.sock excluded: a socket/)
      expect(told.stderr).to.match(/volume \/data, \d+/)
    } finally {
      server.close()
    }
  })

  describe('chosen by the user @classic', () => {
    let container: string

    beforeEach(async () => {
      const folder = await sandbox.temporaryFolder()
      await mkdir(join(folder, 'secrets'))
      await writeFile(join(folder, 'secrets', 'key'), 'key')
      await mkdir(join(folder, 'work'))
      await writeFile(join(folder, 'work', 'file'), 'file')
      const mounts = [`${join(folder, 'work')}:/bind`, `${join(folder, 'secrets')}:/credentials`]
      container = await waitingContainer(
        sandbox,
        [...mounts.flatMap((mount) => ['-v', mount]), '-v', `${await sandbox.volume()}:/volume`, baseImage],
        'echo content > /volume/file',
      )
    })

    const [bind, credentials, volume] = ['/bind/file', '/credentials/key', '/volume/file']
    const cases: [flags: string[], files: string[]][] = [
      [[], [bind, volume]],
      [
        ['--include-mount', '/credentials'],
        [bind, credentials, volume],
      ],
      [['--exclude-mount', '/volume'], [bind]],
      [['--exclude-mount', '/volume/', '--exclude-mount', '/bind'], []],
      [['--mounts', 'volumes'], [volume]],
      [['--mounts', 'none'], []],
      [
        ['--mounts', 'none', '--include-mount', '/credentials', '--include-mount', '/bind'],
        [bind, credentials],
      ],
    ]
    for (const [flags, expected] of cases)
      it(`includes ${expected.join(', ') || 'none'} with ${flags.join(' ') || 'no flag'} @classic`, async () => {
        const result = await packageOf(sandbox, container, flags)
        const files = await snapshotImageFiles(result.reference)
        expect([bind, credentials, volume].filter((path) => files.has(path))).to.deep.equal(expected)
        for (const mount of result.mounts) {
          const isExpected = expected.some((path) => path.startsWith(`${mount.destination}/`))
          expect(mount.included, mount.destination).to.equal(isExpected)
          expect(mount.reason === null, `reason of ${mount.destination}`).to.equal(isExpected)
        }
        const byDefault = mountAt(result, '/credentials')
        if (flags.length === 0) expect(byDefault.flag).to.equal('--include-mount /credentials')
      })
  })
})
