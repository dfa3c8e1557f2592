import {expect} from 'chai'
import {readFile, utimes, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import {lossesOf} from '../../../src/lib/tap/containers/container-losses.js'
import {openTap, type OpenTap} from '../../../src/lib/values/open-tap.js'
import {syncFolders, type SyncedFolder} from '../../../src/lib/tap/sync/sync-folders.js'
import {syncTap} from '../../../src/lib/tap/sync/sync-tap.js'
import type {CreateSyncResult} from '../../../src/lib/sync/create/create-result.js'
import {uniqueName} from '../../support/docker.js'
import {thrown} from '../../support/thrown.js'
import {writeFiles} from '../../support/tree.js'
import {APP, LabelledTaps, tapFiles, type LabelledTap} from './labelled-taps.js'
import type {Work} from '../../../src/lib/work/work.js'
import {call, testWork} from '../../support/work.js'

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

describe('the sync of a tap @containerd', function () {
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
    openTap({folder: tap.folder, environment: bed.environment}, {name: tap.name})
  const workOn = (tap: LabelledTap, parts: Partial<Work> = {}) =>
    testWork({...bed.options(tap), ...parts, engine: bed.engine})
  const syncFresh = async (tap: LabelledTap, container: string, isFresh = true): Promise<CreateSyncResult> => {
    const details = await bed.engine.container(container)
    if (details === undefined) throw new Error(`no ${container}`)
    const options = {isFresh, troubles: 'tell', force: false} as const
    return syncTap(workOn(tap), {...options, opened: await open(tap), container: details})
  }
  const sync = async (
    tap: LabelledTap,
    dependencies: string[] = [],
    more: {dryRun?: boolean; local?: string; force?: boolean} = {},
  ): Promise<SyncedFolder[]> => {
    const {dryRun = false, force = false, local} = more
    const streams = {stdin: undefined, stdout: undefined, stderr: undefined}
    return call(syncFolders, {...bed.options(tap), dependencies, local, remote: undefined, force, dryRun, streams})
  }
  /** The files in the folder of the code with their contents, except the tap's own. */
  const list = async (container: string, folder = APP): Promise<string[]> => {
    const script = `cd ${folder}; find . -type f ! -path './container/*' | sort | while read file; do echo "$file $(cat "$file")"; done`
    return (await bed.inside(container, script)).split('\n')
  }
  const sessionsOf = async (container: string): Promise<string[]> => {
    const id = (await bed.engine.container(container))?.Id
    const sessions = (await bed.mutagen.sessions()).filter(({beta}) => beta.host === id)
    return sessions.map(({name, paused}) => `${name ?? ''}${paused ? ' paused' : ''}`).sort()
  }

  it("replaces the code of a new container by the folder's, keeps ignored files, and continues in the requested mode", async () => {
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

    // Lost with the container: ignored files, and edits while nothing is synced.
    const losses = async () => {
      const details = await bed.engine.container(container)
      if (details === undefined) throw new Error(`${container} is gone`)
      const {engine, environment} = bed
      return lossesOf({engine, environment, signal: new AbortController().signal}, details, [])
    }
    await bed.inside(container, 'echo 1 >cache/data.sqlite3; mkdir node_modules/made; echo 1 >node_modules/made/x')
    const reproducible = [`${APP}/node_modules`]
    expect(await losses()).to.deep.equal({lost: [`${APP}/cache/data.sqlite3`], reproducible})
    await bed.mutagen.run('sync', 'pause', container)
    await bed.inside(container, 'echo edited >main.txt')
    await utimes(join(tap.folder, 'main.txt'), 0, 0)
    expect(await losses()).to.deep.equal({lost: [`${APP}/cache/data.sqlite3`, `${APP}/main.txt`], reproducible})
  })

  it('is created by keg tap sync: unchanged files in the container are replaced, changed ones are kept', async () => {
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
    const options = {isFresh: false, troubles: 'fail', force: false, opened: details, container: main} as const
    expect(await thrown(syncTap(workOn(tap), options))).to.include({code: 'branch-guard'})

    const feature = await bed.container(tap, {image, branch: 'feature'})
    await syncFresh(tap, feature)
    expect(await sessionsOf(container)).to.deep.equal([`${container} paused`, `${container}-core paused`])
    expect(await sessionsOf(feature)).to.deep.equal([feature])

    bed.git.git(tap.name, 'checkout', '--quiet', 'main')
    await syncFresh(tap, container, false)
    expect(await sessionsOf(container)).to.deep.equal([container, `${container}-core`])
    expect(await sessionsOf(feature)).to.deep.equal([`${feature} paused`])
  })

  it('syncs a dependency, whatever its folder has checked out, runs its action, and follows to a recreated container', async () => {
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
      message: 'It is not known where the dependency theme is on this machine.',
    })
    expect(await thrown(sync(tap, ['core:instal']))).to.include({code: 'action-unknown'})
    expect(await thrown(sync(tap, ['core', 'theme'], {local: core}))).to.include({code: 'usage-invalid'})
    expect(await sessionsOf(container)).to.deep.equal([])

    await bed.inside(container, 'echo mine > /srv/core/own.txt')
    bed.said.length = 0
    // A replica that would delete somebody's files asks.
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

  it('leaves no session when it is interrupted while the code is replaced, and completes the next time', async () => {
    const tap = await bed.tap({...tapFiles(), 'main.txt': 'folder'})
    const container = await bed.container(tap, {image})
    const details = await bed.engine.container(container)
    if (details === undefined) throw new Error('no container')
    const stop = new AbortController()
    const progress = ({note}: {note?: string}): void => {
      if (note !== 'connecting') stop.abort(new InterruptedError('SIGINT'))
    }
    const options = {
      isFresh: true,
      troubles: 'tell',
      force: false,
      opened: await open(tap),
      container: details,
    } as const
    const work = workOn(tap, {progress, signal: stop.signal})
    expect(await thrown(syncTap(work, options))).to.include({code: 'interrupted'})
    expect(await sessionsOf(container)).to.deep.equal([])
    await syncFresh(tap, container, false)
    expect(await list(container)).to.deep.equal(['./main.txt folder', './node_modules/own.txt image'])
    expect(bed.said).to.deep.equal([])
  })
})
