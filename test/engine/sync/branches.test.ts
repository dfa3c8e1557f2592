import {expect} from 'chai'
import {rm, writeFile} from 'node:fs/promises'
import {join, relative} from 'node:path'

import {GitSandbox} from '../../support/git.js'
import {startKeg, type KegResult, type RunningKeg} from '../../support/keg.js'
import {SyncBed, type SyncedContainer} from './synced-container.js'

describe('keg sync: one folder, one branch', function () {
  this.timeout(60_000)
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

  /** That a command is refused, names both branches, and that nothing comes over. */
  async function expectRefusal(verb: string): Promise<void> {
    const {code, stderr} = await keg('sync', verb, app.name)
    expect({code, verb}).to.deep.equal({code: 3, verb})
    expect(stderr).to.include(`is of branch main, and in ${app.folder} topic is checked out`).and.include('--force')
    expect(await isPaused()).to.equal(true)
    expect(await page()).to.equal('of main')
  }

  it('refuses a paused sync after a switch, and goes on when the branch is back', async () => {
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

  it('is of the other branch by force, and refuses the first one then', async () => {
    await succeeds('sync', 'pause', app.name)
    inGit('switch', '--quiet', 'topic')
    await succeeds('sync', 'resume', app.name, '--force')
    await app.flush()
    expect(await page()).to.equal('of topic')
    await succeeds('sync', 'flush', app.name)
    inGit('switch', '--quiet', 'main')
    const refused = await keg('sync', 'flush', app.name)
    expect(refused.code).to.equal(3)
    expect(refused.stderr).to.include('is of branch topic')
    expect(await isPaused(), 'nothing more comes over').to.equal(true)
    await succeeds('sync', 'resume', app.name, '--force')
    await app.flush()
    expect(await page()).to.equal('of main')
  })

  it('is held by the monitor while another branch is checked out', async () => {
    running = await startKeg(['sync', 'monitor', app.name, '--json'], {env})
    const {ended, kill, said} = running
    await said(/"event":"watched"/, 'stdout')
    inGit('switch', '--quiet', 'topic')
    await said(/"reason":"branch","message":"The sync .* is of branch main, and in .* topic is checked out/, 'stdout')
    await said(/"paused":true,[^]*"checkedOut":"topic"/, 'stdout')
    expect(await isPaused()).to.equal(true)
    // Whoever resumes it by Mutagen itself has it paused again.
    await bed.mutagen.run('sync', 'resume', app.name)
    while (!(await isPaused()));
    inGit('switch', '--quiet', 'main')
    await said(/"reason":"branch"[^]*"event":"released"/, 'stdout')
    expect(await isPaused()).to.equal(false)
    kill('SIGINT')
    expect((await ended).code).to.equal(130)
  })

  it('waits while git changes files, and stays paused where the monitor ends on another branch', async () => {
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
    expect((await ended).code).to.equal(130)
    expect(await isPaused()).to.equal(true)
    inGit('switch', '--quiet', 'main')
  })
})
