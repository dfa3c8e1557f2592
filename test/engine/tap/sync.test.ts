import {expect} from 'chai'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import {openTap, type OpenTap} from '../../../src/lib/tap/open-tap.js'
import {syncFolders, type SyncedFolder} from '../../../src/lib/tap/sync/sync-folders.js'
import {syncTap} from '../../../src/lib/tap/sync/sync-tap.js'
import type {CreateSyncResult} from '../../../src/lib/sync/create/create-result.js'
import {uniqueName} from '../../support/docker.js'
import {thrown} from '../../support/thrown.js'
import {writeFiles} from '../../support/tree.js'
import {APP, LabelledTaps, tapFiles, type LabelledTap} from './labelled-taps.js'

const MUTAGEN = `sync:
  shop:
    mode: one-way-safe
    ignore: {paths: [node_modules, cache]}
  core:
    mode: one-way-replica
actions:
  core:
    install: {location: /srv/core, cmds: [mkdir node_modules, cp main.txt node_modules/installed.txt]}
`

describe('the sync of a tap', function () {
  this.timeout(120_000)

  let bed: LabelledTaps
  let image: string

  before(async () => {
    bed = await LabelledTaps.start()
    const inApp = {'main.txt': 'image', 'gone.txt': 'image', 'node_modules/own.txt': 'image', 'cache/own.txt': 'image'}
    const inCore = {'main.txt': 'image', 'gone.txt': 'image'}
    image = await bed.sandbox.imageFromFiles(
      uniqueName('code'),
      [
        ...Object.entries(inApp).map(([path, content]) => ({path: `srv/app/${path}`, content})),
        ...Object.entries(inCore).map(([path, content]) => ({path: `srv/core/${path}`, content})),
      ],
      {from: bed.image},
    )
  })
  after(async () => bed.stop())
  beforeEach(() => {
    bed.said.length = 0
  })

  const open = async (tap: LabelledTap): Promise<OpenTap> =>
    openTap({name: tap.name, folder: tap.folder, environment: bed.environment})
  const syncFresh = async (tap: LabelledTap, container: string, isFresh = true): Promise<CreateSyncResult> => {
    const details = await bed.engine.container(container)
    if (details === undefined) throw new Error(`no ${container}`)
    const work = {engine: bed.engine, isFresh, troubles: 'tell', force: false} as const
    return syncTap({...bed.options(tap), ...work, opened: await open(tap), container: details})
  }
  const sync = async (
    tap: LabelledTap,
    dependencies: string[] = [],
    more: {dryRun?: boolean; local?: string; force?: boolean} = {},
  ): Promise<SyncedFolder[]> => {
    const {dryRun = false, force = false, local} = more
    const streams = {stdin: undefined, stdout: undefined, stderr: undefined}
    return syncFolders({...bed.options(tap), dependencies, local, remote: undefined, force, dryRun, streams})
  }
  /** The files where the code is, each with what it says, but for the tap's own. */
  const list = async (container: string, folder = APP): Promise<string[]> => {
    const script = `cd ${folder}; find . -type f ! -path './container/*' | sort | while read file; do echo "$file $(cat "$file")"; done`
    return (await bed.inside(container, script)).split('\n')
  }
  const sessionsOf = async (container: string): Promise<string[]> => {
    const id = (await bed.engine.container(container))?.Id
    const sessions = (await bed.mutagen.sessions()).filter(({beta}) => beta.host === id)
    return sessions.map(({name, paused}) => `${name ?? ''}${paused ? ' paused' : ''}`).sort()
  }

  it('makes the code of a fresh container that of the folder, keeps what is left out, and goes on in the wanted mode', async () => {
    const tap = await bed.tap({...tapFiles(MUTAGEN), 'main.txt': 'folder', 'new.txt': 'folder'})
    const container = await bed.container(tap, {image})
    const made = await syncFresh(tap, container)
    expect(made).to.include({created: true, mode: 'one-way-safe', name: container, folder: tap.folder, remote: APP})
    expect(made.ignores).to.include.members(['node_modules', 'cache'])
    expect(await list(container)).to.deep.equal([
      './cache/own.txt image',
      './main.txt folder',
      './new.txt folder',
      './node_modules/own.txt image',
    ])
    expect(await readFile(join(tap.folder, 'main.txt'), 'utf8')).to.equal('folder')
    expect(await sessionsOf(container)).to.deep.equal([container])

    await bed.mutagen.run('sync', 'pause', container)
    await writeFile(join(tap.folder, 'main.txt'), 'later')
    expect(await syncFresh(tap, container, false)).to.include({created: false, resumed: true, id: made.id})
    expect(await bed.inside(container, 'cat main.txt')).to.equal('later')
  })

  it('is made by keg tap sync: what nobody changed in the container gives way, what somebody did is kept', async () => {
    const tap = await bed.tap({...tapFiles(), 'main.txt': 'folder'})
    expect(await thrown(sync(tap))).to.include({code: 'tap-not-started'})
    const container = await bed.container(tap, {image})
    await bed.engine.stopContainer(container, 0)
    expect(await thrown(sync(tap))).to.include({code: 'container-stopped'})
    await bed.engine.startContainer(container)

    const [planned] = await sync(tap, [], {dryRun: true})
    expect(planned?.losses).to.deep.equal({deleted: ['cache', 'gone.txt'], overwritten: ['main.txt']})
    expect(await sessionsOf(container)).to.deep.equal([])
    const [synced] = await sync(tap)
    expect(synced).to.include({created: true, mode: 'two-way-safe', conflicts: 0, dependency: null})
    expect(await list(container)).to.deep.equal(['./main.txt folder', './node_modules/own.txt image'])

    const other = await bed.tap({...tapFiles(), 'main.txt': 'folder'})
    const changed = await bed.container(other, {image})
    await bed.inside(changed, 'echo mine > main.txt')
    expect(await thrown(sync(other))).to.include({code: 'sync-conflicts'})
    expect(await list(changed)).to.include.members(['./main.txt mine', './gone.txt image'])
    expect(bed.said).to.deep.equal([])
    await syncFresh(other, changed, false)
    expect(bed.said.join('\n')).to.match(/^Warning: The sync \S+ runs, but 1 path is different on both sides/)
  })

  it('is refused into a container of another branch, and pauses those of other branches, dependencies included', async () => {
    const tap = await bed.tap({...tapFiles(MUTAGEN), 'main.txt': 'folder'})
    const core = await bed.sandbox.temporaryFolder('core')
    await writeFiles(core, {'main.txt': 'core'})
    const container = await bed.container(tap, {image})
    await syncFresh(tap, container)
    await sync(tap, ['core'], {local: core})
    bed.git.git(tap.name, 'checkout', '--quiet', '-b', 'feature')
    const details = await open(tap)
    const main = await bed.engine.container(container)
    if (main === undefined) throw new Error('no container')
    const work = {...bed.options(tap), engine: bed.engine, isFresh: false, troubles: 'fail', force: false} as const
    expect(await thrown(syncTap({...work, opened: details, container: main}))).to.include({code: 'branch-guard'})

    const feature = await bed.container(tap, {image, branch: 'feature'})
    await syncFresh(tap, feature)
    expect(await sessionsOf(container)).to.deep.equal([`${container} paused`, `${container}-core paused`])
    expect(await sessionsOf(feature)).to.deep.equal([feature])

    bed.git.git(tap.name, 'checkout', '--quiet', 'main')
    await syncFresh(tap, container, false)
    expect(await sessionsOf(container)).to.deep.equal([container, `${container}-core`])
    expect(await sessionsOf(feature)).to.deep.equal([`${feature} paused`])
  })

  it('brings a dependency, whatever is checked out in its folder, runs its action, and follows to a container made anew', async () => {
    const tap = await bed.tap({...tapFiles(MUTAGEN), 'main.txt': 'folder'})
    const core = bed.git.repository(`${tap.name}-core`, 'other-branch')
    await writeFiles(core, {'main.txt': 'core'})
    await writeFiles(tap.folder, {
      'container/values-local.yml': `env:\n  DOC_THEME_PATH: /srv/theme\n  CORE_PATH: ${core}\n`,
    })
    const container = await bed.container(tap, {image})

    expect(await thrown(sync(tap, ['cor']))).to.include({
      code: 'dependency-unknown',
      hint: 'Did you mean core? It has: core, theme.',
    })
    expect(await thrown(sync(tap, ['core', 'theme']))).to.include({
      code: 'dependency-path-missing',
      message: 'Nobody says where the dependency theme is on this machine.',
    })
    expect(await thrown(sync(tap, ['core:instal']))).to.include({code: 'action-unknown'})
    expect(await thrown(sync(tap, ['core', 'theme'], {local: core}))).to.include({code: 'usage-invalid'})
    expect(await sessionsOf(container)).to.deep.equal([])

    await bed.inside(container, 'echo mine > /srv/core/own.txt')
    bed.said.length = 0
    // A replica that would take away what somebody made there asks.
    expect((await thrown(sync(tap, ['core']))).message).to.match(/^asked: .* delete 2 paths and overwrite 1 file/)
    await bed.inside(container, 'rm /srv/core/own.txt')
    const [synced] = await sync(tap, ['core:install'])
    expect(synced).to.include({dependency: 'core', mode: 'one-way-replica', name: `${container}-core`, branch: null})
    expect(synced?.actions).to.deep.equal(['core:install'])
    expect(await list(container, '/srv/core')).to.deep.equal([
      './file.txt first',
      './main.txt core',
      './node_modules/installed.txt core',
    ])

    await syncFresh(tap, container)
    await bed.engine.removeContainer(container, {force: true})
    await bed.container(tap, {image})
    await syncFresh(tap, container)
    expect(await sessionsOf(container)).to.deep.equal([container, `${container}-core`])
    expect(await list(container, '/srv/core')).to.deep.equal(['./file.txt first', './main.txt core'])
  })

  it('leaves no session behind when it is interrupted while the code is replaced, and is made whole the next time', async () => {
    const tap = await bed.tap({...tapFiles(), 'main.txt': 'folder'})
    const container = await bed.container(tap, {image})
    const details = await bed.engine.container(container)
    if (details === undefined) throw new Error('no container')
    const stop = new AbortController()
    const progress = ({note}: {note?: string}): void => {
      if (note !== 'connecting') stop.abort(new InterruptedError('SIGINT'))
    }
    const work = {engine: bed.engine, isFresh: true, troubles: 'tell', force: false} as const
    const options = {...bed.options(tap), ...work, opened: await open(tap), container: details}
    expect(await thrown(syncTap({...options, progress, signal: stop.signal}))).to.include({code: 'interrupted'})
    expect(await sessionsOf(container)).to.deep.equal([])
    await syncFresh(tap, container, false)
    expect(await list(container)).to.deep.equal(['./main.txt folder', './node_modules/own.txt image'])
    expect(bed.said).to.deep.equal([])
  })
})
