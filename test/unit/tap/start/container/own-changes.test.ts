import {expect} from 'chai'
import {CHANGE} from '../../../../../src/lib/engine/types.js'
import {ownChanges} from '../../../../../src/lib/tap/start/container/own-changes.js'

const added = (Path: string) => ({Path, Kind: CHANGE.added})
const changed = (Path: string) => ({Path, Kind: CHANGE.changed})
const deleted = (Path: string) => ({Path, Kind: CHANGE.deleted})

describe("a container's changes of its own", () => {
  it('are the paths that would be lost with it, in order, folders only where nothing below them is named', () => {
    const changes = [
      changed('/usr'),
      changed('/usr/lib'),
      added('/usr/lib/b'),
      deleted('/etc/motd'),
      added('/opt/empty'),
    ]
    expect(ownChanges(changes, {mounts: [], synced: []})).to.deep.equal(['/etc/motd', '/opt/empty', '/usr/lib/b'])
  })

  it('are none in what is synced from the folder here, nor the folders on the way there', () => {
    const changes = [changed('/srv'), changed('/srv/app'), changed('/srv/app/index.js'), added('/srv/application')]
    expect(ownChanges(changes, {mounts: [], synced: ['/srv/app']})).to.deep.equal(['/srv/application'])
    expect(ownChanges(changes.slice(0, 2), {mounts: [], synced: ['/srv/app']})).to.deep.equal([])
    expect(ownChanges(changes, {mounts: [], synced: []})).to.deep.equal(['/srv/app/index.js', '/srv/application'])
  })

  it('are none in mounts, whose places the engine makes', () => {
    const changes = [added('/data'), added('/deep'), added('/deep/er'), added('/deep/er/volume')]
    expect(ownChanges(changes, {mounts: ['/data', '/deep/er/volume'], synced: []})).to.deep.equal([])
  })

  it('are none in what every container and every session leaves behind', () => {
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
    expect(ownChanges([...parents, ...paths.map(added)], {mounts: [], synced: []})).to.deep.equal([])
    expect(ownChanges([added('/etc/hosts.allow'), added('/tmpfile')], {mounts: [], synced: []})).to.have.length(2)
  })
})
