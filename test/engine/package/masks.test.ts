/** What mounts hide, and where the kernel puts them: one container has many of them, because each packaging takes seconds. */
import {execFile} from 'node:child_process'
import {createHash} from 'node:crypto'
import {link, mkdir, readdir, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {imageLayers} from '../../support/layers.js'
import {snapshotImageFiles} from '../../support/snapshot.js'
import {expectSameFiles, mountAt, packageOf, pathsBelow, waitingContainer} from './packaging.js'

/** Name, or whole content, of files that no package of these tests may have. */
const HIDDEN = 'hidden-4711'

/** Paths in the layers of an image that are hidden or contain what was hidden. */
async function hiddenIn(reference: string): Promise<string[]> {
  const sha256 = createHash('sha256').update(HIDDEN).digest('hex')
  const {layers} = await imageLayers(reference)
  const entries = layers.flatMap((layer) => layer.entries)
  return entries.filter((entry) => entry.path.includes(HIDDEN) || entry.sha256 === sha256).map(({path}) => path)
}

describe('keg docker package: what mounts hide @each-store', function () {
  this.timeout(180_000)
  let sandbox: Sandbox
  let folder: string
  const mounted: string[] = []

  beforeEach(async () => {
    sandbox = new Sandbox()
    folder = await sandbox.temporaryFolder()
  })

  afterEach(async () => {
    for (const path of mounted.splice(0)) await promisify(execFile)('umount', ['--lazy', path])
    await sandbox.clean()
  })

  /** Mounts a file system in memory over a folder of this machine. */
  async function mount(path: string): Promise<void> {
    await promisify(execFile)('mount', ['-t', 'tmpfs', 'tmpfs', path])
    mounted.push(path)
  }

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(join(folder, path, '..'), {recursive: true})
      await writeFile(join(folder, path), content)
    }
  }

  it('is neither visible nor in a layer, whatever hides it, and whether that is in the package or not', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('masked'),
      [
        {path: '/etc/secret.conf', content: 'of the image', mode: 0o640, uid: 7},
        {path: '/cache/of the image', content: 'of the image'},
        {path: '/cache/folder/file', content: 'of the image'},
        {path: '/excluded/of the image', content: 'of the image'},
        {path: '/plain', type: 'directory', mode: 0o750},
      ],
      {from: baseImage},
    )
    await write({
      ...{'app/.env': HIDDEN, 'app/by-file': HIDDEN, 'app/by-excluded': HIDDEN, 'app/main': 'main'},
      ...{
        [`app/sub/${HIDDEN}`]: '',
        [`app/memory/${HIDDEN}`]: '',
        [`app/deep/a/${HIDDEN}`]: '',
        'review.conf': 'review',
      },
      ...{
        'deep/file': 'deep',
        'inner/file': 'inner',
        'deep/b/c/file': HIDDEN,
        'out/file': 'excluded',
        key: HIDDEN,
        'app/linked': 'linked',
      },
    })
    await mkdir(join(folder, 'host/sub'), {recursive: true})
    await mount(join(folder, 'host/sub'))
    await write({'host/file': 'host', [`host/sub/${HIDDEN}`]: 'of the host'})
    await link(join(folder, 'app/linked'), join(folder, 'app/other name'))
    const bind = (source: string, destination: string) => ['-v', `${join(folder, source)}:${destination}`]
    const container = await waitingContainer(
      sandbox,
      [
        ...['-v', '/dev/null:/deep/b/c/file', ...bind('review.conf', '/app/by-file'), '--tmpfs', '/app/memory'],
        ...[...bind('app', '/app'), '-v', '/dev/null:/app/.env', ...bind('out', '/app/sub')],
        ...['-v', '/dev/null:/app/linked'],
        ...[...bind('deep', '/deep'), ...bind('inner', '/app/deep/a'), ...bind('key', '/app/by-excluded')],
        ...[
          '-v',
          '/dev/null:/etc/secret.conf',
          '--tmpfs',
          '/cache',
          ...bind('out', '/excluded/'),
          ...bind('out', '/plain'),
        ],
        ...['--mount', `type=bind,source=${join(folder, 'host')},target=/host/,bind-nonrecursive`],
        image,
      ],
      'test ! -s /app/.env; test "$(cat /app/main)" = main; echo memory > /cache/memory',
    )
    // Engines put this below the tmpfs, where the container does not see it, and a commit includes it.
    await write({[HIDDEN]: HIDDEN})
    await docker(['cp', join(folder, HIDDEN), `${container}:/cache/${HIDDEN}`])

    const flags = ['/app/sub', '/excluded//', 'plain', '/app/by-excluded'].flatMap((path) => ['--exclude-mount', path])
    const result = await packageOf(sandbox, container, [...flags, '--verify'])
    const files = await expectSameFiles(container, result.reference, {
      // Files in memory are not compared, and Engine 20.10 shows mounts below a bind that is not recursive.
      ignore: (path) =>
        /^\/(?:app\/(?:\.env|by-excluded|linked|sub|memory)|deep\/b\/c\/file|etc\/secret\.conf|cache|excluded|host|plain)/.test(
          path,
        ),
    })
    for (const path of ['/app/.env', '/app/by-excluded', '/app/linked', '/deep/b/c/file', '/etc/secret.conf'])
      expect(files.get(path), path).to.include({type: 'file', size: 0})
    expect(files.get('/etc/secret.conf')).to.include({mode: 0o640, uid: 7})
    for (const path of ['/app/sub', '/app/memory', '/cache', '/excluded', '/plain']) {
      expect(files.get(path)?.type, path).to.equal('directory')
      expect(pathsBelow(files, path)).to.deep.equal([])
    }
    expect(pathsBelow(files, '/host')).to.deep.equal(['/host/file', '/host/sub'])
    expect(files.get('/plain')).to.include({mode: 0o750})
    expect(await hiddenIn(result.reference)).to.deep.equal([])
    expect(result.verification).to.include({differenceCount: 0})
    expect(mountAt(result, '/cache')).to.include({included: false, bytes: null})
  })

  it('is where the kernel put it, whatever symlinks led there, and however it was named @classic', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('placed'),
      [
        {path: '/image/link', link: '../chain/one', type: 'symlink'},
        {path: '/over/link', link: '/covered', type: 'symlink'},
        {path: '/data/of the image', content: 'of the image'},
      ],
      {from: baseImage, instructions: ['VOLUME data']},
    )
    await write({
      ...{'app/releases/2/index': 'two', 'app/logs/index': 'logs', 'chain/three/file': '3', 'out/file': 'out'},
      ...{'a/a': 'a', 'b/b': 'b', 'c/c': 'c', 'd/d': 'd', 'upper/upper': 'upper', [`under/${HIDDEN}`]: 'under'},
      ...{'etc/hosts': HIDDEN, 'etc/app.conf': 'app'},
    })
    await symlink('releases/2', join(folder, 'app/current'))
    await symlink('releases/../logs', join(folder, 'app/up'))
    await symlink('/chain/two', join(folder, 'chain/one'))
    await symlink('three', join(folder, 'chain/two'))
    await symlink('/srv/app', join(folder, 'out/to'))
    const binds = {
      ...{'/srv/app': 'app', '/srv/app/current/shared': 'a', '/srv/app/up/b': 'b', '/chain': 'chain', '/out': 'out'},
      ...{'/image/link/c': 'c', '/out/to/d': 'd', '/covered': 'under', '/over/link': 'upper', '/etc': 'etc'},
    }
    const container = await waitingContainer(
      sandbox,
      [...Object.entries(binds).flatMap(([path, source]) => ['-v', `${join(folder, source)}:${path}`]), image],
      'test -f /chain/three/c/c -a -f /srv/app/d/d -a -f /covered/upper; echo new > /data/new',
    )
    const flags = ['--exclude-mount', '/out/', '--include-mount', '//data/.', '--verify']
    const result = await packageOf(sandbox, container, flags)
    const files = await expectSameFiles(container, result.reference, {
      // Files that the engine adds, and excluded ones.
      ignore: (path) => path.startsWith('/out') || path === '/etc/hosts',
    })
    expect(files.get('/srv/app/current')).to.include({type: 'symlink', link: 'releases/2'})
    const placed = [
      '/srv/app/releases/2/shared/a',
      '/srv/app/logs/b/b',
      '/chain/three/c/c',
      '/srv/app/d/d',
      '/data/new',
    ]
    expect([...files.keys()]).to.include.members(placed)
    expect(pathsBelow(files, '/covered')).to.deep.equal(['/covered/upper'])
    expect(await hiddenIn(result.reference)).to.deep.equal([])
    expect(mountAt(result, '/covered')).to.include({included: false, bytes: null})
    expect(mountAt(result, '/covered').reason).to.match(/hidden by the mount \/over\/link/)
    expect(mountAt(result, '/data')).to.include({included: true, type: 'volume'})
    expect(result.verification).to.include({differenceCount: 0})
  })

  it('is as in the kernel if nothing else can tell: a redirected link, two mounts in one place @classic', async () => {
    await write({
      'app/releases/2/index': '2',
      'app/releases/3/index': '3',
      'shared/upload': 'upload',
      'cache/of the host': '',
    })
    await symlink('releases/2', join(folder, 'app/current'))
    const binds = ['app:/srv/app', 'shared:/srv/app/current/shared', 'cache:/cache']
    const container = await waitingContainer(
      sandbox,
      [...binds.flatMap((bind) => ['-v', join(folder, bind)]), '--tmpfs', '/cache/', baseImage],
      'test -f /srv/app/releases/2/shared/upload; touch /cache/seen',
    )
    await rm(join(folder, 'app/current'))
    await symlink('releases/3', join(folder, 'app/current'))
    const isInMemory = !(await readdir(join(folder, 'cache'))).includes('seen')
    const result = await packageOf(sandbox, container, ['--verify', '--yes'])
    const files = await snapshotImageFiles(result.reference)
    expect(files.get('/srv/app/current')).to.include({type: 'symlink', link: 'releases/3'})
    expect(pathsBelow(files, '/srv/app/releases/2')).to.include('/srv/app/releases/2/shared/upload')
    expect(pathsBelow(files, '/srv/app/releases/3')).to.deep.equal(['/srv/app/releases/3/index'])
    expect(pathsBelow(files, '/cache')).to.deep.equal(isInMemory ? [] : ['/cache/of the host', '/cache/seen'])
    expect(
      result.mounts.filter(({destination}) => destination === '/cache').map(({included}) => included),
    ).to.have.members(isInMemory ? [false, false] : [false, true])
    expect(result.verification).to.include({differenceCount: 0})
  })
})
