import {chmod, mkdir, rename, rmdir, symlink, unlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {expect} from 'chai'
import {findEndpoint} from '../../../src/lib/engine/endpoint.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {labelsOf, mountAt, packageJson, packageOf} from './packaging.js'
import {stateOf, watchEngine} from './watched-engine.js'

/** Writes a new file beside another and renames it over that, as editors and git do. */
async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text)
  await rename(`${path}.new`, path)
}

describe('keg docker package: binds whose sources were replaced @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox
  let folder: string

  /** Without root, keg cannot read files that no longer have a path, nor the processes of a remote engine. */
  let canBeRead: boolean

  before(async () => {
    canBeRead = process.getuid?.() === 0 && (await findEndpoint(process.env)).kind === 'socket'
  })

  beforeEach(async () => {
    sandbox = new Sandbox()
    folder = await sandbox.temporaryFolder()
  })

  afterEach(() => sandbox.clean())

  const bind = (source: string, destination: string): string[] => ['-v', `${join(folder, source)}:${destination}`]

  it('has what the container still has, also if they are replaced just before they are read @classic', async () => {
    if (!canBeRead) return
    for (const path of ['clone', 'releases/1', 'releases/2', 'tree/deep', 'gone'])
      await mkdir(join(folder, path), {recursive: true})
    for (const path of ['clone/file', 'releases/1/file', 'tree/deep/file', 'early', 'late', 'same'])
      await writeFile(join(folder, path), 'old')
    await symlink('releases/1', join(folder, 'current'))
    const binds = [
      ...bind('clone', '/srv/clone'),
      ...bind('current', '/srv/current'),
      ...bind('tree/deep', '/srv/deep'),
      ...bind('gone', '/srv/gone'),
      ...bind('early', '/srv/early'),
      ...bind('late', '/srv/late'),
      ...bind('same', '/srv/same'),
    ]
    const container = await sandbox.run([...binds, baseImage, 'sleep', '3600'])
    await rename(join(folder, 'clone'), join(folder, 'clone.old'))
    await mkdir(join(folder, 'clone'))
    await writeFile(join(folder, 'clone/file'), 'new')
    await unlink(join(folder, 'current'))
    await symlink('releases/2', join(folder, 'current'))
    await rename(join(folder, 'tree'), join(folder, 'tree.old'))
    await rmdir(join(folder, 'gone'))
    await replaceFile(join(folder, 'early'), 'new')

    await using engine = await closing(
      await watchEngine({
        answered: ({line}) => (/\/pause$/.test(line) ? replaceFile(join(folder, 'late'), 'new') : undefined),
      }),
    )
    const result = await packageOf(sandbox, container, ['--verify'], {env: {DOCKER_HOST: engine.host}})
    const origins = result.mounts.map(({content, destination}) => [destination, content])
    expect(Object.fromEntries(origins)).to.deep.equal({
      '/srv/clone': 'moved',
      '/srv/current': 'moved',
      '/srv/deep': 'moved',
      '/srv/early': 'container',
      '/srv/gone': 'container',
      '/srv/late': 'container',
      '/srv/same': 'source',
    })
    expect(result.warnings).to.deep.equal([])
    expect((await labelsOf(result.reference))['com.keg.package.replaced']).to.equal(undefined)
    const script =
      'cd /srv; for path in $(find . | sort); do stat -c "%n %f %u %g %Y" $path; done; md5sum $(find . -type f | sort)'
    const inPackage = await docker(['run', '--rm', result.reference, 'sh', '-c', script])
    expect(inPackage.replace(/^(\S+ 4\S+ .*) \d+$/gm, '$1')).to.equal(
      (await docker(['exec', container, 'sh', '-c', script])).replace(/^(\S+ 4\S+ .*) \d+$/gm, '$1'),
    )
  })

  it('is refused if keg may not read that, unless the new content is accepted, with a warning @classic', async () => {
    if (!canBeRead) return
    const [early, late] = [join(folder, 'early'), join(folder, 'late')]
    await writeFile(early, 'old')
    await writeFile(late, 'old')
    const container = await sandbox.run([
      ...bind('early', '/srv/early'),
      ...bind('late', '/srv/late'),
      baseImage,
      'sleep',
      '3600',
    ])
    await replaceFile(early, 'new')
    await using engine = await closing(
      await watchEngine({answered: ({line}) => (/\/pause$/.test(line) ? replaceFile(late, 'newer') : undefined)}),
    )
    const socket = engine.host.replace('unix://', '')
    await Promise.all([chmod(dirname(socket), 0o755), chmod(socket, 0o666), chmod(folder, 0o755)])
    const options = {env: {DOCKER_HOST: engine.host}, user: {uid: 65534, gid: 65534}}
    const name = uniqueName('replaced')
    const line = ['docker', 'package', container, '--name', name, '-t', 'one', '--json', '--verify']

    const planned = await keg([...line, '--dry-run'], options)
    expect(planned.code, planned.stdout).to.equal(3)
    expect(planned.json().error).to.deep.include({code: 'mount-replaced', data: {mount: '/srv/early', source: early}})
    const refused = await keg([...line, '--exclude-mount', '/srv/early'], options)
    expect(refused.json().error).to.deep.include({code: 'mount-replaced', data: {mount: '/srv/late', source: late}})
    expect(await stateOf(container)).to.equal('running false')

    const result = packageJson(await keg([...line, '--accept-replaced'], options))
    sandbox.addImage(result.reference)
    expect(mountAt(result, '/srv/early').content).to.equal('replacement')
    expect(result.warnings.join('\n')).to.match(/\/srv\/early was replaced.*\n.*\/srv\/late was replaced/)
    expect(result.verification?.notCompared?.join('\n')).to.match(
      /\/srv\/early as the container has it.*\n\/srv\/late as/,
    )
    expect((await labelsOf(result.reference))['com.keg.package.replaced']).to.equal('["/srv/early","/srv/late"]')
    expect(await docker(['run', '--rm', result.reference, 'cat', '/srv/early', '/srv/late'])).to.equal('newnewer')
  })
})

/** A proxy of the engine that is closed at the end of a block. */
function closing<T extends {close(): Promise<void>}>(engine: T): Promise<T & AsyncDisposable> {
  return Promise.resolve(Object.assign(engine, {[Symbol.asyncDispose]: () => engine.close()}))
}
