import {expect} from 'chai'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {KegError} from '../../../../src/lib/error/keg-error.js'
import {execUser, type ContainerUser, type UserDatabase} from '../../../../src/lib/sync/create/container-user.js'
import {
  remotePermissions,
  type PermissionOptions,
  type RemoteRoot,
} from '../../../../src/lib/sync/create/remote-permissions.js'
import {exampleContainer} from '../example-container.js'

const database: UserDatabase = {
  users: [
    {name: 'root', uid: 0, gid: 0, home: '/root'},
    {name: 'node', uid: 1000, gid: 1000, home: '/home/node'},
    {name: '33', uid: 70, gid: 71, home: '/'},
  ],
  groups: [
    {name: 'root', gid: 0, members: []},
    {name: 'node', gid: 1000, members: []},
    {name: 'editor', gid: 65753, members: ['other', 'node']},
  ],
}

describe('user of a container', () => {
  function user(User: string, HostConfig: ContainerDetails['HostConfig'] = {}, Env: string[] = []): ContainerUser {
    return execUser({...exampleContainer, Config: {...exampleContainer.Config, User, Env}, HostConfig}, database)
  }

  it('is the one that the engine runs programs as', () => {
    const root = {uid: 0, gid: 0, name: 'root', home: '/root', groups: [0]}
    const node = {uid: 1000, gid: 1000, name: 'node', home: '/home/node', groups: [1000, 65753]}
    expect(user('')).to.deep.equal(root)
    expect(user('0')).to.deep.equal(root)
    expect(user('node')).to.deep.equal(node)
    expect(user('1000')).to.deep.equal(node)
    expect(user('node:editor')).to.deep.include({gid: 65753, groups: [65753]})
    expect(user('node:7')).to.deep.include({gid: 7, groups: [7]})
    expect(user('4242')).to.deep.equal({uid: 4242, gid: 0, name: undefined, home: '/', groups: [0]})
    expect(user('33')).to.include({uid: 70, gid: 71})
    expect(user('node', {GroupAdd: ['44', 'editor']}).groups).to.deep.equal([1000, 65753, 44])
    expect(user('node', {}, ['HOME=/app'])).to.include({home: '/app'})
  })
})

describe('owner and modes in a container', () => {
  const root: ContainerUser = {uid: 0, gid: 0, groups: [0], name: 'root', home: '/root'}
  const node: ContainerUser = {uid: 1000, gid: 1000, groups: [1000, 65753], name: 'node', home: '/home/node'}
  const noWishes: PermissionOptions = {
    owner: undefined,
    group: undefined,
    fileMode: undefined,
    directoryMode: undefined,
  }

  function permissions(user: ContainerUser, folder: RemoteRoot | undefined, wishes: Partial<PermissionOptions> = {}) {
    const facts = {container: exampleContainer, user, database, path: '/app', root: folder}
    return remotePermissions(facts, {...noWishes, ...wishes})
  }

  function code(user: ContainerUser, folder: RemoteRoot | undefined, wishes: Partial<PermissionOptions> = {}): unknown {
    try {
      permissions(user, folder, wishes)
    } catch (error) {
      if (error instanceof KegError) return [error.code, error.exitCode]
      throw error
    }
    return []
  }

  it('come from the folder, if it exists', () => {
    const usual = {fileMode: 0o644, directoryMode: 0o755}
    expect(permissions(root, {uid: 0, gid: 0, mode: 0o755})).to.deep.equal({
      owner: undefined,
      group: undefined,
      ...usual,
    })
    expect(permissions(root, {uid: 33, gid: 44, mode: 0o2770})).to.deep.equal({
      owner: 'id:33',
      group: 'id:44',
      fileMode: 0o660,
      directoryMode: 0o770,
    })
    expect(permissions(root, {uid: 0, gid: 0, mode: 0o1555})).to.include({fileMode: 0o644, directoryMode: 0o755})
    expect(permissions(node, {uid: 1000, gid: 1000, mode: 0o700})).to.deep.equal({
      owner: undefined,
      group: undefined,
      fileMode: 0o600,
      directoryMode: 0o700,
    })
    expect(permissions(node, {uid: 0, gid: 65753, mode: 0o775})).to.include({owner: undefined, group: 'id:65753'})
    expect(permissions(node, {uid: 0, gid: 7, mode: 0o777})).to.include({owner: undefined, group: undefined})
  })

  it('come from the container’s user, if the folder does not exist yet', () => {
    const usual = {owner: undefined, group: undefined, fileMode: 0o644, directoryMode: 0o755}
    expect(permissions(root, undefined)).to.deep.equal(usual)
    expect(permissions(node, undefined)).to.deep.equal(usual)
  })

  it('come from the options', () => {
    expect(permissions(root, undefined, {owner: 'node', group: 'editor'})).to.deep.equal({
      owner: 'id:1000',
      group: 'id:65753',
      fileMode: 0o664,
      directoryMode: 0o775,
    })
    const modes = {group: 'id:65753', fileMode: '0640', directoryMode: '750'}
    expect(permissions(node, {uid: 1000, gid: 1000, mode: 0o755}, modes)).to.deep.equal({
      owner: undefined,
      group: 'id:65753',
      fileMode: 0o640,
      directoryMode: 0o750,
    })
    expect(permissions(root, {uid: 33, gid: 33, mode: 0o755}, {owner: '0', group: '0'})).to.include({
      owner: undefined,
      group: undefined,
    })
  })

  it('are refused if they are impossible', () => {
    expect(code(root, undefined, {owner: 'nobody'})).to.deep.equal(['owner-unknown', 2])
    expect(code(root, undefined, {group: 'nobody'})).to.deep.equal(['owner-unknown', 2])
    for (const fileMode of ['0755', '9', '', '0', '1644', 'rw-r--r--'])
      expect(code(root, undefined, {fileMode}), fileMode).to.deep.equal(['mode-invalid', 2])
    expect(code(root, undefined, {directoryMode: '2755'})).to.deep.equal(['mode-invalid', 2])
    expect(code(node, undefined, {owner: 'root'})).to.deep.equal(['sync-owner-denied', 1])
    expect(code(node, undefined, {group: '44'})).to.deep.equal(['sync-owner-denied', 1])
    expect(code(node, undefined, {owner: 'node', group: 'node'})).to.deep.equal([])
    expect(code(node, {uid: 0, gid: 0, mode: 0o755})).to.deep.equal(['sync-remote-unwritable', 1])
    expect(code(node, {uid: 1000, gid: 1000, mode: 0o577})).to.deep.equal(['sync-remote-unwritable', 1])
    expect(code(node, {uid: 0, gid: 65753, mode: 0o2705})).to.deep.equal(['sync-remote-unwritable', 1])
  })
})
