import {expect} from 'chai'
import {access, mkdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {treeDifferences, treeIn, treeOf, type Tree} from '../../support/tree.js'
import {remote, SyncBed, type SyncedContainer} from './synced-container.js'

/** What `keg sync status --json` says of a session, as far as it is looked at here. */
interface Status {
  status: string
  conflicts: number
  troubles: {kind: string; path: string; detail: string; remedy: string}[]
}

describe('keg sync: trouble', function () {
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

  it('keeps both sides of a conflict, tells of it path by path, and goes on once one side gave way', async () => {
    const {identifier} = await app.session()
    await bed.mutagen.run('sync', 'pause', identifier)
    await writeFile(local('notes/plan.txt'), 'planned here\n')
    await app.inside('echo "planned inside" > notes/plan.txt && echo "changed inside" > notes/other.txt')
    await bed.mutagen.run('sync', 'resume', identifier)
    await app.flush()

    expect(await readFile(local('notes/plan.txt'), 'utf8')).to.equal('planned here\n')
    expect(await app.inside('cat notes/plan.txt')).to.equal('planned inside')
    // All else goes on.
    expect(await readFile(local('notes/other.txt'), 'utf8')).to.equal('changed inside\n')

    const {conflicts, troubles} = await status()
    expect(conflicts).to.equal(1)
    expect(troubles.map(({kind, path}) => ({kind, path}))).to.deep.equal([{kind: 'conflict', path: 'notes/plan.txt'}])
    const told = await bed.keg(['sync', 'status', app.name])
    for (const text of ['notes/plan.txt', local('notes/plan.txt'), `${remote}/notes/plan.txt`, 'Delete or rename'])
      expect(told.stdout + told.stderr).to.include(text)

    await app.inside('rm notes/plan.txt')
    await app.flush()
    expect(await app.inside('cat notes/plan.txt')).to.equal('planned here')
    expect(await app.differences()).to.deep.equal([])
    expect(await status()).to.deep.include({conflicts: 0, troubles: [], status: 'watching'})
  })

  /** Empties one side, and expects that keg tells of it and lets nothing be lost on the other. */
  async function expectHalt(empty: () => Promise<unknown>, other: () => Promise<Tree>, side: string): Promise<void> {
    const before = await other()
    expect(before.size).to.equal(4)
    await empty()
    // Mutagen may say that the session halts, or end.
    await app.flush().catch(() => undefined)
    const {status: word, troubles} = await status()
    expect(word).to.equal('halted-on-root-emptied')
    expect(troubles.map(({kind}) => kind)).to.deep.equal(['halted'])
    expect(troubles[0]?.detail).to.include(side).and.include('nothing was deleted')
    const flushed = await bed.keg(['sync', 'flush', app.name])
    expect(flushed.code, flushed.stdout + flushed.stderr).to.equal(1)
    expect(flushed.stderr).to.include('emptied')
    expect(treeDifferences(before, await other())).to.deep.equal([])
    // What is to be typed is what the trouble says.
    const reset = /keg (sync reset \S+)/.exec(troubles[0]?.remedy ?? '')?.[1]?.replace(/\.$/, '')
    await bed.kegSucceeds([...(reset?.split(' ') ?? []), '--yes'])
    await app.flush()
    expect(await app.differences()).to.deep.equal([])
    expect(treeDifferences(before, await other())).to.deep.equal([])
    expect(await status()).to.deep.include({troubles: [], status: 'watching'})
  }

  it('halts when the folder in the container was emptied, loses nothing, and brings the files back by a reset', async () => {
    await expectHalt(
      async () => app.inside('rm -r ./*'),
      async () => treeOf(app.folder),
      'the container',
    )
  })

  it('halts when the folder of this machine was emptied, loses nothing, and brings the files back by a reset', async () => {
    const empty = async () => {
      await rm(local('notes'), {recursive: true})
      await rm(local('read.me'))
    }
    await expectHalt(empty, async () => treeIn(app.name, remote), 'the folder')
  })

  it('halts when the folder of this machine was deleted, and goes on once it is there again', async () => {
    const before = await treeIn(app.name, remote)
    await rm(app.folder, {recursive: true})
    await app.flush().catch(() => undefined)
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
