import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {snapshotImageFiles} from '../../support/snapshot.js'
import {inContainer, mountAt, packageOf} from './packaging.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

describe('keg docker package: secrets @containerd', function () {
  this.timeout(120_000)
  let sandbox: Sandbox
  let container: string
  let folder: string

  /** A project with secrets, which its container has in every way that a container can have them. */
  beforeEach(async () => {
    sandbox = new Sandbox()
    folder = await sandbox.temporaryFolder()
    const keys = join(await sandbox.temporaryFolder(), '.ssh')
    for (const path of [keys, join(folder, 'app/keys')]) await mkdir(path, {recursive: true})
    await writeFile(join(keys, 'config'), 'of nobody else')
    await writeFile(join(folder, 'app/.env'), 'MODE=review\nAPI_TOKEN=do-not-tell\n')
    await writeFile(join(folder, 'app/.env.example'), 'API_TOKEN=do-not-tell\n')
    await writeFile(join(folder, 'app/keys/db'), 'hunter2\n')
    await writeFile(join(folder, 'compose.yml'), 'services: {web: {secrets: [{source: db, target: /etc/db}]}}')
    const bound = uniqueName('bound')
    await docker([...['volume', 'create', '--opt', 'type=none', '--opt', 'o=bind', '--opt', `device=${keys}`, bound]])
    sandbox.addVolume(bound)
    const labels = {'project.working_dir': folder, service: 'web', project: 'secrets'}
    container = await sandbox.run([
      ...Object.entries(labels).flatMap(([name, value]) => ['--label', `com.docker.compose.${name}=${value}`]),
      ...['-v', `${join(folder, 'app')}:/app`, '-v', `${bound}:/config`],
      ...['-v', `${join(folder, 'app/keys/db')}:/etc/db:ro`, baseImage, 'sleep', '3600'],
    ])
    await inContainer(
      container,
      'mkdir -p /run/secrets /root/.aws; echo x > /run/secrets/env; echo hunter2 > /root/token',
    )
  })

  afterEach(() => sandbox.clean())

  it('are left out, or not pushed until each is allowed; --yes does not allow them', async () => {
    const name = uniqueName('secrets')
    const flags = ['--registry', `${openRegistry}/acme`, '--name', name, '-t', 'one', '--yes', '--json']
    const found = ['/app/.env', '/app/keys/db', '/root/token', '/run/secrets/env']

    const refused = await keg(['docker', 'package', container, ...flags])
    expect(refused.code, refused.stderr).to.equal(3)
    const {error} = refused.json() as {error: {code: string; data: {secrets: {path: string}[]}; hint: string}}
    expect(error.code).to.equal('secret-found')
    expect(error.data.secrets.map(({path}) => path)).to.deep.equal(found)
    expect(error.hint).to.include('--allow-secret /app/.env').and.not.include('do-not-tell')

    const allowing = ['/app/.env', '/app/keys', '/r*/**'].flatMap((path) => ['--allow-secret', path])
    const result = await packageOf(sandbox, container, [...allowing, '--registry', `${openRegistry}/acme`, '--yes'])
    expect(result.pushed).to.equal(true)
    const listed = (result as unknown as {secrets: {path: string; allowed: boolean}[]}).secrets
    expect(listed.map(({allowed, path}) => [path, allowed])).to.deep.equal(found.map((path) => [path, true]))
    expect(mountAt(result, '/etc/db')).to.deep.include({included: false, flag: '--include-mount /etc/db'})
    expect(mountAt(result, '/config')).to.deep.include({type: 'volume', included: false})
    const files = await snapshotImageFiles(result.reference)
    expect(['/app/.env', '/config/config'].filter((path) => files.has(path))).to.deep.equal(['/app/.env'])
  })
})
