import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {expect} from 'chai'
import {ignoreMatcher} from '../../../../src/lib/git/ignore/ignore-matcher.js'
import {CHANGE} from '../../../../src/lib/engine/types.js'
import {ownChanges, type PathChange} from '../../../../src/lib/tap/containers/own-changes.js'

const added = (Path: string) => ({Path, Kind: CHANGE.added})
const changed = (Path: string) => ({Path, Kind: CHANGE.changed})
const deleted = (Path: string) => ({Path, Kind: CHANGE.deleted})

const IGNORES = ['node_modules', '*.sqlite3', 'vendor', '/data/']

interface Places {
  readonly mounts?: readonly string[]
  readonly provided?: readonly string[]
  readonly synced?: readonly string[]
}

/** @param synced folders in the container; each is the same as `here`, except what git ignores */
describe("a container's own changes", () => {
  let here: string

  before(async () => {
    here = await mkdtemp(join(tmpdir(), 'keg-own-changes-'))
    for (const path of ['index.js', 'both.sqlite3', 'composer.json', 'src/a.js']) {
      await mkdir(dirname(join(here, path)), {recursive: true})
      await writeFile(join(here, path), '')
    }
  })
  after(() => rm(here, {recursive: true}))

  const of = (changes: readonly PathChange[], {mounts = [], provided = [], synced = []}: Places = {}) =>
    ownChanges(changes, {
      mounts,
      provided,
      synced: synced.map((remote) => ({remote, local: here, isIgnored: ignoreMatcher(IGNORES, true), unsynced: []})),
      code: [],
    })
  const lost = async (changes: readonly PathChange[], places?: Places) => (await of(changes, places)).lost

  it('are the paths that would be lost with it, in order, folders only if none of their contents are listed', async () => {
    const changes = [
      changed('/usr'),
      changed('/usr/lib'),
      added('/usr/lib/b'),
      deleted('/etc/motd'),
      added('/opt/empty'),
    ]
    expect(await lost(changes, {mounts: [], synced: []})).to.deep.equal(['/etc/motd', '/opt/empty', '/usr/lib/b'])
  })

  it("do not include the local folder's synced files, or their parent folders", async () => {
    const changes = [changed('/srv'), changed('/srv/app'), changed('/srv/app/index.js'), added('/srv/application')]
    expect(await lost(changes, {mounts: [], synced: ['/srv/app']})).to.deep.equal(['/srv/application'])
    expect(await lost(changes.slice(0, 2), {mounts: [], synced: ['/srv/app']})).to.deep.equal([])
    expect(await lost(changes, {mounts: [], synced: []})).to.deep.equal(['/srv/app/index.js', '/srv/application'])
  })

  it('do not include mounts, whose mount points the engine creates', async () => {
    const changes = [added('/data'), added('/deep'), added('/deep/er'), added('/deep/er/volume')]
    expect(await lost(changes, {mounts: ['/data', '/deep/er/volume'], synced: []})).to.deep.equal([])
  })

  it('do not include what every container and session leaves behind', async () => {
    const paths = [
      '/etc/hosts',
      '/etc/resolv.conf',
      '/run/app.pid',
      '/tmp/x',
      '/var/log/app.log',
      '/root/.mutagen/agents/0.18.1/mutagen-agent',
      '/home/node/.npm/_logs/x.log',
      '/root/.ash_history',
    ]
    const parents = ['/etc', '/root', '/root/.mutagen', '/home', '/home/node', '/var', '/var/log'].map(changed)
    expect(await lost([...parents, ...paths.map(added)], {mounts: [], synced: []})).to.deep.equal([])
    expect(await lost([added('/etc/hosts.allow'), added('/tmpfile')], {mounts: [], synced: []})).to.have.length(2)
  })

  it('are what a sync ignores or has not transferred, whatever this machine has', async () => {
    const paths = ['index.js', 'src/a.js', 'both.sqlite3', 'new.js', 'data/x', '.git/HEAD', 'src/data/y']
    const changes = [...paths.map((path) => added(`/app/${path}`)), deleted('/app/gone.sqlite3'), changed('/app')]
    expect(await lost(changes, {synced: ['/app']})).to.deep.equal([
      '/app/.git/HEAD',
      '/app/both.sqlite3',
      '/app/data/x',
      '/app/new.js',
      '/app/src/data/y',
    ])
    const conflict = {remote: '/app', local: here, isIgnored: () => false, unsynced: ['/app/index.js']}
    const places = {mounts: [], provided: [], code: [], synced: [conflict]}
    expect(await ownChanges(changes.slice(0, 1), places)).to.deep.equal({lost: ['/app/index.js'], reproducible: []})
  })

  it('do not include what can be reproduced below the code, by the files beside it', async () => {
    const paths = ['node_modules/a/index.js', 'node_modules/b.js', 'vendor/x.php', 'sub/vendor/y.php', 'src/a.pyc']
    const changes = [...paths.map((path) => added(`/app/${path}`)), added('/usr/lib/node_modules/tool/x.js')]
    expect(await of(changes, {synced: ['/app']})).to.deep.equal({
      lost: ['/app/sub/vendor/y.php', '/usr/lib/node_modules/tool/x.js'],
      reproducible: ['/app/node_modules', '/app/src/a.pyc', '/app/vendor'],
    })
    const code = [{remote: '/app', local: here}]
    expect(await ownChanges(changes, {mounts: [], provided: [], synced: [], code})).to.deep.include({
      reproducible: ['/app/node_modules', '/app/src/a.pyc', '/app/vendor'],
    })
  })

  it('do not include files that compose wrote', async () => {
    expect(await lost([changed('/etc'), added('/etc/inline')], {provided: ['/etc/inline']})).to.deep.equal([])
  })
})
