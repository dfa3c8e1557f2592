import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {createServer, type Socket} from 'node:net'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {promisify} from 'node:util'
import type {Prompt} from '../../../src/lib/terminal/prompt.js'
import {checkSyncs} from '../../../src/lib/doctor/sync-check.js'
import {syncFixes} from '../../../src/lib/doctor/fix-syncs.js'
import {engineEnvironment} from '../../../src/lib/engine/connection-environment.js'
import {findEndpoint} from '../../../src/lib/engine/endpoint.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import type {ChangeReport} from '../../../src/lib/sync/change/change-syncs.js'
import {flushSyncs} from '../../../src/lib/sync/change/flush-syncs.js'
import {Mutagen, type NewSession} from '../../../src/lib/mutagen/mutagen.js'
import {observeSyncs, type ObservedSync} from '../../../src/lib/sync/observe-syncs.js'
import {pauseSyncs} from '../../../src/lib/sync/change/pause-syncs.js'
import {resetSyncs} from '../../../src/lib/sync/change/reset-syncs.js'
import {resumeSyncs} from '../../../src/lib/sync/change/resume-syncs.js'
import {containerLabel, labelValue, SYNC_LABELS} from '../../../src/lib/mutagen/session-labels.js'
import {terminateSyncs} from '../../../src/lib/sync/change/terminate-syncs.js'
import {silent} from '../../../src/lib/terminal/progress.js'
import {docker} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {runAdvice} from '../../support/run-advice.js'
import {KegError} from '../../../src/lib/error/keg-error.js'
import {thrown} from '../../support/thrown.js'
import {remote, SyncBed, type SyncedContainer} from './synced-container.js'
import {call} from '../../support/work.js'

const permissions = {owner: undefined, group: undefined, fileMode: 0o644, directoryMode: 0o755}

describe('listing and changing syncs @classic', function () {
  this.timeout(120_000)

  let bed: SyncBed
  let git: GitSandbox
  let shop: SyncedContainer
  let api: SyncedContainer
  let environment: NodeJS.ProcessEnv
  let said: string[]
  const never = new AbortController().signal

  before(async () => {
    git = new GitSandbox()
    bed = await SyncBed.start()
    shop = await bed.container({'a.txt': 'a\n', 'b.txt': 'b\n'})
    api = await bed.container({'one.txt': '1\n', 'two.txt': '2\n'})
    const own = {...process.env, ...git.environment, ...bed.mutagen.environment, XDG_STATE_HOME: git.folder}
    environment = engineEnvironment(own, await findEndpoint(process.env))
    await Promise.all([make('shop', shop), make('api', api, {labels: {'com.keg.branch': 'main'}})])
    await make('foreign', api, {labels: {}, own: false, remote: '/home/node/foreign'})
    await flush('--all')
  })
  after(async () => {
    git.remove()
    await bed.stop()
  })
  beforeEach(() => {
    said = []
  })

  /** A prompt without a terminal, or one that always gives this answer. */
  const somebody = (answer?: boolean): Prompt => ({
    isInteractive: answer !== undefined,
    confirm: (question) => {
      if (answer === undefined) return Promise.reject(new Error(`asked: ${question}`))
      said.push(question)
      return Promise.resolve(answer)
    },
    choose: () => Promise.reject(new Error('asked')),
    text: () => Promise.reject(new Error('asked')),
  })
  const options = (...targets: string[]) => ({
    targets: targets.filter((target) => target !== '--all'),
    all: targets.includes('--all'),
    folder: git.folder,
    environment,
    dryRun: false,
    force: false,
    patient: true,
    prompt: somebody(),
    notice: (line: string) => said.push(line),
    progress: silent,
    signal: never,
  })
  const make = async (
    name: string,
    container: SyncedContainer,
    {own = true, ...changes}: Partial<NewSession> & {own?: boolean} = {},
  ): Promise<void> => {
    const id = await docker(['inspect', '--format', '{{.Id}}', container.name])
    const labels = {
      [SYNC_LABELS.own]: '1',
      [SYNC_LABELS.container]: containerLabel(id),
      [SYNC_LABELS.containerName]: labelValue(container.name),
      ...changes.labels,
    }
    const session: NewSession = {
      name,
      local: container.folder,
      container: id,
      remote,
      mode: 'two-way-safe',
      ignores: ['*.log'],
      ignoresVersionControl: true,
      watchMode: 'portable',
      pollingInterval: 1,
      localPermissions: permissions,
      remotePermissions: permissions,
      ...changes,
      labels: own ? labels : {},
    }
    await (await Mutagen.find(environment)).create(session, never)
  }
  const flush = (...targets: string[]): Promise<ChangeReport> => call(flushSyncs, options(...targets))
  const observe = (...targets: string[]): Promise<ObservedSync[]> => call(observeSyncs, options(...targets))
  const one = async (target: string): Promise<ObservedSync> => {
    const [sync, ...others] = await observe(target)
    if (sync === undefined || others.length > 0) throw new Error(`${target} is not one sync`)
    return sync
  }
  const isPaused = async (name: string): Promise<boolean | undefined> =>
    (await bed.mutagen.sessions()).find((session) => session.name === name)?.paused
  /** The code of the failure, and of each sync's. */
  const codesOf = ({failure, syncs}: ChangeReport): (string | undefined)[] => [
    failure?.code,
    ...syncs.map(({error, name, outcome}) => `${name ?? ''} ${error?.code ?? outcome}`),
  ]

  it("lists keg's own, in a table, as JSON and by name, also into a pipe that closes", async () => {
    const table = await bed.kegSucceeds(['sync', 'list'], {env: {NO_COLOR: '1'}})
    const [head, ...rows] = table.stdout.trimEnd().split('\n')
    expect(head).to.match(/^NAME +STATE +FILES +TROUBLES +CONTAINER +FOLDER$/)
    expect(rows.sort().map((row) => row.split(/ {2,}/))).to.deep.equal([
      ['api', 'in sync', '2', '-', `${api.name}:${remote}`, api.folder],
      ['shop', 'in sync', '2', '-', `${shop.name}:${remote}`, shop.folder],
    ])
    const json = await bed.kegSucceeds(['sync', 'list', 'shop', '--json'])
    expect(JSON.parse(json.stdout)).to.deep.equal(JSON.parse(JSON.stringify([await one('shop')])))
    expect((await bed.kegSucceeds(['sync', 'list', shop.name, '--quiet'])).stdout).to.equal('shop\n')

    const program = join(import.meta.dirname, '../../../bin/dev.js')
    const line = `set -o pipefail; "$0" ${program} sync status --all | head -c 1`
    const env = {...environment, HOME: git.folder}
    expect((await promisify(execFile)('bash', ['-c', line, process.execPath], {env})).stdout).to.match(/^[as]$/)
  })

  it('finds them by name, id, container, folder, and prefixes of ids, with their settings', async () => {
    const {container, id, settings, sides} = await one('shop')
    const kept = {ignores: ['*.log'], ignoresVersionControl: true, watchMode: 'portable', pollingInterval: 1}
    expect(settings).to.deep.equal(kept)
    expect(sides.container.permissions).to.include({fileMode: '0644', directoryMode: '0755', owner: null})
    const inside = join(shop.folder, 'deep')
    await mkdir(inside)
    const names = [id, id.slice(0, 20), container ?? '', container?.slice(0, 20) ?? '', shop.name, shop.folder, inside]
    for (const name of names)
      expect(
        (await observe(name)).map((sync) => sync.name),
        name,
      ).to.deep.equal(['shop'])
    const ofFolder = await call(observeSyncs, {...options(), folder: inside})
    expect(ofFolder.map(({name}) => name)).to.deep.equal(['shop'])
    await rm(inside, {recursive: true})
  })

  it('leaves sessions alone that keg did not make', async () => {
    for (const service of [pauseSyncs, terminateSyncs, flushSyncs]) {
      const error = await thrown(call(service, options('foreign')))
      expect(error).to.include({code: 'sync-foreign', exitCode: 3})
      const looked = await runAdvice(error instanceof KegError ? String(error.hint) : '', 'mutagen sync list', {
        env: bed.mutagen.environment,
      })
      expect(looked.stdout).to.include('Name: foreign')
    }
    expect((await call(pauseSyncs, options('--all'))).syncs.map(({name}) => name)).to.have.members(['api', 'shop'])
    expect(await isPaused('foreign')).to.equal(false)
    expect(codesOf(await call(resumeSyncs, options('--all')))[0]).to.equal(undefined)
  })

  it('pauses and resumes, says what was so already, and changes nothing in a dry run', async () => {
    expect(codesOf(await call(pauseSyncs, {...options('shop'), dryRun: true}))).to.deep.equal([
      undefined,
      'shop planned',
    ])
    expect(await isPaused('shop')).to.equal(false)
    expect(codesOf(await call(pauseSyncs, options('shop')))).to.deep.equal([undefined, 'shop done'])
    expect(codesOf(await call(pauseSyncs, options('shop')))).to.deep.equal([undefined, 'shop unchanged'])
    expect(await isPaused('shop')).to.equal(true)
    const {failure} = await flush('shop')
    expect(failure).to.include({code: 'sync-paused', exitCode: 1})
    expect(codesOf(await flush('shop', 'api'))).to.deep.equal(['syncs-failed', 'shop sync-paused', 'api done'])
    await runAdvice(failure?.hint ?? '', 'keg sync resume', {env: bed.mutagen.environment})
    expect(codesOf(await flush('shop'))).to.deep.equal([undefined, 'shop done'])
    expect(codesOf(await call(resumeSyncs, options('shop')))).to.deep.equal([undefined, 'shop unchanged'])
  })

  it('flushes changes on both sides, and fails with the path of a conflict until one side is chosen', async () => {
    await writeFile(join(shop.folder, 'a.txt'), 'from here\n')
    await shop.inside('echo from there > b.txt', 'root')
    expect(codesOf(await flush('shop'))).to.deep.equal([undefined, 'shop done'])
    expect(await shop.inside('cat a.txt')).to.equal('from here')
    expect(await readFile(join(shop.folder, 'b.txt'), 'utf8')).to.equal('from there\n')

    await call(pauseSyncs, options('shop'))
    await writeFile(join(shop.folder, 'a.txt'), 'here\n')
    await shop.inside('echo there > a.txt', 'root')
    await call(resumeSyncs, options('shop'))
    const {code, stderr} = await bed.keg(['sync', 'flush', 'shop'])
    expect(code).to.equal(1)
    expect(stderr).to.contain('a.txt: changed in the folder, changed in the container').and.to.contain(shop.folder)
    expect((await flush('shop')).failure).to.include({code: 'sync-conflicts', exitCode: 1})

    const status = await bed.keg(['sync', 'status', 'shop', '--exit-code'])
    expect(status.code).to.equal(1)
    expect(status.stdout).to.match(/State +not in sync/)
    expect(status.stdout).to.contain('conflict a.txt: changed in the folder, changed in the container')
    expect(status.stdout).to.contain(`${shop.folder}/a.txt on this machine, or ${remote}/a.txt in the container`)

    await shop.inside('rm a.txt', 'root')
    expect((await flush('shop')).failure).to.equal(undefined)
    expect(await shop.inside('cat a.txt')).to.equal('here')
    expect((await bed.keg(['sync', 'status', 'shop', '--exit-code', '--quiet'])).code).to.equal(0)
  })

  it('fails with the path of a file that cannot be synced', async () => {
    await symlink('/etc/passwd', join(shop.folder, 'absolute'))
    const {failure} = await flush('shop')
    expect(failure).to.include({code: 'sync-problems', exitCode: 1})
    expect(failure?.message).to.contain('absolute: ').and.to.contain('in the folder')
    await rm(join(shop.folder, 'absolute'))
    expect((await flush('shop')).failure).to.equal(undefined)
  })

  it('refuses and pauses while another branch is checked out, unless forced', async () => {
    git.git('.', 'init', '--quiet', api.folder)
    git.git('.', '-C', api.folder, 'symbolic-ref', 'HEAD', 'refs/heads/other')
    expect((await one('api')).checkedOut).to.equal('other')
    expect(said.join('\n')).to.match(
      /^Warning: The sync api belongs to the branch main, but .* has other checked out\.$/,
    )

    expect(codesOf(await flush('shop', 'api'))).to.deep.equal(['branch-guard', 'shop done', 'api branch-guard'])
    expect(await isPaused('api')).to.equal(true)
    const {code, stderr} = await bed.keg(['sync', 'resume', 'api'])
    expect(stderr).to.contain('has other checked out').and.to.contain('--force')
    expect(code).to.equal(3)
    for (const service of [flushSyncs, resetSyncs]) {
      const {failure} = await call(service, {...options('api'), prompt: somebody(true)})
      expect(failure).to.include({code: 'branch-guard', exitCode: 3})
    }
    expect(await isPaused('api')).to.equal(true)

    const planned = await call(resumeSyncs, {...options('api'), dryRun: true, force: true})
    expect(codesOf(planned)).to.deep.equal([undefined, 'api planned'])
    expect((await one('api')).branch).to.equal('main')
    expect(codesOf(await call(resumeSyncs, {...options('api'), force: true}))).to.deep.equal([undefined, 'api done'])
    expect(await one('api')).to.include({branch: 'other', checkedOut: null, clean: true})
    await rm(join(api.folder, '.git'), {recursive: true})
  })

  it('asks before it resets, and then says what became a conflict', async () => {
    const refused = await bed.keg(['sync', 'reset', 'shop', '--no-input'])
    expect(refused.code).to.equal(2)
    expect(refused.stderr).to.contain('--yes').and.to.contain('What differs becomes a conflict')
    expect(await thrown(call(resetSyncs, {...options('shop'), prompt: somebody(false)}))).to.include({
      code: 'cancelled',
    })

    await call(pauseSyncs, options('shop'))
    await shop.inside('echo only here > a.txt', 'root')
    expect(codesOf(await call(resetSyncs, {...options('shop'), prompt: somebody(true)}))[0]).to.equal(undefined)
    expect(await isPaused('shop')).to.equal(true)
    await call(resumeSyncs, options('shop'))
    expect((await one('shop')).troubles.map(({path}) => path)).to.deep.equal(['a.txt'])
    await rm(join(shop.folder, 'a.txt'))
    expect((await flush('shop')).failure).to.equal(undefined)
  })

  it('halts if everything is gone on one side, until it is back', async () => {
    const files = ['a.txt', 'b.txt']
    // Mutagen must not see the first deletion alone: it would sync that, and then the last one too.
    await call(pauseSyncs, options('shop'))
    for (const name of files) await rm(join(shop.folder, name))
    const {failure} = await call(resumeSyncs, options('shop'))
    expect(failure).to.include({code: 'sync-halted'})
    expect((await flush('shop')).failure).to.include({code: 'sync-halted'})
    expect(failure?.message).to.contain(`the folder (${shop.folder}) was emptied; nothing was deleted`)
    expect(await shop.inside('ls')).to.equal(files.join('\n'))
    expect(codesOf(await call(resetSyncs, {...options('shop'), prompt: somebody(true)}))[0]).to.equal(undefined)
    expect((await flush('shop')).failure).to.equal(undefined)
    expect(await readFile(join(shop.folder, 'b.txt'), 'utf8')).to.equal('from there\n')
  })

  it('exits at once on Ctrl-C, and leaves a sync unchanged', async () => {
    const interrupt = async (
      work: (signal: AbortSignal) => Promise<ChangeReport>,
      isUnderWay: () => boolean,
    ): Promise<void> => {
      const abort = new AbortController()
      const working = thrown(work(abort.signal))
      while (!isUnderWay()) await sleep(20)
      const since = Date.now()
      abort.abort(new InterruptedError('SIGINT'))
      expect(await working).to.include({code: 'interrupted'})
      // Nobody answers it: without the signal it would wait on.
      expect(Date.now() - since).to.be.below(20_000)
    }
    // Mutagen waits for its agent, which is paused.
    await docker(['pause', api.name])
    try {
      const since = Date.now()
      await interrupt(
        (signal) => call(flushSyncs, {...options('api'), signal}),
        () => Date.now() - since > 2000,
      )
    } finally {
      await docker(['unpause', api.name])
    }
    expect(await isPaused('api')).to.equal(false)

    const connections: Socket[] = []
    const silentEngine = createServer((socket) => {
      connections.push(socket)
      socket.on('error', () => undefined).resume()
    })
    const path = join(git.folder, 'silent.sock')
    await new Promise<void>((resolve) => silentEngine.listen(path, resolve))
    try {
      const env = {...environment, DOCKER_CONTEXT: '', DOCKER_HOST: `unix://${path}`}
      const labels = ['--label', `${SYNC_LABELS.own}=1`]
      const parameters = ['sync', 'create', '--paused', '--name', 'hangs', ...labels, git.folder, 'docker://x/y']
      await promisify(execFile)('mutagen', parameters, {env})
      await interrupt(
        (signal) => call(resumeSyncs, {...options('hangs'), signal}),
        () => connections.length > 0,
      )
      expect(await isPaused('hangs')).to.equal(true)
    } finally {
      await call(terminateSyncs, options('hangs'))
      for (const socket of connections) socket.destroy()
      await new Promise((resolve) => silentEngine.close(resolve))
    }
  })

  it('tells a stopped container from one that is gone, and still does the others', async () => {
    const resume = async () => (await call(resumeSyncs, options('shop'))).failure
    await call(pauseSyncs, options('shop'))
    await docker(['pause', shop.name])
    expect(await resume()).to.include({code: 'sync-disconnected', exitCode: 1})
    await docker(['unpause', shop.name])
    await docker(['stop', '--time', '0', shop.name])
    const stopped = await resume()
    expect(stopped).to.include({code: 'container-stopped', exitCode: 1})
    expect(await isPaused('shop')).to.equal(true)
    for (const line of ['docker start', 'keg sync resume'])
      await runAdvice(stopped?.hint ?? '', line, {env: bed.mutagen.environment})
    expect(await isPaused('shop')).to.equal(false)
    await call(pauseSyncs, options('shop'))
    await docker(['rm', '--force', shop.name])
    expect(await resume()).to.include({code: 'sync-container-gone', exitCode: 1})
    await call(pauseSyncs, options('api'))
    const report = await call(resumeSyncs, options('shop', 'api'))
    expect(codesOf(report)).to.deep.equal(['syncs-failed', 'shop sync-container-gone', 'api done'])
    expect(report.failure?.message).to.contain(`The container ${shop.name} of the sync shop is gone.`)
  })

  it('makes keg doctor report a sync whose container is gone, and terminate only that, without starting a daemon to check', async () => {
    await using engine = await Engine.connect(process.env)
    const look = () => checkSyncs({environment, signal: never}, {connecting: Promise.resolve({engine})})
    const found = await look()
    expect(found).to.include({status: 'problem', remedy: 'keg doctor --fix'})
    expect(found.notes).to.deep.equal([`shop: its container ${shop.name} is gone: keg sync terminate shop`])
    const [fix, ...others] = await syncFixes({engine, environment, signal: never})
    expect(others).to.deep.equal([])
    expect(fix).to.include({kind: 'sync', id: (await one('shop')).id, name: 'shop', losesData: false})
    await fix!.apply()
    expect(await look()).to.include({status: 'ok', detail: '1 sync, nothing wrong'})
    expect((await bed.mutagen.sessions()).map(({name}) => name)).to.have.members(['api', 'foreign'])

    await bed.mutagen.killDaemon()
    expect(await look()).to.include({status: 'notice', remedy: 'keg sync list'})
    expect(await bed.mutagen.processIds()).to.deep.equal([])
  })

  it("terminates keg's own, after asking, and deletes no file", async () => {
    await make('second', api, {remote: '/home/node/second'})
    const asked = await thrown(call(terminateSyncs, options('--all')))
    expect(asked.message).to.equal('asked: End these 2 syncs? No file is changed.')
    expect(codesOf(await call(terminateSyncs, {...options('--all'), prompt: somebody(true)}))[0]).to.equal(undefined)
    expect((await bed.mutagen.sessions()).map(({name}) => name)).to.deep.equal(['foreign'])
    expect(await api.inside('cat one.txt')).to.equal('1')
    expect(await observe('--all')).to.deep.equal([])
    const none = await bed.kegSucceeds(['sync', 'list'])
    expect(none.stdout).to.equal('')
    const add = [api.name, '--local', api.folder, '--remote', remote, '--json']
    const made = await runAdvice(none, 'keg sync create', {env: bed.mutagen.environment, add})
    expect(made.json()).to.include({created: true, conflicts: 0})
  })
})
