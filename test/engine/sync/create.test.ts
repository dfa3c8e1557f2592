import {expect} from 'chai'
import {execFileSync} from 'node:child_process'
import {chmod, mkdir, realpath, rm, stat, symlink, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'

import type {Prompt} from '../../../src/lib/terminal/prompt.js'
import {InterruptedError, KegError} from '../../../src/lib/error/keg-error.js'
import type {CreateSyncResult} from '../../../src/lib/sync/create/create-result.js'
import {docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {files as exampleFiles, gitignore} from '../../support/gitignore-examples.js'
import {keg, startKeg} from '../../support/keg.js'
import {startMutagen, syncImage, type MutagenDaemon, type MutagenSession} from '../../support/mutagen.js'
import {runAdvice} from '../../support/run-advice.js'
import {thrown} from '../../support/thrown.js'
import {create as createWith, createOptions, nobody, type CreateSyncOptions} from './create-options.js'

describe('keg sync create @classic', function () {
  this.timeout(120_000)

  let mutagen: MutagenDaemon
  let sandbox: Sandbox
  let git: GitSandbox
  let image: string
  let home: string
  /** Runs as root, works in /app. */
  let shop: string

  before(async () => {
    sandbox = new Sandbox()
    git = new GitSandbox()
    home = await realpath(await sandbox.temporaryFolder('home'))
    mutagen = await startMutagen()
    image = await syncImage(sandbox, ['RUN mkdir /srv', 'WORKDIR /app'])
    shop = uniqueName('shop')
    await sandbox.run(['--name', shop, image])
  })
  afterEach(async () => {
    await mutagen.run('sync', 'terminate', '--all')
  })
  after(async () => {
    await mutagen.stop()
    await sandbox.clean()
    git.remove()
  })

  const environment = (): NodeJS.ProcessEnv => ({
    ...process.env,
    ...git.environment,
    ...mutagen.environment,
    HOME: home,
    XDG_STATE_HOME: join(home, 'state'),
  })

  async function create(wishes: Partial<CreateSyncOptions>): Promise<CreateSyncResult> {
    return createWith({...createOptions(home, environment()), target: shop, ...wishes})
  }

  async function refused(wishes: Partial<CreateSyncOptions>): Promise<KegError> {
    const error = await thrown(create(wishes))
    if (!(error instanceof KegError)) throw error
    return error
  }

  /** A folder with files whose contents are their names. */
  async function folderOf(...names: string[]): Promise<string> {
    const folder = await realpath(await sandbox.temporaryFolder('local'))
    for (const name of names) {
      await mkdir(join(folder, dirname(name)), {recursive: true})
      await writeFile(join(folder, name), name)
    }
    return folder
  }

  const inside = async (container: string, ...command: string[]): Promise<string> =>
    docker(['exec', '--user', '0', container, ...command])

  /** Path, owner, group and mode of everything below a folder of a container. */
  async function listed(container: string, folder: string): Promise<string[]> {
    const lines = await inside(container, 'find', folder, '-exec', 'stat', '-c', '%n %u:%g %a', '{}', '+')
    return lines.split('\n').sort()
  }

  const own = (sessions: readonly MutagenSession[]): (string | undefined)[] => sessions.map(({name}) => name)

  it("syncs a container's folder with its working directory, without files that git ignores, and only once", async () => {
    git.git('.', 'init', '--quiet', 'tree')
    const tree = join(git.folder, 'tree')
    for (const file of exampleFiles) {
      await mkdir(join(tree, dirname(file)), {recursive: true})
      git.write(join('tree', file), file)
    }
    git.write('tree/.gitignore', gitignore)
    await mkdir(join(tree, 'node_modules'))
    git.write('tree/node_modules/left out', '')
    git.write('tree/executable', '', 0o755)
    const dev = uniqueName('dev')
    const id = await sandbox.run(['--name', dev, '--label', `com.keg.folder=${tree}`, image])

    const ran = await keg(['sync', 'create', dev, '--json'], {
      env: {...mutagen.environment, XDG_STATE_HOME: join(home, 'state')},
    })
    expect(ran.code, ran.stdout + ran.stderr).to.equal(0)
    expect(ran.json()).to.include({
      name: dev,
      created: true,
      container: id,
      containerName: dev,
      folder: tree,
      remote: '/app',
      branch: 'main',
      mode: 'two-way-safe',
      conflicts: 0,
      paused: false,
    })
    const untracked = execFileSync('git', ['ls-files', '--others', '--exclude-standard', '-z'], {
      cwd: tree,
      env: git.environment,
    })
    const expected = untracked
      .toString('utf8')
      .split('\0')
      .filter((path) => path !== '' && !path.startsWith('node_modules/'))
      .sort()
    const arrived = (await inside(dev, 'find', '/app', '-type', 'f'))
      .split('\n')
      .map((path) => path.slice('/app/'.length))
    expect(arrived.sort()).to.deep.equal(expected)
    expect(await listed(dev, '/app/executable')).to.deep.equal(['/app/executable 0:0 755'])

    await mutagen.run('sync', 'pause', dev)
    const again = await Promise.all([create({target: dev}), create({target: dev}), create({target: dev})])
    expect(new Set(again.map((result) => result.id))).to.deep.equal(new Set([ran.json().id]))
    expect(again.map(({created}) => created)).to.not.include(true)
    expect(again.filter(({resumed}) => resumed)).to.have.length(1)
    const [session, ...more] = await mutagen.sessions()
    expect(more).to.deep.equal([])
    expect(session?.beta.environment).to.have.any.keys('DOCKER_HOST', 'DOCKER_CONTEXT')
    expect(session?.labels).to.include({'com.keg.sync': '1', 'com.keg.branch': 'main', 'com.keg.container-name': dev})
  })

  it('creates one session when twenty are requested at once', async () => {
    const local = await folderOf('one')
    const results = await Promise.all(Array.from({length: 20}, () => create({local, remote: '/srv/twenty'})))
    expect(results.filter(({created}) => created)).to.have.length(1)
    expect(await mutagen.sessions()).to.have.length(1)
    expect(results.map(({files}) => files)).to.deep.equal(results.map(() => 1))
  })

  it('replaces a session with other settings once it is clean, and one into a container that is gone', async () => {
    const local = await folderOf('one', 'a.log')
    const name = uniqueName('again')
    await sandbox.run(['--name', name, image])
    const first = await create({target: name, local})
    await writeFile(join(local, 'two'), 'written just before')
    const sessionPlan = await create({target: name, local, ignore: ['*.log'], dryRun: true})
    expect(sessionPlan).to.deep.include({id: null, name: first.name, created: false, replaced: [first.id]})
    const second = await create({target: name, local, ignore: ['*.log']})
    expect(second).to.deep.include({name: first.name, created: true, replaced: [first.id]})
    expect((await inside(name, 'ls', '/app')).split('\n')).to.include.members(['one', 'two'])

    // Unsynced changes would be lost with it.
    await mutagen.run('sync', 'pause', name)
    await writeFile(join(local, 'one'), 'mine')
    await inside(name, 'sh', '-c', 'echo yours >/app/one')
    const unclean = await refused({target: name, local})
    expect(unclean).to.include({code: 'sync-not-replaced', exitCode: 1})
    expect(unclean.message).to.match(/conflict one: /)
    expect((await mutagen.sessions()).map(({identifier, paused}) => [identifier, paused])).to.deep.equal([
      [second.id, true],
    ])

    await docker(['rm', '--force', name])
    await sandbox.run(['--name', name, image])
    const third = await create({target: name, local, ignore: ['*.log']})
    expect(third).to.deep.include({name: first.name, created: true, replaced: [second.id]})
    expect(await mutagen.sessions()).to.have.length(1)
    expect(await inside(name, 'cat', '/app/one')).to.equal('mine')
  })

  it('does what its dry run shows: create, keep, resume, replace, and as a replica', async () => {
    const local = git.repository('planned', 'main')
    git.write('planned/one', 'mine')
    await inside(shop, 'sh', '-c', 'mkdir /srv/planned && echo yours >/srv/planned/theirs')
    const words = ['sync', 'create', shop, '--local', local, '--remote', '/srv/planned', '--json']
    const ran = async (...more: readonly string[]) => {
      const {code, json, stderr, stdout} = await keg([...words, ...more], {env: environment()})
      expect(code, stdout + stderr).to.equal(0)
      return json() as unknown as CreateSyncResult
    }
    /** A dry run, which must change nothing, and then the real run. */
    const compared = async (...more: readonly string[]): Promise<CreateSyncResult> => {
      const before = await mutagen.sessions()
      const planned = await ran(...more, '--dry-run')
      expect(namesAndStates(await mutagen.sessions())).to.deep.equal(namesAndStates(before))
      const done = await ran(...more, '--yes')
      expect(settingsIn(done)).to.deep.equal(settingsIn(planned))
      const {action, resumes} = planned.plan ?? {}
      expect([done.created, done.resumed]).to.deep.equal([action !== 'keep', resumes])
      if (action === 'keep') expect(done).to.include({id: planned.id, createdAt: planned.createdAt})
      // Mutagen itself has what was shown, and nothing else.
      expect(await mutagen.sessions()).to.have.length(1)
      expect((await mutagen.sessions())[0]).to.deep.include({name: planned.name, identifier: done.id})
      return planned
    }
    const namesAndStates = (sessions: readonly MutagenSession[]) =>
      sessions.map(({identifier, name, paused}) => [identifier, name, paused])
    const settingsIn = (result: CreateSyncResult) => {
      const {branch, container, directoryMode, fileMode, folder, group, ignores, mode, mounts, name} = result
      const {owner, pausedOthers, remote, replaced, watchMode} = result
      const where = {branch, container, folder, mode, mounts, name, remote}
      return {...where, directoryMode, fileMode, group, ignores, owner, pausedOthers, replaced, watchMode}
    }

    expect(await compared()).to.have.nested.property('plan.action', 'make')
    expect(await compared()).to.have.nested.property('plan.action', 'keep')
    await mutagen.run('sync', 'pause', shop)
    expect(await compared()).to.have.deep.nested.property('plan.resumes', true)
    expect(await compared('--ignore', '*.log')).to.have.nested.property('plan.action', 'replace')
    await mutagen.run('sync', 'terminate', '--all')
    await inside(shop, 'sh', '-c', 'echo lost >/srv/planned/lost; echo other >/srv/planned/one')
    const replica = await compared('--mode', 'one-way-replica')
    expect(replica).to.deep.include({losses: {deleted: ['lost'], overwritten: ['one']}})
    expect(replica).to.have.nested.property('plan.asks', true)
    expect(await inside(shop, 'cat', '/srv/planned/one', '/srv/planned/theirs')).to.equal('mineyours')
    expect((await inside(shop, 'ls', '/srv/planned')).split('\n')).to.not.include('lost')
  })

  it('leaves the existing session alone if it cannot be terminated for another', async () => {
    const local = await folderOf('one')
    const first = await create({local})
    // Mutagen fails to terminate a session once.
    const folder = await realpath(await sandbox.temporaryFolder('stubborn'))
    const program = execFileSync('sh', ['-c', 'command -v mutagen'], {encoding: 'utf8'}).trim()
    const script = `#!/bin/sh\nif [ "$2" = terminate ] && mkdir '${folder}/once' 2>/dev/null; then exit 1; fi\nexec '${program}' "$@"\n`
    await writeFile(join(folder, 'mutagen'), script, {mode: 0o755})
    const stubborn = {...environment(), PATH: `${folder}:${process.env.PATH}`}
    expect(await refused({local, ignore: ['*.log'], environment: stubborn})).to.include({code: 'mutagen-failed'})
    const left = (await mutagen.sessions()).map(({identifier, paused}) => [identifier, paused])
    expect(left).to.deep.equal([[first.id, false]])
  })

  it('knows the full name of a branch that no label can hold', async () => {
    await create({local: git.repository('slash', 'feature/search')})
    const {json} = await keg(['sync', 'list', '--json'], {env: environment()})
    expect(json()).to.have.nested.property('[0].branch', 'feature/search')
  })

  it('keeps a folder to one branch, and apart from other sessions', async () => {
    const local = git.repository('branches', 'main')
    const [main, other] = [uniqueName('main'), uniqueName('other')]
    await sandbox.run(['--name', main, '--label', 'com.keg.branch=main', image])
    await sandbox.run(['--name', other, '--label', 'com.keg.branch=other', image])
    const first = await create({target: main, local})
    const guarded = await refused({target: other, local})
    expect(guarded).to.include({code: 'branch-guard', exitCode: 3})
    git.git('branches', 'checkout', '--quiet', '-b', 'other')
    const second = await create({target: other, local})
    expect(second).to.deep.include({branch: 'other', pausedOthers: [{id: first.id, name: main}]})
    expect((await mutagen.sessions()).map(({name, paused}) => [name, paused])).to.deep.equal([
      [main, true],
      [other, false],
    ])
    // With --force it is the sync of the current branch, and the other one's is paused.
    const forced = await create({target: main, local, force: true})
    expect(forced).to.deep.include({id: first.id, created: false, resumed: true, branch: 'other'})

    await mutagen.run('sync', 'terminate', '--all')
    await mutagen.run('sync', 'create', '--name', 'foreign', local, `docker://${main}/app`)
    const taken = await refused({target: main, local, force: true})
    expect(taken).to.include({code: 'sync-taken', exitCode: 3})
    expect(await refused({target: main, local, force: true, remote: '/srv', name: 'foreign'})).to.include({
      code: 'sync-name-taken',
      exitCode: 2,
    })
    expect(own(await mutagen.sessions())).to.deep.equal(['foreign'])
    await runAdvice(taken.hint ?? '', 'mutagen sync terminate', {env: mutagen.environment})
    expect(await create({target: main, local, force: true})).to.deep.include({created: true})
  })

  it('gives files the owner and the modes of the folder, of the container’s user, or as requested', async () => {
    const local = await folderOf('file', 'folder/inner')
    await chmod(join(local, 'folder/inner'), 0o755)
    await inside(shop, 'sh', '-c', 'mkdir -m 2750 /srv/kept && chown 5:7 /srv/kept')
    await create({local, remote: '/srv/kept'})
    expect(await listed(shop, '/srv/kept/folder')).to.deep.equal([
      '/srv/kept/folder 5:7 750',
      '/srv/kept/folder/inner 5:7 750',
    ])
    expect(await listed(shop, '/srv/kept/file')).to.deep.equal(['/srv/kept/file 5:7 640'])

    const shared = await create({
      local,
      remote: '/srv/new/deep',
      permissions: {owner: 'node', group: '65753', fileMode: undefined, directoryMode: undefined},
    })
    expect(shared).to.include({owner: '1000', group: '65753', fileMode: '0664', directoryMode: '0775'})
    expect(await listed(shop, '/srv/new')).to.deep.equal([
      '/srv/new 0:0 755',
      '/srv/new/deep 1000:65753 775',
      '/srv/new/deep/file 1000:65753 664',
      '/srv/new/deep/folder 1000:65753 775',
      '/srv/new/deep/folder/inner 1000:65753 775',
    ])
    // Without flags it is the same sync: the folder itself has the owner now.
    expect(await create({local, remote: '/srv/new/deep'})).to.include({id: shared.id, created: false})

    const node = uniqueName('node')
    await sandbox.run(['--name', node, '--user', 'node', '--group-add', '44', image])
    await inside(node, 'sh', '-c', 'mkdir -m 770 /srv/node /srv/group && chgrp 44 /srv/group')
    const asNode = await create({target: node, local, remote: '/srv/made'})
    expect(asNode).to.include({owner: null, group: null})
    expect(await listed(node, '/srv/made/folder')).to.deep.equal([
      '/srv/made/folder 1000:1000 755',
      '/srv/made/folder/inner 1000:1000 755',
    ])
    await create({target: node, local, remote: '/srv/group'})
    expect(await listed(node, '/srv/group/file')).to.deep.equal(['/srv/group/file 1000:44 660'])
    const unwritable = await refused({target: node, local, remote: '/srv/node'})
    expect(unwritable).to.include({code: 'sync-remote-unwritable', exitCode: 1})
    await runAdvice(unwritable.hint ?? '', 'docker exec', {env: mutagen.environment})
    expect(await create({target: node, local, remote: '/srv/node'})).to.include({created: true})
  })

  it('keeps the session despite conflicts and unwritable files, and names them', async () => {
    const local = await folderOf('same', 'different', 'link/file')
    await inside(shop, 'sh', '-c', 'mkdir /srv/full && cd /srv/full && printf same >same && echo else >different')
    const conflicts = await refused({local, remote: '/srv/full', name: 'full'})
    expect(conflicts).to.include({code: 'sync-conflicts', exitCode: 1})
    expect(conflicts.message).to.match(/1 path is different.*\n {2}conflict different: /)
    expect(conflicts.data).to.have.nested.property('troubles.length', 1)
    expect(await inside(shop, 'cat', '/srv/full/different', '/srv/full/link/file')).to.equal('else\nlink/file')

    await symlink('/etc/passwd', join(local, 'absolute'))
    await rm(join(local, 'different'))
    const problems = await refused({local, remote: '/srv/full', name: 'full'})
    expect(problems).to.include({code: 'sync-problems', exitCode: 1})
    expect(problems.message).to.include('problem absolute: ')
    expect(own(await mutagen.sessions())).to.deep.equal(['full'])
    expect(await refused({local, remote: '/srv/full', name: 'full', target: shop, mode: 'one-way-safe'})).to.include({
      code: 'sync-not-replaced',
    })
  })

  it('ignores mounts below, in place of a session that did not, and .git if it is a file', async () => {
    git.git('.', 'init', '--quiet', 'library')
    git.git('library', 'commit', '--quiet', '--allow-empty', '--message', 'First')
    git.repository('whole')
    git.git('whole', 'submodule', '--quiet', 'add', join(git.folder, 'library'), 'vendor/library')
    git.git('whole', 'commit', '--quiet', '--message', 'Library')
    git.git('whole', 'worktree', 'add', '--quiet', '-b', 'topic', '../topic')
    git.git('topic', 'submodule', '--quiet', 'update', '--init')
    const local = join(git.folder, 'topic')
    git.write('topic/vendor/library/file', 'of the library')
    git.write('topic/single', 'of the folder')
    const bound = await folderOf('a', 'single')

    const name = uniqueName('mounts')
    const mounted = await syncImage(sandbox, ['RUN mkdir -p /app/linked && ln -s /app/linked /link', 'WORKDIR /app'])
    const mounts = ['/app/uploads', '/link/data', `${bound}:/app/bound`, `${bound}/single:/app/single`]
    const flags = mounts.flatMap((mount) => ['--volume', mount])
    const id = await sandbox.run(['--name', name, ...flags, '--tmpfs', '/app/cache', mounted])
    const labels = ['--label', 'com.keg.sync=1', '--label', 'com.keg.settings=of-before']
    await mutagen.run('sync', 'create', '--name', 'former', ...labels, '--ignore-vcs', local, `docker://${id}/app`)

    const said: string[] = []
    const result = await create({target: name, local, notice: (line) => said.push(line)})
    expect(result).to.include({created: true, problems: 0})
    expect(result.replaced).to.have.length(1)
    expect(result.mounts.map(({path, type}) => `${path} ${type}`)).to.deep.equal([
      '/app/bound bind',
      '/app/cache tmpfs',
      '/app/linked/data volume',
      '/app/single bind',
      '/app/uploads volume',
    ])
    expect(said.filter((line) => line.includes('/app/linked/data (volume)'))).to.have.length(1)
    await inside(
      name,
      'sh',
      '-c',
      'for each in /app/uploads /app/cache /app/bound /link/data; do echo mine >$each/mine; done',
    )
    await writeFile(join(local, 'edited'), 'late')
    const flushed = await keg(['sync', 'flush', name, '--json'], {env: environment()})
    expect(flushed.code, flushed.stdout).to.equal(0)
    expect(await inside(name, 'cat', '/app/edited', '/app/vendor/library/file')).to.equal('lateof the library')
    // The container belongs to this folder now, and so does the git state of its package, wherever it is made.
    for (const [words, cwd] of [
      [[], local],
      [[name], home],
    ] as const) {
      const planned = await keg(['docker', 'package', ...words, '--dry-run', '--json'], {cwd, env: environment()})
      expect(planned.code, planned.stdout).to.equal(0)
      expect(planned.json()).to.include({container: name, folder: local, branch: 'topic', name: 'topic'})
    }
    const again = await create({target: name, local, notice: (line) => said.push(line)})
    expect(again).to.include({created: false, id: result.id})
    expect(said.filter((line) => line.startsWith('Not synced'))).to.have.length(1)

    await mutagen.run('sync', 'terminate', '--all')
    await mutagen.run('sync', 'create', '--name', 'former', ...labels, '--ignore-vcs', local, `docker://${id}/app`)
    await mutagen.run('sync', 'flush', 'former')
    const told = await keg(['sync', 'flush', 'former', '--json'], {env: environment()})
    expect(told.json()).to.have.nested.property('error.code', 'sync-conflicts')
    const advised = await runAdvice(told, 'keg sync create', {env: environment(), add: ['--json']})
    expect(advised.json()).to.deep.include({created: true, problems: 0})
    expect(await inside(name, 'cat', '/app/uploads/mine')).to.equal('mine')
  })

  it('shows what a replica deletes, and asks', async () => {
    const local = await folderOf('kept', 'changed')
    const before =
      'mkdir -p /srv/replica/gone && cd /srv/replica && printf kept >kept; touch changed gone/a gone/b my.log'
    await inside(shop, 'sh', '-c', before)
    const wishes = {local, remote: '/srv/replica', mode: 'one-way-replica', ignore: ['*.log']} as const
    expect((await create({...wishes, dryRun: true})).losses).to.deep.equal({
      deleted: ['gone'],
      overwritten: ['changed'],
    })
    const ran = await keg(
      ['sync', 'create', shop, '--local', local, '--remote', '/srv/replica', '--mode', 'one-way-replica', '--no-input'],
      {env: {...mutagen.environment}},
    )
    expect([ran.code, ran.stdout]).to.deep.equal([2, ''])
    expect(ran.stderr).to.match(/deleted there:\n {2}gone\n {2}my\.log\n[^]*--yes/)
    const answers: string[] = []
    const answering = (answer: boolean): Prompt => ({
      ...nobody,
      confirm: (question) => {
        answers.push(question)
        return Promise.resolve(answer)
      },
    })
    expect(await refused({...wishes, prompt: answering(false)})).to.include({code: 'cancelled', exitCode: 1})
    expect(await mutagen.sessions()).to.deep.equal([])
    expect(answers)
      .to.have.length(1)
      .and.satisfy(([question]: string[]) => question?.includes('delete 1 path'))
    await create({...wishes, prompt: answering(true)})
    await create({...wishes})
    expect(answers).to.have.length(2)
    expect((await inside(shop, 'ls', '/srv/replica')).split('\n').sort()).to.deep.equal(['changed', 'kept', 'my.log'])
  })

  it('leaves no session behind when it is interrupted', async () => {
    const local = await folderOf(...Array.from({length: 2000}, (_, index) => `${index % 20}/${index}`))
    const running = await startKeg(['sync', 'create', shop, '--local', local, '--remote', '/srv/stopped'], {
      env: {...mutagen.environment},
    })
    while ((await mutagen.sessions()).length === 0) await wait(20)
    running.kill('SIGINT')
    expect(await running.ended).to.include({code: 130, stdout: ''})
    expect(await mutagen.sessions()).to.deep.equal([])

    const outcomes: unknown[] = []
    for (const delay of [100, 300, 600]) {
      const abort = new AbortController()
      const stopped = create({local, remote: `/srv/stopped${delay}`, signal: abort.signal}).catch(
        (error: unknown) => error,
      )
      await wait(delay)
      abort.abort(new InterruptedError('SIGINT'))
      const outcome = await stopped
      outcomes.push(outcome)
      const sessions = await mutagen.sessions()
      if (outcome instanceof Error) expect(sessions, `after ${delay} ms`).to.deep.equal([])
      else await mutagen.run('sync', 'terminate', '--all')
    }
    expect(outcomes[0]).to.be.instanceOf(InterruptedError)
  })

  it('says what a container lacks for the agent', async () => {
    const local = await folderOf('one')
    const unknown = uniqueName('unknown')
    await sandbox.run(['--name', unknown, '--user', '4242', image])
    const nobodys = await refused({target: unknown, local, remote: '/srv/unknown'})
    expect(nobodys).to.include({code: 'sync-agent-unfit', exitCode: 4})
    expect(nobodys.message).to.include('user 4242 has no line in /etc/passwd')
    await inside(unknown, 'sh', '-c', 'echo app:x:4242:0::/nowhere: >>/etc/passwd')
    const homeless = await refused({target: unknown, local, remote: '/srv/homeless'})
    expect(homeless).to.include({code: 'sync-agent-unfit', exitCode: 4})
    expect(homeless.message).to.include('home folder /nowhere of app does not exist')
    // Nothing was made for syncs that were refused.
    await inside(unknown, 'test', '!', '-e', '/srv/unknown', '-a', '!', '-e', '/srv/homeless')
    for (const line of [`docker exec --user 0 ${unknown} mkdir`, `docker exec --user 0 ${unknown} chown`])
      await runAdvice(homeless.hint ?? '', line, {env: mutagen.environment})
    await create({target: unknown, local, remote: '/nowhere/app'})
    expect(await inside(unknown, 'cat', '/nowhere/app/one')).to.equal('one')
    await mutagen.run('sync', 'terminate', '--all')
    const sealed = uniqueName('sealed')
    await sandbox.run(['--name', sealed, '--read-only', image])
    const closed = await refused({target: sealed, local})
    expect(closed).to.include({code: 'sync-agent-unfit', exitCode: 4})
    expect(closed.message).to.include('root file system is read-only')
    await inside(shop, 'mv', '/bin/uname', '/bin/uname.away')
    try {
      await inside(shop, 'rm', '-rf', '/root/.mutagen')
      expect(await refused({local})).to.include({code: 'sync-agent-unfit', exitCode: 4})
    } finally {
      await inside(shop, 'mv', '/bin/uname.away', '/bin/uname')
    }
    await docker(['pause', unknown])
    expect(await refused({target: unknown, local})).to.include({code: 'container-stopped', exitCode: 1})
    await docker(['rm', '--force', unknown, sealed])
    expect(await mutagen.sessions()).to.deep.equal([])
  })

  it("starts Mutagen's daemon if it does not run, and says if that finds no docker client", async () => {
    const folder = await realpath(await sandbox.temporaryFolder('daemon'))
    await mkdir(join(folder, 'bin'))
    const program = execFileSync('sh', ['-c', 'command -v mutagen'], {encoding: 'utf8'}).trim()
    await symlink(program, join(folder, 'bin/mutagen'))
    const alone = {...environment(), PATH: join(folder, 'bin'), MUTAGEN_DATA_DIRECTORY: folder}
    try {
      const local = await folderOf('one')
      const missing = await refused({local, environment: {...alone, MUTAGEN_DISABLE_AUTOSTART: '1'}})
      expect(missing).to.include({code: 'docker-client-missing', exitCode: 4})
      const own = {MUTAGEN_DATA_DIRECTORY: folder}
      await runAdvice(missing.hint ?? '', 'mutagen daemon stop', {env: own})
      expect(await create({local, environment: {...environment(), ...own}})).to.include({created: true})
      execFileSync('mutagen', ['sync', 'terminate', '--all'], {env: {...alone, ...own}})
    } finally {
      execFileSync('mutagen', ['daemon', 'stop'], {env: alone})
    }
  })

  it('refuses folders that cannot be synced', async () => {
    const local = await folderOf('one')
    const mounted = uniqueName('mounted')
    await sandbox.run(['--name', mounted, '-v', `${local}:/mounted`, image])
    expect(await refused({target: mounted, local, remote: '/mounted'})).to.include({code: 'sync-itself', exitCode: 2})
    for (const remote of ['/etc/passwd', '/etc/passwd/below'])
      expect(await refused({local, remote})).to.include({code: 'remote-invalid', exitCode: 2})
    await inside(shop, 'ln', '-s', '/usr/bin', '/srv/link')
    expect(await refused({local, remote: '/srv/link'})).to.include({code: 'remote-invalid', exitCode: 2})
    expect((await stat(local)).isDirectory()).to.equal(true)
    const asked = await refused({
      prompt: {...nobody, text: (_, {flag}) => Promise.reject(new Error(flag))},
    }).catch((error: unknown) => error)
    expect(asked).to.be.instanceOf(Error).with.property('message', '--local')
  })
})
