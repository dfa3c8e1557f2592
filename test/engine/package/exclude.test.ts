import {link, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {snapshotImageFiles} from '../../support/snapshot.js'
import {inContainer, labelsOf, mountAt, packageOf} from './packaging.js'

interface Excluding {
  readonly excluded: {readonly paths: readonly string[]; readonly environment: readonly string[]}
  readonly excludable: readonly {readonly path: string; readonly kind: string; readonly flag: string}[]
  readonly warnings: readonly string[]
}

describe('keg docker package: what is excluded @each-store', function () {
  this.timeout(180_000)
  let sandbox: Sandbox

  beforeEach(() => {
    sandbox = new Sandbox()
  })

  afterEach(() => sandbox.clean())

  it('is in no layer, even from the image, through a symlink or in a mount, and verification allows for that', async () => {
    const image = await sandbox.imageFromFiles(
      uniqueName('excluding'),
      [
        {path: '/srv/base/kept', content: 'kept', mode: 0o640, uid: 7},
        {path: '/srv/base/gone', content: 'gone'},
        {path: '/srv/base/folder/gone', content: 'gone'},
      ],
      {from: baseImage, instructions: ['ENV TOKEN=token-of-the-image OTHER=kept']},
    )
    const folder = await sandbox.temporaryFolder()
    for (const name of ['.git', 'node_modules/x', 'build', 'src/build'])
      await mkdir(join(folder, name), {recursive: true})
    await writeFile(join(folder, '.gitignore'), '*.tmp\n')
    await writeFile(join(folder, '.kegignore'), '/build/\n*.log\n!keep.log\n')
    const files = [
      '.git/HEAD',
      'node_modules/x/y.js',
      'build/out',
      'src/build/in',
      'a.log',
      'keep.log',
      'x.tmp',
      'first',
    ]
    for (const name of files) await writeFile(join(folder, name), `${name} of the host`)
    await link(join(folder, 'first'), join(folder, 'second'))
    const data = await sandbox.volume('data')
    const container = await sandbox.run([
      ...[
        '--label',
        `com.docker.compose.project.working_dir=${folder}`,
        '-e',
        'SECRET=secret-of-the-container',
        '-e',
        'KEPT=1',
      ],
      ...['-v', `${folder}:/app`, '-v', `${data}:/app/data`, image, 'sleep', '3600'],
    ])
    await inContainer(
      container,
      `echo own > /srv/base/own; ln /srv/base/own /srv/base/linked; mkdir /srv/new; echo own > /srv/new/a.cache
      echo own > /srv/new/b; ln -s /srv/base /short; echo data > /app/data/file`,
    )
    const excluding = [
      ...[
        '/app/.git',
        '/app/first',
        '/app/data',
        '/srv/base/gone',
        '/short/folder',
        '/srv/base/own',
        '/srv/new/*.cache',
      ],
      ...['/app/never-there'],
    ]
    const flags = excluding.flatMap((path) => ['--exclude', path])
    const environment = ['TOKEN', 'SECRET'].flatMap((name) => ['--exclude-env', name])
    const packaged = await packageOf(sandbox, container, ['--verify', '--no-push', ...flags, ...environment])
    const result = packaged as typeof packaged & Excluding

    const out = [
      ...['/app/.git', '/app/a.log', '/app/build', '/app/data', '/app/first'],
      ...['/srv/base/folder', '/srv/base/gone', '/srv/base/own', '/srv/new/a.cache'],
    ]
    expect(result.excluded).to.deep.equal({paths: out, environment: ['TOKEN', 'SECRET']})
    expect(mountAt(result, '/app/data').included).to.equal(false)
    expect(result.warnings.join()).to.include('/app/never-there').and.not.include('/short/folder')
    expect(result.excludable.map(({kind, path}) => [kind, path])).to.deep.include.members([
      ['dependencies', '/app/node_modules'],
      ['ignored', '/app/x.tmp'],
    ])
    const found = await snapshotImageFiles(result.reference)
    expect(out.filter((path) => path !== '/app/data' && found.has(path))).to.deep.equal([])
    expect(found.has('/app/data/file')).to.equal(false)
    for (const path of ['/app/keep.log', '/app/src/build/in', '/app/node_modules/x/y.js', '/srv/new/b'])
      expect(found.has(path), path).to.equal(true)
    expect(found.get('/app/second')).to.deep.include({type: 'file', size: 'first of the host'.length})
    expect(found.get('/srv/base/linked')).to.deep.include({type: 'file', size: 'own\n'.length})
    expect(found.get('/srv/base/kept')).to.deep.include({mode: 0o640, uid: 7})

    const inspected = await docker(['image', 'inspect', result.reference])
    const history = await docker(['history', '--no-trunc', '--format', '{{.CreatedBy}}', result.reference])
    expect(inspected + history)
      .to.not.include('token-of-the-image')
      .and.not.include('secret-of-the-container')
    expect(inspected).to.include('OTHER=kept').and.include('KEPT=1')
    const label = JSON.parse((await labelsOf(result.reference))['com.keg.package.excluded'] ?? '') as unknown
    expect(label).to.deep.equal({paths: out, count: out.length, environment: ['TOKEN', 'SECRET']})
    const checked = await keg(['docker', 'package', 'verify', '--pull', 'never', result.reference, '--json'])
    expect(checked.code, checked.stdout).to.equal(0)
    const text = await keg(['docker', 'package', 'inspect', '--pull', 'never', result.reference])
    expect(text.stdout)
      .to.match(/Excluded +\/app\/\.git: by a flag/)
      .and.to.match(/Excluded +the variable TOKEN/)
  })

  it('is a file, or the whole, of a mount behind a symlink, also by where the symlink leads @classic', async () => {
    const image = await sandbox.imageFromFiles(uniqueName('linking'), [], {
      from: baseImage,
      instructions: ['RUN mkdir -p /srv /opt/releases/2 && ln -s /opt/releases/2 /srv/current'],
    })
    const folder = await sandbox.temporaryFolder()
    await writeFile(join(folder, '.env'), 'TOKEN=do-not-ship-4711\n')
    await writeFile(join(folder, 'kept'), 'kept')
    const container = await sandbox.run(['-v', `${folder}:/srv/current/app`, image, 'sleep', '3600'])
    for (const [flag, exclude, kept] of [
      ['--exclude', '/opt/releases/2/app/.env', true],
      ['--exclude', '/opt/releases', false],
      ['--exclude-mount', '/opt/releases/2/app', false],
      ['--exclude-mount', '/srv/current/app', false],
    ] as const) {
      const result = await packageOf(sandbox, container, ['--no-push', flag, exclude])
      expect(result.warnings, exclude).to.deep.equal([])
      const found = await snapshotImageFiles(result.reference)
      expect(found.has('/opt/releases/2/app/.env'), exclude).to.equal(false)
      expect(found.has('/opt/releases/2/app/kept'), exclude).to.equal(kept)
    }
  })
})
