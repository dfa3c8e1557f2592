import {expect} from 'chai'
import {rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import {destroyTap, type DestroyTapOptions, type DestroyTapResult} from '../../../src/lib/tap/life/destroy-tap.js'
import {restartTap, type RestartTapResult} from '../../../src/lib/tap/life/restart-tap.js'
import {stopTap, type StopTapResult} from '../../../src/lib/tap/life/stop-tap.js'
import {readTapStatus} from '../../../src/lib/tap/status/tap-status.js'
import {readTapsOverview} from '../../../src/lib/tap/status/taps-overview.js'
import {syncFolders} from '../../../src/lib/tap/sync/sync-folders.js'
import {docker, uniqueName} from '../../support/docker.js'
import {runAdvice} from '../../support/run-advice.js'
import {thrown} from '../../support/thrown.js'
import {call} from '../../support/work.js'
import {APP, LabelledTaps, tapFiles, type LabelledTap} from './labelled-taps.js'
import type {Work} from '../../../src/lib/work/work.js'

const streams = {stdin: undefined, stdout: undefined, stderr: undefined}

describe('the life of a tap @containerd', function () {
  this.timeout(120_000)

  let bed: LabelledTaps
  let tap: LabelledTap
  let network: string
  let volume: string
  let app: string
  let database: string
  let other: string
  let foreign: string

  before(async () => {
    bed = await LabelledTaps.start()
    tap = await bed.tap({...tapFiles(), 'main.txt': 'folder'})
    network = bed.sandbox.addNetwork(`${tap.name}-main_default`)
    await docker(['network', 'create', '--label', `com.docker.compose.project=${tap.name}-main`, network])
    volume = bed.sandbox.addVolume(`${tap.name}-main_data`)
    await docker(['volume', 'create', '--label', `com.docker.compose.project=${tap.name}-main`, volume])
    const words = ['--network', network]
    const dependsOn = ['--label', 'com.docker.compose.depends_on=database:service_started:false']
    database = await bed.container(tap, {service: 'database', words: [...words, '--volume', `${volume}:/data`]})
    app = await bed.container(tap, {words: [...words, ...dependsOn, '--workdir', APP]})
    other = await bed.container(tap, {branch: 'feature'})
    // The same branch of the same tap, in another folder.
    foreign = `${tap.name}-elsewhere`
    const labels = ['tap', 'branch=main', 'role=dev', `folder=${tap.folder}-2`].flatMap((label) => [
      '--label',
      `com.keg.${label === 'tap' ? `tap=${tap.name}` : label}`,
    ])
    await bed.sandbox.run(['--name', foreign, ...labels, bed.image])
    // The labels of its own image must not count.
    const hostile = await bed.sandbox.imageFromFiles(uniqueName('hostile'), [{path: 'x', content: 'x'}], {
      from: bed.image,
      instructions: [
        `LABEL com.keg.tap=${tap.name} com.keg.folder=${tap.folder} com.keg.branch=main com.keg.role=dev com.keg.tap.main=true`,
      ],
    })
    await bed.sandbox.run(['--name', `${foreign}-hostile`, hostile])
    await call(syncFolders, {
      ...bed.options(tap),
      dependencies: [],
      local: undefined,
      remote: undefined,
      force: false,
      streams,
    })
    const theirs = `docker://${foreign}/srv/theirs`
    await bed.mutagen.run('sync', 'create', '--name', `theirs-${foreign}`, tap.folder, theirs)
  })
  after(async () => bed.stop())
  beforeEach(() => {
    bed.said.length = 0
  })

  const stop = async (all = false): Promise<StopTapResult> => (await call(stopTap, {...bed.options(tap), all})).result
  const destroy = async (more: Partial<DestroyTapOptions & Work> = {}): Promise<DestroyTapResult> => {
    const wishes = {all: false, volumes: false, image: false}
    return (await call(destroyTap, {...bed.options(tap, true), ...wishes, ...more})).result
  }
  const restart = async (): Promise<RestartTapResult> => {
    let result: RestartTapResult | undefined
    const ready = (given: RestartTapResult): void => {
      result = given
    }
    const options = {detach: true, force: false, variables: [], wait: '20s', streams}
    await call(restartTap, {...bed.options(tap), ...options, ready})
    if (result === undefined) throw new Error('not ready')
    return result
  }
  /** Name and state of all containers of the test. */
  const states = async (): Promise<string[]> => {
    const filter = ['--filter', `label=${bed.sandbox.label}`]
    const ids = await docker(['ps', '--all', '--quiet', ...filter])
    // The list may lag behind.
    const rows = await docker(['inspect', '--format', '{{.Name}} {{.State.Status}}', ...ids.split('\n')])
    return rows
      .split('\n')
      .map((row) => row.replace(/^\//, ''))
      .sort()
  }
  const isPaused = async (name: string): Promise<boolean | undefined> => (await bed.session(name))?.paused

  it('is stopped: last edits are synced, its sync is paused, dependent services stop first, nothing else is touched', async () => {
    await writeFile(join(tap.folder, 'main.txt'), 'just edited')
    const order: string[] = []
    const progress = ({stage, state}: {stage: string; state: string}): void => {
      if (state === 'done' && stage.startsWith('Stopping')) order.push(stage)
    }
    const {result} = await call(stopTap, {...bed.options(tap), all: false, progress})
    expect(order).to.deep.equal([`Stopping ${app}`, `Stopping ${database}`])
    expect(result.containers.map(({name, outcome}) => `${name} ${outcome}`)).to.deep.equal([
      `${app} stopped`,
      `${database} stopped`,
    ])
    expect(result.syncs.map(({name, outcome}) => `${name ?? ''} ${outcome}`)).to.deep.equal([`${app} done`])
    expect(await states()).to.have.members([
      `${app} exited`,
      `${database} exited`,
      `${other} running`,
      `${foreign} running`,
      `${foreign}-hostile running`,
    ])
    expect(await isPaused(app)).to.equal(true)
    expect(await isPaused(`theirs-${foreign}`)).to.equal(false)
    expect(await docker(['cp', `${app}:${APP}/main.txt`, '-'])).to.contain('just edited')
    expect(bed.said).to.deep.equal([])
    expect((await stop()).containers.map(({outcome}) => outcome)).to.deep.equal(['unchanged', 'unchanged'])
  })

  it('says what still runs after an interrupted stop, and how to stop that', async () => {
    await restart()
    bed.said.length = 0
    const control = new AbortController()
    const progress = ({stage, state}: {stage: string; state: string}): void => {
      if (state === 'done' && stage === `Stopping ${app}`) control.abort(new InterruptedError('SIGINT'))
    }
    const stopping = call(stopTap, {...bed.options(tap), all: false, progress, signal: control.signal})
    expect(await thrown(stopping)).to.include({code: 'interrupted'})
    expect(bed.said.at(-1)).to.include(`Still running: ${database}.`)
    const {MUTAGEN_DATA_DIRECTORY, XDG_CONFIG_HOME, XDG_STATE_HOME} = bed.environment
    const env = {MUTAGEN_DATA_DIRECTORY, XDG_CONFIG_HOME, XDG_STATE_HOME}
    await runAdvice(bed.said.at(-1) ?? '', 'keg tap stop', {env})
    expect(await states()).to.include.members([`${app} exited`, `${database} exited`])
  })

  it('is restarted: dependent services start last, its sync continues, and none is recreated', async () => {
    const before = (await bed.engine.container(app))?.Id
    await writeFile(join(tap.folder, 'main.txt'), 'edited meanwhile')
    const {container, sync} = await restart()
    expect(container).to.equal(before)
    expect(sync).to.include({name: app, created: false, resumed: true, conflicts: 0})
    expect(await bed.inside(app, 'cat main.txt')).to.equal('edited meanwhile')
    const [started, needed] = await Promise.all([app, database].map((name) => bed.engine.container(name)))
    expect(Date.parse(started?.State.StartedAt ?? '')).to.be.greaterThan(Date.parse(needed?.State.StartedAt ?? ''))

    // A running one is restarted.
    expect((await restart()).containers.map(({outcome}) => outcome)).to.deep.equal(['restarted', 'restarted'])
    expect(Date.parse((await bed.engine.container(app))?.State.StartedAt ?? '')).to.be.greaterThan(
      Date.parse(started?.State.StartedAt ?? ''),
    )
    expect(await isPaused(app)).to.equal(false)
  })

  it('shows what runs, its branch and folder, and all taps in short', async () => {
    const status = await call(readTapStatus, bed.options(tap))
    expect(status.containers.map(({current, name, service, state}) => ({current, name, service, state}))).to.deep.equal(
      [
        {name: other, service: 'app', state: 'running', current: false},
        {name: app, service: 'app', state: 'running', current: true},
        {name: database, service: 'database', state: 'running', current: true},
      ],
    )
    expect(status.syncs.map(({clean, name}) => ({clean, name}))).to.deep.equal([{name: app, clean: true}])
    expect(status.elsewhere.map(({folderExists, name}) => ({folderExists, name}))).to.deep.equal([
      {name: foreign, folderExists: false},
    ])
    const [overview, ...more] = await call(readTapsOverview, bed.options(tap))
    expect(more).to.deep.equal([])
    expect(overview).to.include({tap: tap.name, branch: 'main', container: app, state: 'running', containers: 3})
  })

  it('is stopped, restarted and destroyed only after a question if that loses data in memory or in anonymous volumes', async () => {
    const words = ['--tmpfs', '/memory', '--tmpfs', '/run', '--volume', '/anonymous']
    const cache = await bed.container(tap, {service: 'cache', words})
    await docker(['exec', cache, 'sh', '-c', 'echo 1 >/run/x'])
    await call(stopTap, {...bed.options(tap), all: false, dryRun: true})
    expect(bed.said.filter((line) => line.includes('loses'))).to.deep.equal([])

    await docker(['exec', cache, 'sh', '-c', 'echo 1 >/memory/x; echo 1 >/anonymous/x'])
    expect(await thrown(stop()))
      .to.have.property('message')
      .that.includes(`${cache} loses /memory (in memory)`)
    expect(await thrown(restart()))
      .to.have.property('message')
      .that.includes('/memory (in memory)')
    expect(await thrown(call(stopTap, {...bed.options(tap, false), all: false}))).to.include({code: 'cancelled'})
    expect(await states()).to.include(`${cache} running`)
    const refused = call(destroyTap, {...bed.options(tap, false), all: false, volumes: false, image: false})
    expect(await thrown(refused)).to.include({code: 'cancelled'})
    expect(bed.said.at(-2)).to.include(
      `${cache} (running, in it alone: /anonymous (anonymous volume), /memory (in memory))`,
    )
    await docker(['rm', '--force', '--volumes', cache])
  })

  it('is destroyed after a question that names what is lost: syncs first, then its containers and networks', async () => {
    await docker(['exec', app, 'sh', '-c', 'echo precious > /home/node/precious'])
    const shared = bed.sandbox.addNetwork(uniqueName('shared'))
    await docker(['network', 'create', '--label', 'com.keg.network=true', shared])
    await docker(['network', 'connect', shared, app])

    const planned = await destroy({dryRun: true, volumes: true})
    expect(planned).to.deep.include({networks: [network], volumes: [volume], keptVolumes: []})
    expect(bed.said.join('\n')).to.contain(`container ${app} (running, in it alone: /home/node/precious)`)
    const refused = call(destroyTap, {...bed.options(tap, false), all: false, volumes: false, image: false})
    expect(await thrown(refused)).to.include({code: 'cancelled'})
    expect(bed.said.at(-1)).to.equal(`${app} has data that is nowhere else. Destroy this of the tap ${tap.name}?`)
    expect(bed.said.at(-2)).to.contain(`container ${app} (running, in it alone: /home/node/precious)`)
    expect(await isPaused(app)).to.equal(false)

    const result = await destroy()
    expect(result).to.deep.include({networks: [network, shared], volumes: [], images: [], keptVolumes: [volume]})
    expect(await states()).to.have.members([`${other} running`, `${foreign} running`, `${foreign}-hostile running`])
    expect((await bed.mutagen.sessions()).map(({name}) => name)).to.deep.equal([`theirs-${foreign}`])
    expect(await docker(['volume', 'ls', '--quiet', '--filter', `name=${volume}`])).to.equal(volume)
    expect(await thrown(restart())).to.include({code: 'tap-not-started'})
  })

  it('is destroyed completely after an interruption, without Mutagen, and without its folder', async () => {
    database = await bed.container(tap, {service: 'database'})
    app = await bed.container(tap, {
      words: ['--label', 'com.docker.compose.depends_on=database:service_started:false'],
    })
    await call(syncFolders, {
      ...bed.options(tap),
      dependencies: [],
      local: undefined,
      remote: undefined,
      force: false,
      streams,
    })
    const control = new AbortController()
    const progress = ({stage, state}: {stage: string; state: string}): void => {
      if (state === 'done' && stage === `Removing ${app}`) control.abort(new InterruptedError('SIGINT'))
    }
    expect(await thrown(destroy({progress, signal: control.signal}))).to.include({code: 'interrupted'})
    expect(bed.said.at(-1)).to.equal(
      `Not removed: container ${database}. Remove them with: keg tap destroy ${tap.name}`,
    )
    expect(await bed.session(app)).to.equal(undefined)

    await rename(tap.folder, `${tap.folder}-gone`)
    const withoutMutagen = {...bed.environment, PATH: join(bed.git.folder, 'empty')}
    const result = await destroy({environment: withoutMutagen, volumes: true})
    expect(result.containers.map(({name}) => name)).to.deep.equal([other, database])
    expect(result.volumes).to.deep.equal([volume])
    expect(bed.said.join('\n')).to.contain('Warning: Mutagen is not on the PATH')
    expect(await states()).to.have.members([`${foreign} running`, `${foreign}-hostile running`])
    expect((await bed.mutagen.sessions()).map(({name}) => name)).to.deep.equal([`theirs-${foreign}`])
  })
})
