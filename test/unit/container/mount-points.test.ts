import {expect} from 'chai'
import {engineFiles, mountPath, mountPoints} from '../../../src/lib/container/mount-points.js'
import type {HostConfig, MountPoint} from '../../../src/lib/engine/types.js'

const bindAt = (Destination: string): MountPoint => ({
  Type: 'bind',
  Source: `/host${Destination}`,
  Destination,
  RW: true,
})

function pathsOf(destinations: readonly string[], HostConfig: HostConfig = {}): string[] {
  return mountPoints({HostConfig, Mounts: destinations.map(bindAt)}).map(({Destination}) => Destination)
}

describe('mounts of a container', () => {
  const paths: [given: string, path: string][] = [
    ['/data', '/data'],
    ['/data/', '/data'],
    ['data', '/data'],
    ['./data', '/data'],
    ['/srv//app/./x/../data//', '/srv/app/data'],
    ['/../data', '/data'],
    ['/a b/ä', '/a b/ä'],
    ['/', '/'],
  ]
  for (const [given, path] of paths)
    it(`have the path ${path} if they are given as ${JSON.stringify(given)}`, () =>
      expect(mountPath(given)).to.equal(path))

  it('are in the order in which engines mount them: by depth, however they are given', () => {
    expect(pathsOf(['/a/b/c', '/z', '/a/b', '/b/./x', '/a'])).to.deep.equal(['/z', '/a', '/a/b', '/b/x', '/a/b/c'])
  })

  it('have one without a leading slash first: another at the same path is mounted over it', () => {
    const mounts = mountPoints({HostConfig: {}, Mounts: [bindAt('/data'), bindAt('data')]})
    expect(mounts.map(({Source}) => Source)).to.deep.equal(['/hostdata', '/host/data'])
  })

  it('include tmpfs mounts, after others of the same depth', () => {
    const inMemory = {Tmpfs: {'/tmp//x/': 'size=1m', '/run': ''}}
    expect(pathsOf(['/data', '/srv/app'], inMemory)).to.deep.equal(['/data', '/run', '/srv/app', '/tmp/x'])
  })

  it('replace the engine’s own files at the same path', () => {
    const mounts = {HostConfig: {}, Mounts: [bindAt('/etc/hosts'), bindAt('/etc')]}
    expect(engineFiles(mounts)).to.deep.equal(['/etc/resolv.conf', '/etc/hostname'])
  })
})
