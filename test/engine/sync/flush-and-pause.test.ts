import {createHash} from 'node:crypto'
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {Engine} from '../../../src/lib/engine/engine.js'
import {findLeftovers, removeLeftover} from '../../../src/lib/container/leftover/leftovers.js'
import {docker, uniqueName} from '../../support/docker.js'
import {startKeg, type KegResult, type RunningKeg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import type {MutagenSession} from '../../support/mutagen.js'
import {runAdvice, type AdviceOptions} from '../../support/run-advice.js'
import {snapshotImageFiles} from '../../support/snapshot.js'
import {manyFiles, writeFiles} from '../../support/tree.js'
import {labelsOf, type PackageJson} from '../package/packaging.js'
import {removeMadeBy, stateOf, watchEngine, type EngineRequest, type WatchedEngine} from '../package/watched-engine.js'
import {SyncBed} from './synced-container.js'

/** A container with a folder that is synced into its `/app`, by root. */
interface Synced {
  /** Full id. */
  container: string
  folder: string
  session: string
}

interface SyncedPackage extends PackageJson {
  synced: string | null
  syncs: {action: string; name: string}[]
  warnings: string[]
}

describe('keg docker package and the syncs into the container @classic', function () {
  this.timeout(180_000)

  let bed: SyncBed
  let engine: Engine
  let open: WatchedEngine[]

  before(async () => {
    bed = await SyncBed.start()
    engine = await Engine.connect(process.env)
  })
  beforeEach(() => {
    open = []
  })
  afterEach(async () => {
    for (const each of open) {
      await each.close()
      await removeMadeBy(each)
    }
  })
  after(async () => {
    await engine[Symbol.asyncDispose]()
    await bed.stop()
  })

  /** Creates a session with Mutagen itself; with the label it counts as keg's. */
  async function sync(container: string, folder: string, remote: string, isOwn = true): Promise<string> {
    const session = uniqueName('sync')
    const label = isOwn ? ['--label', 'com.keg.sync=1'] : []
    await bed.mutagen.run('sync', 'create', '--name', session, ...label, folder, `docker://${container}${remote}`)
    await bed.mutagen.run('sync', 'flush', session)
    return session
  }

  async function synced(runArguments: readonly string[] = [], image = bed.image): Promise<Synced> {
    const container = await bed.sandbox.run(['--name', uniqueName('flushed'), ...runArguments, image])
    const folder = await bed.sandbox.temporaryFolder('flushed')
    return {container, folder, session: await sync(container, folder, '/app')}
  }

  const names = (): string[] => ['--name', uniqueName('package'), '-t', 'one', '--no-push']

  async function packaged(container: string, flags: readonly string[] = []): Promise<SyncedPackage> {
    const result = await bed.kegSucceeds(['docker', 'package', container, ...names(), '--json', ...flags])
    const json = result.json() as unknown as SyncedPackage
    bed.sandbox.addImage(json.reference)
    return json
  }

  async function sessionOf(name: string): Promise<MutagenSession> {
    const session = (await bed.mutagen.sessions()).find((each) => each.name === name)
    if (session === undefined) throw new Error(`there is no session ${name}`)
    return session
  }

  /** Expects that a change is still synced. */
  async function expectWorking({container, folder, session}: Synced): Promise<void> {
    expect(await sessionOf(session)).to.include({paused: false})
    await writeFile(join(folder, 'after'), session)
    await bed.mutagen.run('sync', 'flush', session)
    expect(await docker(['exec', container, 'cat', '/app/after'])).to.equal(session)
  }

  const agentsIn = async (container: string): Promise<string[]> =>
    (await docker(['top', container])).split('\n').filter((line) => line.includes('mutagen-agent'))

  const mutagenPaths = (paths: Iterable<string>): string[] => [...paths].filter((path) => path.includes('mutagen'))

  /** Names of a sync's own files in all layers; a marker and the folder itself have no content. */
  async function bytesOfSyncs(reference: string): Promise<string[]> {
    const {layers} = await imageLayers(reference)
    const names = layers.flatMap(({entries}) => entries.map(({path}) => path))
    return mutagenPaths(names).filter((path) => !/\/(?:\.wh\.)?\.mutagen$/.test(path))
  }

  it('packages 1,000 files that were just written, and nothing of the sync itself', async () => {
    const one = await synced()
    const files = manyFiles(1000, 'written just before')
    await writeFiles(one.folder, files)
    const json = await packaged(one.container, ['--verify'])

    const inImage = await snapshotImageFiles(json.reference)
    for (const [name, content] of Object.entries(files)) {
      const digest = createHash('sha256').update(content).digest('hex')
      expect(inImage.get(`/app/${name}`)?.sha256, name).to.equal(digest)
    }
    expect(mutagenPaths(inImage.keys()), 'in the image').to.deep.equal([])
    expect(await bytesOfSyncs(json.reference), 'in its layers').to.deep.equal([])
    expect(json.verification).to.deep.include({agentFiles: ['/root/.mutagen'], differences: []})
    expect(inImage.get('/root')?.mode, 'the folder above').to.equal(0o700)
    expect(json.syncs).to.deep.equal([{name: one.session, folder: one.folder, action: 'flush and pause'}])
    expect(Date.now() - Date.parse(json.synced ?? '')).to.be.within(0, 60_000)
    expect((await labelsOf(json.reference))['com.keg.package.synced']).to.equal(json.synced)
    expect(await stateOf(one.container)).to.equal('running false')
    await expectWorking(one)
    const plan = await bed.kegSucceeds(['docker', 'package', one.container, ...names(), '--dry-run', '--json'])
    const {bytes, layers} = plan.json() as unknown as SyncedPackage
    expect({layers, bytes}, 'a dry run').to.deep.equal({layers: json.layers, bytes})
    expect(bytes, 'a dry run').to.be.closeTo(json.bytes, json.bytes / 20)

    // A package of a synced container of a package has one such layer more than the image, not two.
    const again = await synced([], json.reference)
    const second = await packaged(again.container, ['--verify'])
    expect(second.layers).to.equal(json.layers + 1)
    const verified = await bed.kegSucceeds(['docker', 'package', 'verify', second.reference, '--json'])
    expect(verified.json()).to.deep.include({agentFiles: ['/root/.mutagen'], differenceCount: 0})
    expect(await bytesOfSyncs(second.reference)).to.deep.equal([])
  })

  it('names a conflict and fails, and the sync and the container continue', async () => {
    const one = await synced()
    // No cycle may run in between, which would sync the first before the second is there.
    await bed.mutagen.run('sync', 'pause', one.session)
    await docker(['exec', one.container, 'sh', '-c', 'echo there >/app/both; echo there >/app/other'])
    await writeFiles(one.folder, {both: 'here\n', other: 'here\n'})
    await bed.mutagen.run('sync', 'resume', one.session)
    const wanted = names()
    const planned = await bed.keg(['docker', 'package', one.container, ...wanted, '--dry-run', '--json'])
    expect(planned.code, planned.stdout).to.equal(3)
    const result = await bed.keg(['docker', 'package', one.container, ...wanted, '--json'])
    expect(result.code, result.stdout).to.equal(3)
    expect(planned.json()).to.deep.equal(result.json())
    const {error} = result.json() as {error: {code: string; message: string; hint: string}}
    expect(error.code).to.equal('sync-unclean')
    expect(error.message)
      .to.match(/conflict both: created in the folder, created in the container/)
      .and.include('other')
    const looked = await runAdvice(result, 'keg sync status', {env: bed.mutagen.environment})
    expect(looked.stdout).to.match(/both: created in the folder, created in the container/)
    expect(await docker(['images', '--quiet', wanted[1] ?? ''])).to.equal('')
    expect(await stateOf(one.container)).to.equal('running false')
    await expectWorking(one)

    // The user's decision: a paused sync does not block packaging, and its files are not promised.
    await runAdvice(result, 'keg sync pause', {env: bed.mutagen.environment})
    const json = await packaged(one.container)
    expect(json.warnings.join()).to.include(`The sync ${one.session} is paused: what changed in ${one.folder}`)
    expect(json.synced).to.equal(null)
    expect(await sessionOf(one.session)).to.include({paused: true})
    expect(await bytesOfSyncs(json.reference)).to.deep.equal([])
  })

  it('flushes a session that keg did not make, and leaves it alone', async () => {
    const one = await synced()
    const folder = await bed.sandbox.temporaryFolder('foreign')
    const foreign = await sync(one.container, folder, '/home', false)
    const pauses: string[] = []
    const agents = async (): Promise<string[]> =>
      (await agentsIn(one.container)).map((line) => line.split(/\s+/)[1] ?? '')
    const before = await agents()
    await Promise.all([writeFiles(folder, {foreign: 'brought over'}), writeFiles(one.folder, {own: 'as well'})])
    const json = await packaged(one.container)
    pauses.push(...(await agents()).filter((id) => before.includes(id)))
    expect(pauses, 'the agent of the other session').to.have.length(1)
    expect(await sessionOf(foreign)).to.include({paused: false})
    const inImage = await snapshotImageFiles(json.reference)
    expect([...inImage.keys()]).to.include.members(['/home/foreign', '/app/own'])
    expect(mutagenPaths(inImage.keys()), 'in the image').to.deep.equal([])
    expect(json.warnings.join()).to.match(
      /A sync that keg could not pause is active in .* \(\/root\/\.mutagen\) are hidden in the package/,
    )
    expect(json.synced).to.be.a('string')
    expect(json.syncs.map(({action}) => action)).to.have.members(['flush', 'flush and pause'])
    await expectWorking(one)

    // Its problems are fixed with Mutagen itself, with the suggested commands.
    const line = ['docker', 'package', one.container, ...names(), '--json']
    const advised = async (beginning: string, options: AdviceOptions = {}): Promise<KegResult> => {
      const refused = await bed.keg(line)
      expect(refused.json(), refused.stdout).to.have.nested.property('error.code', 'sync-unclean')
      return runAdvice(refused, beginning, {env: bed.mutagen.environment, ...options})
    }
    const emptied = async (): Promise<void> => {
      // Mutagen must not see the first deletions alone, because it would sync these.
      await bed.mutagen.run('sync', 'pause', foreign)
      for (const name of await readdir(folder)) await rm(join(folder, name), {recursive: true})
      await bed.mutagen.run('sync', 'resume', foreign).catch(() => undefined)
      await bed.mutagen.run('sync', 'flush', foreign).catch(() => undefined)
      expect(await sessionOf(foreign)).to.include({status: 'halted-on-root-emptied'})
    }
    await emptied()
    expect((await advised('mutagen sync list --long')).stdout).to.include(`Name: ${foreign}`)
    await advised('mutagen sync reset')
    await bed.mutagen.run('sync', 'flush', foreign)
    expect(await readFile(join(folder, 'foreign'), 'utf8')).to.equal('brought over')

    await emptied()
    await writeFiles(folder, {foreign: 'brought back', more: 'too'})
    await advised('mutagen sync resume')
    await bed.mutagen.run('sync', 'flush', foreign)
    expect(await docker(['exec', one.container, 'cat', '/home/foreign'])).to.equal('brought back')

    await emptied()
    await advised('mutagen sync pause')
    expect((await packaged(one.container)).syncs.map(({action}) => action)).to.include('none')
  })

  it('leaves out the agent files in a mount, and says what cannot be synced into a paused container', async () => {
    const volume = await bed.sandbox.volume()
    const one = await synced(['-v', `${volume}:/root`])
    await docker(['exec', one.container, 'sh', '-c', 'mkdir /root/kept; echo mine >/root/kept/.mutagen'])
    const json = await packaged(one.container, ['--verify'])
    expect(json.verification).to.deep.include({agentFiles: ['/root/.mutagen'], differences: []})
    const inLayers = (await imageLayers(json.reference)).layers.flatMap(({entries}) => entries.map(({path}) => path))
    expect(mutagenPaths(inLayers)).to.deep.equal(['/root/kept/.mutagen'])
    const verified = await bed.kegSucceeds(['docker', 'package', 'verify', json.reference, '--json'])
    expect(verified.json()).to.deep.include({agentFiles: ['/root/.mutagen'], differenceCount: 0})
    await expectWorking(one)

    await docker(['pause', one.container])
    const paused = await packaged(one.container)
    await docker(['unpause', one.container])
    expect(paused.warnings.join()).to.match(/^keg-test-flushed-\w+ is paused, so the sync .* could not update it/)
    expect(paused.synced).to.equal(null)
    await docker(['stop', '--time', '1', one.container])
    const stopped = await packaged(one.container)
    expect(stopped.warnings.join()).to.match(/^keg-test-flushed-\w+ does not run, so the sync/)
    expect(stopped.synced).to.equal(null)
    expect(await sessionOf(one.session)).to.include({paused: false})
  })

  describe('interrupted', () => {
    let one: Synced

    before(async () => {
      one = await synced()
    })

    /** Starts a package that stops when everything is paused, just before the commit. */
    async function atCommit(): Promise<{running: RunningKeg; goOn: () => void}> {
      let arrived = (): void => undefined
      let goOn = (): void => undefined
      const hasArrived = new Promise<void>((resolve) => (arrived = resolve))
      const mayGoOn = new Promise<void>((resolve) => (goOn = resolve))
      const arriving = async ({line}: EngineRequest): Promise<void> => {
        if (line !== 'POST /commit') return
        arrived()
        await mayGoOn
      }
      const watched = await watchEngine({arriving})
      open.push(watched)
      const parameters = ['docker', 'package', one.container, ...names()]
      const env = {...bed.mutagen.environment, DOCKER_HOST: watched.host}
      const running = await startKeg(parameters, {env})
      const early = running.ended.then(({stderr}) => {
        throw new Error(`keg ended before it committed: ${stderr}`)
      })
      early.catch(() => undefined)
      await Promise.race([hasArrived, early])
      expect(await sessionOf(one.session)).to.include({paused: true})
      return {running, goOn}
    }

    it('by Ctrl-C: unpauses the container and the sync', async () => {
      const {goOn, running} = await atCommit()
      running.kill('SIGINT')
      goOn()
      expect((await running.ended).code).to.equal(130)
      expect(await stateOf(one.container)).to.equal('running false')
      await expectWorking(one)
    })

    it('by SIGKILL: the next keg knows of the sync, and resumes it', async () => {
      const {goOn, running} = await atCommit()
      running.kill('SIGKILL')
      await running.ended
      goOn()
      const environment = {...process.env, ...bed.mutagen.environment}
      const left = async () =>
        (await findLeftovers(engine, environment)).filter(
          (leftover) =>
            (leftover.kind === 'paused container' || leftover.kind === 'paused sync') &&
            leftover.syncs.some(({name}) => name === one.session),
        )
      const [found, ...others] = await left()
      expect(others).to.deep.equal([])
      expect(found?.kind).to.equal('paused container')
      await docker(['unpause', one.container])
      const [sync] = await left()
      if (sync?.kind !== 'paused sync') throw new Error(`found ${sync?.kind ?? 'nothing'}`)
      const told = await bed.keg(['docker', 'package', one.container, '-t', 'one', '--dry-run'])
      expect(told.stderr).to.include(`sync ${one.session} of ${one.folder}: paused`)
      await removeLeftover(engine, sync, environment)
      expect(await left()).to.deep.equal([])
      await expectWorking(one)
    })
  })

  it('says what it cannot check without Mutagen on the PATH, and changes nothing with --dry-run', async () => {
    const one = await synced()
    await writeFiles(one.folder, {late: 'not flushed'})
    const bin = join(await bed.sandbox.temporaryFolder('bin'), 'empty')
    await mkdir(bin)
    const blind = await bed.kegSucceeds(['docker', 'package', one.container, '-t', 'one', '--dry-run'], {
      env: {PATH: bin},
    })
    expect(blind.stderr).to.match(/Warning: Cannot check the syncs into .*: Mutagen is not on the PATH/)
    await bed.mutagen.run('sync', 'terminate', one.session)
    const none = await bed.kegSucceeds(['docker', 'package', one.container, '-t', 'one', '--dry-run', '--json'])
    expect(none.json()).to.deep.include({syncs: [], synced: null})
    expect(await readFile(join(one.folder, 'late'), 'utf8')).to.equal('not flushed')
  })
})
