import {expect} from 'chai'
import {access, mkdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {treeDifferences, treeIn, treeOf, type Tree} from '../../support/tree.js'
import {remote, SyncBed, type SyncedContainer} from './synced-container.js'
import {runAdvice} from '../../support/run-advice.js'

/** The part of a session in `keg sync status --json` that is tested here. */
interface Status {
  status: string
  conflicts: number
  troubles: {kind: string; path: string; detail: string; remedy: string}[]
}

describe('keg sync: trouble @classic', function () {
  this.timeout(120_000)
  let bed: SyncBed
  let app: SyncedContainer
  const local = (path: string): string => join(app.folder, path)

  before(async () => {
    bed = await SyncBed.start()
  })
  after(async () => bed.stop())

  beforeEach(async () => {
    app = await bed.container({'notes/plan.txt': 'a plan\n', 'notes/other.txt': 'other\n', 'read.me': 'read\n'})
    await bed.kegSucceeds(app.createLine)
  })

  async function status(): Promise<Status> {
    const {stdout} = await bed.keg(['sync', 'status', app.name, '--json'])
    const [only, ...others] = JSON.parse(stdout) as Status[]
    if (only === undefined || others.length > 0) throw new Error(stdout)
    return only
  }

  it('keeps both sides of a conflict, reports it path by path, and continues once one side is chosen', async () => {
    const {identifier} = await app.session()
    await bed.mutagen.run('sync', 'pause', identifier)
    await writeFile(local('notes/plan.txt'), 'planned here\n')
    await app.inside('echo "planned inside" > notes/plan.txt && echo "changed inside" > notes/other.txt')
    await bed.mutagen.run('sync', 'resume', identifier)
    await app.flush()

    expect(await readFile(local('notes/plan.txt'), 'utf8')).to.equal('planned here\n')
    expect(await app.inside('cat notes/plan.txt')).to.equal('planned inside')
    // Everything else continues.
    expect(await readFile(local('notes/other.txt'), 'utf8')).to.equal('changed inside\n')

    const {conflicts, troubles} = await status()
    expect(conflicts).to.equal(1)
    expect(troubles.map(({kind, path}) => ({kind, path}))).to.deep.equal([{kind: 'conflict', path: 'notes/plan.txt'}])
    const told = await bed.keg(['sync', 'status', app.name])
    for (const text of ['notes/plan.txt', local('notes/plan.txt'), `${remote}/notes/plan.txt`, 'Delete or rename'])
      expect(told.stdout + told.stderr).to.include(text)
    await runAdvice(told, 'keg sync resolve', {env: bed.mutagen.environment, add: ['--yes']})
    await app.flush()
    expect(await app.inside('cat notes/plan.txt')).to.equal('planned here')
    expect(await app.differences()).to.deep.equal([])
    expect(await status()).to.deep.include({conflicts: 0, troubles: [], status: 'watching'})
  })

  /** Deletes files; Mutagen must not see the first deletions alone, because it would sync these. */
  async function whilePaused(remove: () => Promise<unknown>): Promise<void> {
    const {identifier} = await app.session()
    await bed.mutagen.run('sync', 'pause', identifier)
    await remove()
    // Mutagen may report that the session halted, or exit.
    await bed.mutagen.run('sync', 'resume', identifier).catch(() => undefined)
    await app.flush().catch(() => undefined)
  }

  /** Empties one side, and expects keg to report it and nothing to be lost on the other. */
  async function expectHalt(empty: () => Promise<unknown>, other: () => Promise<Tree>, side: string): Promise<void> {
    const before = await other()
    expect(before.size).to.equal(4)
    await whilePaused(empty)
    const {status: word, troubles} = await status()
    expect(word).to.equal('halted-on-root-emptied')
    expect(troubles.map(({kind}) => kind)).to.deep.equal(['halted'])
    expect(troubles[0]?.detail).to.include(side).and.include('nothing was deleted')
    const flushed = await bed.keg(['sync', 'flush', app.name])
    expect(flushed.code, flushed.stdout + flushed.stderr).to.equal(1)
    expect(flushed.stderr).to.include('emptied')
    expect(treeDifferences(before, await other())).to.deep.equal([])
    // The trouble suggests the command.
    await runAdvice(troubles[0]?.remedy ?? '', 'keg sync reset', {env: bed.mutagen.environment, add: ['--yes']})
    await app.flush()
    expect(await app.differences()).to.deep.equal([])
    expect(treeDifferences(before, await other())).to.deep.equal([])
    expect(await status()).to.deep.include({troubles: [], status: 'watching'})
  }

  it('ends conflicts with the files of one side: changed, deleted and replaced by another kind, and nothing else', async () => {
    await app.inside(
      'mkdir -p tree kind && echo a > tree/a && echo b > tree/b && echo k > kind/k && echo x > "odd [x]*.txt"',
    )
    await app.flush()
    const {identifier} = await app.session()
    await bed.mutagen.run('sync', 'pause', identifier)
    await writeFile(local('notes/plan.txt'), 'planned here\n')
    await writeFile(local('notes/other.txt'), 'changed here alone\n')
    await rm(local('tree'), {recursive: true})
    await rm(local('kind'), {recursive: true})
    await writeFile(local('kind'), 'a file here\n')
    await writeFile(local('odd [x]*.txt'), 'odd here\n')
    const script =
      'echo "planned inside" > notes/plan.txt; echo new > tree/new; echo changed > kind/k; echo odd > "odd [x]*.txt"'
    await app.inside(script)
    await bed.mutagen.run('sync', 'resume', identifier)
    await app.flush()
    const before = (await status()).troubles.map(({path}) => path).sort()
    expect(before).to.include.members(['kind', 'notes/plan.txt', 'odd [x]*.txt'])

    const env = {XDG_STATE_HOME: local('../state')}
    const resolve = async (...words: string[]) => bed.keg(['sync', 'resolve', ...words, '--sync', app.name], {env})
    expect((await resolve('nowhere', '--keep', 'folder', '--yes', '--json')).json()).to.have.nested.property(
      'error.code',
      'conflict-unknown',
    )
    expect((await resolve('notes', '--keep', 'folder')).code, 'without an answer').to.equal(2)
    const planned = await resolve('notes/plan.txt', '--keep', 'container', '--dry-run', '--json')
    expect(JSON.parse(planned.stdout)).to.have.nested.property('[0].resolved[0].path', 'notes/plan.txt')
    const shownPlan = await resolve('notes/plan.txt', '--keep', 'container', '--dry-run')
    expect(shownPlan.stderr).to.include('These paths in the folder get what the container has:')
    expect(shownPlan.stderr)
      .to.include(`${local('notes/plan.txt')}: `)
      .and.not.to.include('kind')
    expect((await status()).troubles.map(({path}) => path).sort()).to.deep.equal(before)

    const ofContainer = await resolve(local('notes/plan.txt'), '--keep', 'container', '--yes')
    expect(ofContainer.code, ofContainer.stdout + ofContainer.stderr).to.equal(0)
    expect(ofContainer.stderr).to.include(local('notes/plan.txt'))
    expect(await readFile(local('notes/plan.txt'), 'utf8')).to.equal('planned inside\n')
    expect(await readFile(local('odd [x]*.txt'), 'utf8')).to.equal('odd here\n')
    const ofFolder = await resolve('--keep', 'folder', '--yes', '--json')
    expect(ofFolder.code, ofFolder.stdout + ofFolder.stderr).to.equal(0)
    expect(await app.inside('cat kind "odd [x]*.txt" notes/other.txt')).to.equal(
      'a file here\nodd here\nchanged here alone',
    )
    expect((await app.session()).identifier).to.equal(identifier)
    expect(await status()).to.include({conflicts: 0})
    expect(await app.differences()).to.deep.equal([])
    const over = await resolve('kind', '--keep', 'folder', '--yes', '--json')
    expect(over.json()).to.have.nested.property('error.code', 'conflict-unknown')
    const shown = await runAdvice(over, 'keg sync status', {env: {...bed.mutagen.environment, ...env}})
    expect(shown.stdout).to.include('in sync')
  })

  it('halts when the folder in the container was emptied, loses nothing, and restores the files by a reset', async () => {
    await expectHalt(
      async () => app.inside('rm -r ./*'),
      async () => treeOf(app.folder),
      'the container',
    )
  })

  it('halts when the local folder was emptied, loses nothing, and restores the files by a reset', async () => {
    const empty = async () => {
      await rm(local('notes'), {recursive: true})
      await rm(local('read.me'))
    }
    await expectHalt(empty, async () => treeIn(app.name, remote), 'the folder')
  })

  it('halts when the local folder was deleted, and continues once it is back', async () => {
    const before = await treeIn(app.name, remote)
    await whilePaused(async () => rm(app.folder, {recursive: true}))
    expect((await status()).status).to.equal('halted-on-root-deletion')
    expect(treeDifferences(before, await treeIn(app.name, remote))).to.deep.equal([])
    const gone = await access(app.folder).catch((error: unknown) => error)
    expect(gone).to.be.instanceOf(Error)

    await mkdir(app.folder)
    await bed.kegSucceeds(['sync', 'reset', app.name, '--yes'])
    await app.flush()
    expect(treeDifferences(before, await treeOf(app.folder))).to.deep.equal([])
    expect(treeDifferences(before, await treeIn(app.name, remote))).to.deep.equal([])
  })
})
