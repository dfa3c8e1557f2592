import {expect} from 'chai'
import {once} from 'node:events'
import {mkdir, writeFile} from 'node:fs/promises'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {GO_MODE, type MountPoint, type PathStat} from '../../../../src/lib/engine/types.js'
import {findMountSockets, notCarriedText} from '../../../../src/lib/package/capture/mount-sockets.js'
import {ownTemporaryFolder} from '../temporary-folder.js'

const {signal} = new AbortController()

function mountOf(destination: string, source: string): MountPoint {
  return {Type: 'bind', Source: source, Destination: destination, RW: true}
}

/** A reader of a mount in which the engine sees sockets at these paths. */
function readerOf(...sockets: readonly string[]) {
  const stat = (path: string): Promise<PathStat | undefined> => {
    const mode = sockets.includes(path) ? GO_MODE.socket : 0o644
    return Promise.resolve({name: path, size: 0, mode, mtime: '', linkTarget: ''})
  }
  return {stat}
}

describe('sockets in mounts', () => {
  const folder = ownTemporaryFolder()

  async function withSockets<Result>(paths: readonly string[], use: () => Promise<Result>): Promise<Result> {
    const servers = await Promise.all(
      paths.map(async (path) => {
        const server = createServer().listen(join(folder.path, path))
        await once(server, 'listening')
        return server
      }),
    )
    try {
      return await use()
    } finally {
      for (const server of servers) server.close()
    }
  }

  it('are found in a mount on this machine, with their paths in the container', async () => {
    await mkdir(join(folder.path, 'run'))
    await writeFile(join(folder.path, 'file'), 'no socket')
    const mounts = [{destination: '/data', reader: readerOf('/m/a.sock', '/m/run/b.sock')}]
    const container = {Mounts: [mountOf('/data/', folder.path)]}
    const found = await withSockets(['a.sock', 'run/b.sock'], () => findMountSockets(container, mounts, signal))
    expect(found.sort()).to.deep.equal(['/data/a.sock', '/data/run/b.sock'])
  })

  it('are ignored if the engine does not see them: it is on another machine', async () => {
    const mounts = [{destination: '/data', reader: readerOf()}]
    const container = {Mounts: [mountOf('/data', folder.path)]}
    expect(await withSockets(['a.sock'], () => findMountSockets(container, mounts, signal))).to.deep.equal([])
  })

  it('are ignored below another mount', async () => {
    await mkdir(join(folder.path, 'inner'))
    const mounts = [
      {destination: '/data', reader: readerOf('/m/inner/a.sock')},
      {destination: '/data/inner', reader: readerOf()},
    ]
    const container = {Mounts: [mountOf('/data', folder.path), mountOf('/data/inner', join(folder.path, 'none'))]}
    expect(await withSockets(['inner/a.sock'], () => findMountSockets(container, mounts, signal))).to.deep.equal([])
  })

  it('are not found in an unreadable mount', async () => {
    const mounts = [{destination: '/data', reader: readerOf('/m/a.sock')}]
    const container = {Mounts: [mountOf('/data', join(folder.path, 'nowhere'))]}
    expect(await findMountSockets(container, mounts, signal)).to.deep.equal([])
  })

  it('are reported as not in the package, the first of them by name', () => {
    expect(notCarriedText(['/a', '/b'])).to.include('Not in the package: /a, /b.')
    expect(notCarriedText(['/a', '/b', '/c', '/d', '/e', '/f', '/g'])).to.include('/e and 2 more.')
  })
})
