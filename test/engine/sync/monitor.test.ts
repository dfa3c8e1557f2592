import {expect} from 'chai'
import {mkdir, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {startKeg, type RunningKeg} from '../../support/keg.js'
import {SyncBed, type SyncedContainer} from './synced-container.js'

describe('keg sync monitor', function () {
  this.timeout(60_000)
  let bed: SyncBed
  let app: SyncedContainer
  let running: RunningKeg | undefined

  before(async () => {
    bed = await SyncBed.start()
    app = await bed.container({'src/deep/down/file.txt': 'first\n', 'notes.txt': 'first\n'})
    // Without any watching of Mutagen's own nothing comes over but by a flush.
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

  it('brings an edit over that nothing else would', async () => {
    const {ended, kill, said} = await monitor('--json')
    await said(watched, 'stdout')
    await writeFile(join(app.folder, 'src/deep/down/file.txt'), 'second\n')
    await mkdir(join(app.folder, 'src/new/folder'), {recursive: true})
    await writeFile(join(app.folder, 'src/new/folder/file.txt'), 'new\n')
    await app.inside('until cat src/new/folder/file.txt && grep second src/deep/down/file.txt; do sleep 0.1; done')
    kill('SIGINT')
    const {code, leftovers, stdout} = await ended
    expect({code, leftovers}).to.deep.equal({code: 130, leftovers: []})
    const {identifier} = await app.session()
    const lines = stdout.trimEnd().split('\n')
    const events = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(events[0]).to.include({event: 'state', id: identifier})
    expect(events[0]?.sync).to.include({id: identifier, folder: app.folder})
    expect(events.at(-1)?.error).to.include({code: 'interrupted', exitCode: 130})
    expect(await monitorsOf(bed), 'processes left').to.deep.equal([])
  })

  it('tells of a conflict by its path, and when it is no more', async () => {
    await app.inside('echo inside > notes.txt')
    await writeFile(join(app.folder, 'notes.txt'), 'outside\n')
    const {ended, kill, said} = await monitor()
    await said(/: conflict notes\.txt: changed in the folder, changed in the container/, 'stdout')
    await rm(join(app.folder, 'notes.txt'))
    await said(/no longer: conflict notes\.txt/, 'stdout')
    kill('SIGTERM')
    expect((await ended).code).to.equal(143)
    expect(await readFile(join(app.folder, 'notes.txt'), 'utf8')).to.equal('inside\n')
  })

  it('goes on when the daemon of Mutagen was killed, stays with new syncs of the folder, and ends when all are ended', async () => {
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

  it('fails where nothing is to be monitored', async () => {
    const {code, stdout} = await bed.keg(['sync', 'monitor', '--json'])
    expect({code, ...JSON.parse(stdout)})
      .to.deep.include({code: 2})
      .and.nested.include({'error.code': 'sync-missing'})
  })
})

/** Command lines of programs that ask this daemon what becomes of its sessions. */
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
