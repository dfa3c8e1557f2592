import {expect} from 'chai'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

import {docker} from '../../support/docker.js'
import {startKeg} from '../../support/keg.js'
import {manyFiles, treeDifferences, treeIn, treeOf, writeFiles} from '../../support/tree.js'
import {remote, SyncBed, type SyncedContainer} from './synced-container.js'

/** Without an engine behind it: a session must bring its own address. */
const nowhere = 'unix:///keg-test-nowhere.sock'

describe('keg sync: lives of containers, of the daemon, and of keg itself @classic', function () {
  this.timeout(120_000)
  let bed: SyncBed
  let app: SyncedContainer
  const local = (path: string): string => join(app.folder, path)
  const files = {'notes/plan.txt': 'a plan\n', 'read.me': 'read\n'}

  before(async () => {
    bed = await SyncBed.start({DOCKER_HOST: nowhere})
  })
  after(async () => bed.stop())

  async function created(): Promise<Record<string, unknown>> {
    return (await bed.kegSucceeds([...app.createLine, '--json'])).json()
  }

  it('continues the session after the container was restarted', async () => {
    app = await bed.container(files)
    await created()
    const {identifier} = await app.session()
    await docker(['restart', '--time', '1', app.name])
    await writeFile(local('read.me'), 'edited meanwhile\n')
    await app.inside('echo "made inside" > inside.txt')
    expect(await created()).to.include({id: identifier})
    await app.flush()
    expect((await app.session()).identifier).to.equal(identifier)
    expect(await app.inside('cat read.me')).to.equal('edited meanwhile')
    expect(await readFile(local('inside.txt'), 'utf8')).to.equal('made inside\n')
    expect(await app.differences()).to.deep.equal([])
  })

  it('replaces the session when the container was recreated under its name, and deletes nothing', async () => {
    const {identifier: former} = await app.session()
    const before = await treeOf(app.folder)
    await docker(['rm', '--force', app.name])
    const id = await bed.sandbox.run(['--name', app.name, bed.image])
    await created()
    const session = await app.session()
    expect(session.identifier).to.not.equal(former)
    expect(session.beta.host).to.equal(id)
    expect(treeDifferences(before, await treeOf(app.folder))).to.deep.equal([])
    expect(await app.differences()).to.deep.equal([])
  })

  it('has all files on both sides after the container was killed during the transfer', async () => {
    app = await bed.container(files)
    await created()
    const {identifier} = await app.session()
    // A file that is synced while it is still being written would rightly be a conflict afterwards.
    await bed.mutagen.run('sync', 'pause', identifier)
    await writeFiles(app.folder, manyFiles(3000))
    const expected = await treeOf(app.folder)
    await bed.mutagen.run('sync', 'resume', identifier)
    const staging = '/root/.mutagen/staging'
    await app.inside(`until [ "$(ls -R ${staging} 2>/dev/null | wc -l)" -gt 300 ]; do :; done`, 'root')
    await docker(['kill', app.name])
    expect(treeDifferences(expected, await treeIn(app.name, remote)).length).to.be.greaterThan(0)

    await docker(['start', app.name])
    expect(await created()).to.include({id: identifier})
    expect(treeDifferences(expected, await treeOf(app.folder))).to.deep.equal([])
    expect(treeDifferences(expected, await treeIn(app.name, remote))).to.deep.equal([])
  })

  it('restarts a killed daemon, and continues its sessions', async () => {
    const {identifier} = await app.session()
    await bed.mutagen.killDaemon()
    await writeFile(local('read.me'), 'edited without a daemon\n')
    // keg's temporary folder is removed when it exits; the daemon that it starts lives on.
    await bed.kegSucceeds(['sync', 'flush', app.name], {env: {DOCKER_HOST: process.env.DOCKER_HOST, TMPDIR: undefined}})
    expect((await app.session()).identifier).to.equal(identifier)
    expect(await app.inside('cat read.me')).to.equal('edited without a daemon')
  })

  it('leaves no session after an interrupted create, while it connects or while it syncs', async () => {
    app = await bed.container(manyFiles(5000))
    const interrupted = async (until: () => Promise<boolean>): Promise<void> => {
      const run = await startKeg(app.createLine, {env: bed.mutagen.environment})
      const isOver = run.ended.then(() => true)
      while (!(await until()) && !(await Promise.race([isOver, sleep(5, false)])));
      run.kill('SIGINT')
      const {code, leftovers, stderr} = await run.ended
      expect(code, stderr).to.equal(130)
      expect(leftovers).to.deep.equal([])
      expect(await app.sessions()).to.deep.equal([])
    }
    await interrupted(async () => (await docker(['top', app.name])).includes('mutagen-agent'))
    await interrupted(async () => (await app.sessions()).some(({status}) => /^(staging|transitioning)/.test(status)))
  })

  it('keeps the engine of --context, whatever the environment says', async () => {
    const engine = process.env.DOCKER_HOST ?? 'unix:///var/run/docker.sock'
    const config = await bed.sandbox.temporaryFolder('docker')
    await docker(['context', 'create', 'meant', '--docker', `host=${engine}`], {environment: {DOCKER_CONFIG: config}})
    const other = await SyncBed.start({DOCKER_HOST: nowhere, DOCKER_CONFIG: config})
    try {
      app = await other.container(files)
      const environment = {DOCKER_HOST: nowhere, DOCKER_CONFIG: config}
      await other.kegSucceeds([...app.createLine, '--context', 'meant'], {env: environment})
      await writeFile(local('read.me'), 'edited\n')
      // A flush need not know the engine.
      await app.flush()
      expect(await app.inside('cat read.me')).to.equal('edited')
    } finally {
      await other.stop()
    }
  })
})
