import {expect} from 'chai'
import {runSettingsOf} from '../../../../src/lib/package/image/run-settings.js'
import {containerWith} from '../details.js'

describe('run settings of a container', () => {
  it("are nothing where all is docker's default, as engines write it", () => {
    expect(runSettingsOf(containerWith())).to.deep.equal({})
    const host = {
      CapAdd: null,
      CapDrop: [],
      GroupAdd: null,
      Init: null,
      Privileged: false,
      ReadonlyRootfs: false,
      ShmSize: 67_108_864,
      Tmpfs: {},
      Ulimits: [],
      PortBindings: {},
      NetworkMode: 'host',
      Binds: ['/secret:/x'],
    }
    expect(runSettingsOf(containerWith({Tty: false}, host))).to.deep.equal({})
    expect(runSettingsOf(containerWith({}, {...host, Init: false, ShmSize: 0, PortBindings: null}))).to.deep.equal({})
  })

  it('are all that a reviewer may have to give', () => {
    const host = {
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['ALL'],
      GroupAdd: ['audio'],
      Init: true,
      Privileged: true,
      ReadonlyRootfs: true,
      ShmSize: 1024,
      Tmpfs: {'/run': 'size=64m'},
      Ulimits: [{Name: 'nofile', Soft: 1, Hard: 2}],
      PortBindings: {'9000/udp': null, '80/tcp': [{HostIp: '127.0.0.1', HostPort: '8080'}]},
    }
    expect(runSettingsOf(containerWith({Tty: true}, host))).to.deep.equal({
      capAdd: ['NET_ADMIN'],
      capDrop: ['ALL'],
      groupAdd: ['audio'],
      init: true,
      privileged: true,
      readOnly: true,
      shmSize: 1024,
      tmpfs: {'/run': 'size=64m'},
      ulimits: [{name: 'nofile', soft: 1, hard: 2}],
      ports: ['80/tcp', '9000/udp'],
      tty: true,
    })
  })

  it('have a tmpfs of --mount as one of --tmpfs', () => {
    const Mounts = [
      {Type: 'tmpfs', Target: '/plain'},
      {Type: 'tmpfs', Target: '/sized', TmpfsOptions: {SizeBytes: 1_048_576, Mode: 0o1770}},
      {Type: 'volume', Source: 'named', Target: '/volume'},
    ]
    expect(runSettingsOf(containerWith({}, {Mounts, Tmpfs: {'/run': 'size=64m'}}))).to.deep.equal({
      tmpfs: {'/plain': '', '/run': 'size=64m', '/sized': 'size=1048576,mode=1770'},
    })
  })

  it('never say which port or address of the host it was', () => {
    const ports = {'80/tcp': [{HostIp: '10.1.2.3', HostPort: '8080'}]}
    expect(JSON.stringify(runSettingsOf(containerWith({}, {PortBindings: ports})))).to.not.match(/8080|10\.1/)
  })
})
