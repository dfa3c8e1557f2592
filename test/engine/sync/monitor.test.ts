import {expect} from 'chai'
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'

import {startKeg, type RunningKeg} from '../../support/keg.js'
import {SyncBed, type SyncedContainer} from './synced-container.js'

describe('keg sync monitor @classic', function () {
  this.timeout(120_000)
  let bed: SyncBed
  let app: SyncedContainer
  let running: RunningKeg | undefined

  before(async () => {
    bed = await SyncBed.start()
    app = await bed.container({'src/deep/down/file.txt': 'first\n', 'notes.txt': 'first\n'})
    // Without Mutagen's own watching, only a flush syncs anything.
    await bed.kegSucceeds([...app.createLine, '--watch-mode', 'no-watch'])
  })
  afterEach(async () => {
    running?.kill('SIGKILL')
    await running?.ended
    running = undefined
  })
  after(async () => bed.stop())

  const monitor = async (...parameters: string[]): Promise<RunningKeg> => {
    running = await startKeg(['sync', 'monitor', app.name, ...parameters], {env: bed.mutagen.environment})
    return running
  }
  const watched = /"event":"watched"/

  it('syncs an edit that nothing else would', async () => {
    const {ended, kill, said} = await monitor('--json')
    await said(watched, 'stdout')
    await writeFile(join(app.folder, 'src/deep/down/file.txt'), 'second\n')
    await mkdir(join(app.folder, 'src/new/folder'), {recursive: true})
    await writeFile(join(app.folder, 'src/new/folder/file.txt'), 'new\n')
    await app.inside('until cat src/new/folder/file.txt && grep second src/deep/down/file.txt; do sleep 0.1; done')
    // A sync is reported once Mutagen reports it.
    await said(/"event":"flushed"[^\n]*"src\/deep\/down\/file\.txt"/, 'stdout')
    await said(/"event":"flushed"[^\n]*"src\/new"/, 'stdout')
    kill('SIGINT')
    const {code, leftovers, stdout} = await ended
    expect({code, leftovers}).to.deep.equal({code: 0, leftovers: []})
    const {identifier} = await app.session()
    const lines = stdout.trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events[0]).to.include({event: 'state', id: identifier})
    expect(events[0]?.sync).to.include({id: identifier, folder: app.folder})
    expect(events.at(-1)).to.deep.equal({syncs: 1})
    const edits = events.flatMap(({event, paths}) => (event === 'flushed' ? (paths as string[]) : []))
    expect(edits).to.include.members(['src/deep/down/file.txt', 'src/new'])
    await untilNoMonitor(bed)
  })

  it('reports a conflict by its path, and its end', async () => {
    await app.inside('echo inside > notes.txt')
    await writeFile(join(app.folder, 'notes.txt'), 'outside\n')
    const {ended, kill, said} = await monitor()
    await said(/: conflict notes\.txt: changed in the folder, changed in the container/, 'stdout')
    await rm(join(app.folder, 'notes.txt'))
    await said(/no longer: conflict notes\.txt/, 'stdout')
    await writeFile(join(app.folder, 'src/shown.txt'), 'shown\n')
    await said(/: synced .*src\/shown\.txt.* in \d+ ms/, 'stdout')
    kill('SIGTERM')
    expect((await ended).code).to.equal(143)
    expect(await readFile(join(app.folder, 'notes.txt'), 'utf8')).to.equal('inside\n')
  })

  it('exits when nobody reads its output any more', async () => {
    const {closeOutput, ended, said} = await monitor()
    await said(/: watching /, 'stdout')
    closeOutput()
    await writeFile(join(app.folder, 'notes.txt'), 'nobody reads of this\n')
    expect(await ended).to.include({code: 141, stderr: ''})
    await untilNoMonitor(bed)
  })

  it('survives a killed Mutagen daemon, adds new syncs of the folder, and exits when all are terminated', async () => {
    const {ended, said} = await monitor('--json')
    await said(watched, 'stdout')
    const [{identifier}, other] = [await app.session(), await bed.sandbox.temporaryFolder('other')]
    await bed.mutagen.killDaemon()
    const own = ['--label=com.keg.sync=1', '--name=other', '--watch-mode=no-watch', '--no-global-configuration']
    await bed.mutagen.run('sync', 'create', ...own, app.folder, other)
    await said(/"name":"other","event":"flushed"/, 'stdout')
    expect(await readFile(join(other, 'src/deep/down/file.txt'), 'utf8')).to.equal('second\n')
    await bed.mutagen.run('sync', 'terminate', identifier)
    await said(/"event":"ended"/, 'stdout')
    await bed.mutagen.run('sync', 'terminate', 'other')
    const {code, stdout} = await ended
    expect(code).to.equal(0)
    const lines = stdout.trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events.filter(({event}) => event === 'ended').map(({name}) => name)).to.deep.equal([app.name, 'other'])
    expect(events.at(-1)).to.deep.equal({syncs: 1})
  })

  it('fails if there is nothing to monitor', async () => {
    const {code, stdout} = await bed.keg(['sync', 'monitor', '--json'])
    expect({code, ...JSON.parse(stdout)})
      .to.deep.include({code: 2})
      .and.nested.include({'error.code': 'sync-missing'})
  })
})

/** Waits until the programs that a keg started, and that end after it, are gone. */
async function untilNoMonitor(bed: SyncBed): Promise<void> {
  const deadline = Date.now() + 20_000
  for (let left = await monitorsOf(bed); left.length > 0; left = await monitorsOf(bed)) {
    if (Date.now() > deadline) throw new Error(`left: ${left.join('\n')}`)
    await sleep(50)
  }
}

/** Command lines of programs that monitor this daemon's sessions. */
async function monitorsOf(bed: SyncBed): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const texts = await Promise.all(
    ids.map(async (id) => {
      const read = async (file: string): Promise<string> => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')
      const [line, environment] = [await read('cmdline'), await read('environ')]
      return environment.includes(bed.mutagen.environment.MUTAGEN_DATA_DIRECTORY) ? line : ''
    }),
  )
  return texts.filter((line) => line.includes('\0monitor\0'))
}
