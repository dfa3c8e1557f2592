import {expect} from 'chai'
import {rm, writeFile} from 'node:fs/promises'
import {join, relative} from 'node:path'

import {GitSandbox} from '../../support/git.js'
import {startKeg, type KegResult, type RunningKeg} from '../../support/keg.js'
import {SyncBed, type SyncedContainer} from './synced-container.js'

describe('keg sync: one folder, one branch @classic', function () {
  this.timeout(120_000)
  let git: GitSandbox
  let bed: SyncBed
  let app: SyncedContainer
  let env: Record<string, string>
  let running: RunningKeg | undefined

  before(async () => {
    git = new GitSandbox()
    bed = await SyncBed.start()
    app = await bed.container({'page.txt': 'of main\n'})
    env = {...bed.mutagen.environment, XDG_STATE_HOME: join(git.folder, 'state')}
    inGit('init', '--quiet')
    inGit('add', '.')
    inGit('commit', '--quiet', '--message', 'Main')
    inGit('switch', '--quiet', '--create', 'topic')
    await writeFile(join(app.folder, 'page.txt'), 'of topic\n')
    inGit('commit', '--quiet', '--all', '--message', 'Topic')
    inGit('switch', '--quiet', 'main')
    await succeeds(...app.createLine)
  })
  afterEach(async () => {
    running?.kill('SIGKILL')
    await running?.ended
    running = undefined
  })
  after(async () => {
    git.remove()
    await bed.stop()
  })

  const inGit = (...parameters: string[]): string => git.git(relative(git.folder, app.folder), ...parameters)
  const keg = async (...parameters: string[]): Promise<KegResult> => bed.keg(parameters, {env})
  const succeeds = async (...parameters: string[]): Promise<KegResult> => bed.kegSucceeds(parameters, {env})
  const page = async (): Promise<string> => app.inside('cat page.txt')
  const isPaused = async (): Promise<boolean> => (await app.session()).paused

  /** Expects that a command is refused, names both branches, and that nothing is synced. */
  async function expectRefusal(verb: string): Promise<void> {
    const {code, stderr} = await keg('sync', verb, app.name)
    expect({code, verb}).to.deep.equal({code: 3, verb})
    expect(stderr)
      .to.include(`belongs to the branch main, but ${app.folder} has topic checked out`)
      .and.include('--force')
    expect(await isPaused()).to.equal(true)
    expect(await page()).to.equal('of main')
  }

  it('refuses a paused sync after a switch, and resumes when the branch is back', async () => {
    await succeeds('sync', 'pause', app.name)
    inGit('switch', '--quiet', 'topic')
    await expectRefusal('resume')
    await expectRefusal('flush')
    const {stdout} = await succeeds('sync', 'status', app.name, '--json')
    const [sync] = JSON.parse(stdout) as Record<string, unknown>[]
    expect(sync).to.include({branch: 'main', checkedOut: 'topic', clean: false, paused: true})
    inGit('switch', '--quiet', 'main')
    await succeeds('sync', 'resume', app.name)
    expect(await page()).to.equal('of main')
  })

  it('belongs to the other branch after --force, and then refuses the first one', async () => {
    await succeeds('sync', 'pause', app.name)
    inGit('switch', '--quiet', 'topic')
    await succeeds('sync', 'resume', app.name, '--force')
    await app.flush()
    expect(await page()).to.equal('of topic')
    await succeeds('sync', 'flush', app.name)
    inGit('switch', '--quiet', 'main')
    const refused = await keg('sync', 'flush', app.name)
    expect(refused.code).to.equal(3)
    expect(refused.stderr).to.include('belongs to the branch topic')
    expect(await isPaused(), 'nothing more comes over').to.equal(true)
    await succeeds('sync', 'resume', app.name, '--force')
    await app.flush()
    expect(await page()).to.equal('of main')
  })

  it('is paused by the monitor while another branch is checked out', async () => {
    running = await startKeg(['sync', 'monitor', app.name, '--json'], {env})
    const {ended, kill, said} = running
    await said(/"event":"watched"/, 'stdout')
    inGit('switch', '--quiet', 'topic')
    await said(
      /"reason":"branch","message":"The sync .* belongs to the branch main, but .* has topic checked out/,
      'stdout',
    )
    await said(/"paused":true,[^]*"checkedOut":"topic"/, 'stdout')
    expect(await isPaused()).to.equal(true)
    // If somebody resumes it with Mutagen itself, it is paused again.
    await bed.mutagen.run('sync', 'resume', app.name)
    while (!(await isPaused()));
    inGit('switch', '--quiet', 'main')
    await said(/"reason":"branch"[^]*"event":"released"/, 'stdout')
    expect(await isPaused()).to.equal(false)
    kill('SIGINT')
    expect((await ended).code).to.equal(0)
  })

  it('waits while git changes files, and stays paused if the monitor exits on another branch', async () => {
    running = await startKeg(['sync', 'monitor', app.name, '--json'], {env})
    const {ended, kill, said} = running
    await said(/"event":"watched"/, 'stdout')
    const lock = join(app.folder, '.git/index.lock')
    await writeFile(lock, '')
    await writeFile(join(app.folder, 'new.txt'), 'by git\n')
    await said(/"reason":"git","message":"git is changing files/, 'stdout')
    await rm(lock)
    await said(/"event":"released"/, 'stdout')
    await app.inside('until cat new.txt; do sleep 0.1; done')
    inGit('switch', '--quiet', 'topic')
    await said(/"reason":"branch"/, 'stdout')
    kill('SIGINT')
    expect((await ended).code).to.equal(0)
    expect(await isPaused()).to.equal(true)
    inGit('switch', '--quiet', 'main')
  })
})
