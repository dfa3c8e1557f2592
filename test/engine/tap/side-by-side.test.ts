import {expect} from 'chai'
import {rename} from 'node:fs/promises'

import {docker} from '../../support/docker.js'
import {idlingTap, storedTap} from '../../support/tap-shapes.js'
import {editPage, page, TapBed, type LinkedTap, type StartedTap} from '../../support/taps.js'

describe('keg taps side by side @containerd', function () {
  this.timeout(180_000)
  let bed: TapBed
  let shop: LinkedTap
  let board: LinkedTap
  /** The shop's second folder, on another branch. */
  let worktree: string
  let linked: string[]
  let started: {main: StartedTap; branch: StartedTap; board: StartedTap}

  before(async () => {
    bed = await TapBed.start()
    shop = await bed.tap(idlingTap)
    board = await bed.tap(storedTap)
    linked = await bed.present()
    worktree = bed.worktree(shop, 'feature/Search')
    await editPage(worktree, 'A shop with a search.\n')
  })
  after(async () => bed.stop())

  /** The labels of a container. */
  async function labelsOf(container: string): Promise<Record<string, string>> {
    return JSON.parse(await docker(['inspect', '--format', '{{json .Config.Labels}}', container])) as Record<
      string,
      string
    >
  }

  it('starts two taps, and one of them in two worktrees on two branches, all at the same time', async () => {
    const [main, branch, other] = await Promise.all([
      bed.startTap(shop),
      bed.startTap(shop, [], {cwd: worktree}),
      bed.startTap(board),
    ])
    started = {main, branch, board: other}
    expect(await page(main.url)).to.equal('A shop.\n')
    expect(await page(branch.url)).to.equal('A shop with a search.\n')
    expect(await page(other.url)).to.equal('A board.\n')
  })

  it('gives each folder and branch a separate container, port and sync', async () => {
    const all = Object.values(started)
    expect(new Set(all.map(({container}) => container)).size).to.equal(3)
    expect(new Set(all.map(({url}) => url)).size).to.equal(3)
    for (const {url} of all) expect(url).to.match(/^http:\/\/127\.0\.0\.1:\d+\/?$/)
    expect(await labelsOf(started.main.container)).to.include({
      'com.keg.tap': shop.name,
      'com.keg.folder': shop.folder,
      'com.keg.branch': 'main',
      'com.keg.role': 'dev',
      'com.keg.tap.main': 'true',
    })
    expect(await labelsOf(started.branch.container)).to.include({
      'com.keg.tap': shop.name,
      'com.keg.folder': worktree,
      'com.keg.branch': 'feature/Search',
    })
    expect(await bed.containers('{{.Names}}', `label=com.keg.tap=${board.name}`)).to.have.length(2)
    for (const [folder, {container}] of [
      [shop.folder, started.main],
      [worktree, started.branch],
      [board.folder, started.board],
    ] as const) {
      const sessions = await bed.sessionsOf(folder)
      expect(sessions.map(({beta, paused}) => ({host: beta.host, paused}))).to.deep.equal([
        {host: container, paused: false},
      ])
    }
  })

  it('syncs an edit only to the container of its own folder', async () => {
    await editPage(worktree, 'A shop with a better search.\n')
    await bed.flush(worktree)
    await bed.flush(shop.folder)
    expect(await page(started.branch.url)).to.equal('A shop with a better search.\n')
    expect(await page(started.main.url)).to.equal('A shop.\n')
  })

  it('changes nothing when a running tap is started', async () => {
    const before = await bed.present()
    const runs = await docker(['inspect', '--format', '{{.State.StartedAt}}', started.main.container])
    const again = await bed.startTap(shop)
    expect(again.container).to.equal(started.main.container)
    expect(again.url).to.equal(started.main.url)
    expect(await docker(['inspect', '--format', '{{.State.StartedAt}}', again.container])).to.equal(runs)
    expect(await bed.present()).to.deep.equal(before)
    expect(await page(again.url)).to.equal('A shop.\n')
  })

  it('stops and restarts the tap of one folder only', async () => {
    await bed.kegSucceeds(['tap', 'stop'], {cwd: worktree})
    const states = await bed.containers('{{.ID}} {{.State}}')
    const state = ({container}: StartedTap) => states.find((row) => container.startsWith(row.split(' ')[0] ?? ''))
    expect(state(started.branch)).to.match(/ exited$/)
    expect(state(started.main)).to.match(/ running$/)
    expect(state(started.board)).to.match(/ running$/)
    expect((await bed.sessionsOf(worktree)).map(({paused}) => paused)).to.deep.equal([true])
    expect((await bed.sessionsOf(shop.folder)).map(({paused}) => paused)).to.deep.equal([false])

    await editPage(worktree, 'A shop that was edited while it stood.\n')
    const again = await bed.startTap(shop, [], {cwd: worktree})
    expect(again.container).to.equal(started.branch.container)
    expect(await page(again.url)).to.equal('A shop that was edited while it stood.\n')
    expect(await page(started.main.url)).to.equal('A shop.\n')
  })

  it('pauses the sync of a folder when another branch is checked out and started', async () => {
    bed.git.git(shop.name, 'switch', '--quiet', '--create', 'colours')
    await editPage(shop.folder, 'A shop in colours.\n')
    const colours = await bed.startTap(shop)
    expect(colours.container).not.to.equal(started.main.container)
    await editPage(shop.folder, 'A shop in bright colours.\n')
    await bed.flush(shop.folder)
    expect(await page(colours.url)).to.equal('A shop in bright colours.\n')
    expect(await page(started.main.url))
      .to.match(/^A shop\b/)
      .and.not.to.include('bright')
    const sessions = await bed.sessionsOf(shop.folder)
    expect(sessions.map(({beta, paused}) => ({host: beta.host, paused}))).to.have.deep.members([
      {host: started.main.container, paused: true},
      {host: colours.container, paused: false},
    ])
  })

  it('destroys the tap of one folder only, also if the folder is gone, and in the end leaves nothing', async () => {
    await bed.kegSucceeds(['tap', 'destroy', '--yes'], {cwd: worktree})
    expect(await bed.sessionsOf(worktree)).to.deep.equal([])
    expect(await bed.containers('{{.Names}}', `label=com.keg.folder=${worktree}`)).to.deep.equal([])
    expect(await page(started.main.url)).to.match(/^A shop\b/)
    expect(await page(started.board.url)).to.equal('A board.\n')

    await rename(board.folder, `${board.folder}-gone`)
    await bed.kegSucceeds([board.name, 'destroy', '--yes', '--volumes'])
    expect(await bed.containers('{{.Names}}', `label=com.keg.tap=${board.name}`)).to.deep.equal([])
    expect(await page(started.main.url)).to.match(/^A shop\b/)

    await bed.kegSucceeds([shop.name, 'destroy', '--yes', '--all'])
    expect(await bed.present()).to.deep.equal(linked)
  })
})
