import {expect} from 'chai'
import type {HostConfig} from '../../../src/lib/engine/types.js'
import {runSettingsOf} from '../../../src/lib/image/container-settings.js'
import {isRunSettings} from '../../../src/lib/image/run-settings.js'
import {containerWith} from '../package/details.js'

describe('run settings of a container', () => {
  it("are empty if all is docker's default, as engines write it", () => {
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
      NetworkMode: 'bridge',
      Binds: ['/secret:/x'],
      CgroupnsMode: 'host',
      DeviceRequests: null,
      Devices: [],
      Dns: [],
      ExtraHosts: null,
      IpcMode: 'private',
      LogConfig: {Type: 'json-file'},
      MaskedPaths: ['/proc/kcore'],
      Memory: 0,
      NanoCpus: 0,
      OomKillDisable: false,
      OomScoreAdj: 0,
      PidMode: '',
      PidsLimit: null,
      RestartPolicy: {Name: 'no', MaximumRetryCount: 0},
      Runtime: 'runc',
      SecurityOpt: null,
      UTSMode: '',
      UsernsMode: '',
    }
    expect(runSettingsOf(containerWith({Tty: false}, host))).to.deep.equal({})
    const engine = {LoggingDriver: 'local', DefaultRuntime: 'nvidia', CgroupVersion: '2'}
    const asEngine = {...host, LogConfig: {Type: 'local'}, Runtime: 'nvidia', CgroupnsMode: 'private', PidsLimit: -1}
    expect(runSettingsOf(containerWith({}, asEngine), engine)).to.deep.equal({})
    expect(runSettingsOf(containerWith({}, {...host, Init: false, ShmSize: 0, PortBindings: null}))).to.deep.equal({})
  })

  it('are all that a reviewer may need', () => {
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

  it('have a tmpfs of --mount like one of --tmpfs', () => {
    const Mounts = [
      {Type: 'tmpfs', Target: '/plain'},
      {Type: 'tmpfs', Target: '/sized', TmpfsOptions: {SizeBytes: 1_048_576, Mode: 0o1770}},
      {Type: 'volume', Source: 'named', Target: '/volume'},
    ]
    expect(runSettingsOf(containerWith({}, {Mounts, Tmpfs: {'/run': 'size=64m'}}))).to.deep.equal({
      tmpfs: {'/plain': '', '/run': 'size=64m', '/sized': 'size=1048576,mode=1770'},
    })
  })

  it('never name a port or address of the host', () => {
    const ports = {'80/tcp': [{HostIp: '10.1.2.3', HostPort: '8080'}]}
    expect(JSON.stringify(runSettingsOf(containerWith({}, {PortBindings: ports})))).to.not.match(/8080|10\.1/)
  })

  const table: readonly [what: string, host: HostConfig, settings: object][] = [
    [
      'extra hosts',
      {ExtraHosts: ['db:10.0.0.5', 'host.docker.internal:host-gateway']},
      {extraHosts: ['db:10.0.0.5', 'host.docker.internal:host-gateway']},
    ],
    ["the host's network", {NetworkMode: 'host'}, {network: 'host'}],
    ['no network', {NetworkMode: 'none'}, {network: 'none'}],
    [
      "another container's network, without its id",
      {NetworkMode: `container:${'a'.repeat(64)}`},
      {network: 'container'},
    ],
    ['links', {Links: ['/db-1:/app/db', 'cache:redis']}, {links: ['db-1:db', 'cache:redis']}],
    [
      'DNS',
      {Dns: ['10.0.0.2'], DnsSearch: ['corp.example'], DnsOptions: ['ndots:2']},
      {dns: ['10.0.0.2'], dnsSearch: ['corp.example'], dnsOptions: ['ndots:2']},
    ],
    ['kernel parameters', {Sysctls: {'net.core.somaxconn': '1024'}}, {sysctls: {'net.core.somaxconn': '1024'}}],
    [
      'devices',
      {
        Devices: [
          {PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rwm'},
          {PathOnHost: '/dev/sda', PathInContainer: '/dev/xvda', CgroupPermissions: 'mrw'},
          {PathOnHost: '/dev/sdb', PathInContainer: '/dev/sdb', CgroupPermissions: 'r'},
          {PathOnHost: '/home/ada/dev/x', PathInContainer: '/dev/x', CgroupPermissions: 'rwm'},
        ],
        DeviceCgroupRules: ['c 189:* rmw'],
      },
      {devices: ['/dev/kvm', '/dev/sda:/dev/xvda', '/dev/sdb:/dev/sdb:r'], deviceCgroupRules: ['c 189:* rmw']},
    ],
    [
      'GPUs',
      {
        DeviceRequests: [
          {Driver: '', Count: -1, DeviceIDs: null, Capabilities: [['gpu']]},
          {Driver: 'nvidia', Count: 2, Capabilities: [['gpu', 'compute', 'utility']]},
          {Driver: '', Count: 0, DeviceIDs: ['0', '1'], Capabilities: [['gpu']]},
          {Driver: 'cdi', DeviceIDs: ['nvidia.com/gpu=0']},
        ],
      },
      {
        devices: ['nvidia.com/gpu=0'],
        gpus: ['all', 'driver=nvidia,count=2,"capabilities=compute,utility"', '"device=0,1"'],
      },
    ],
    [
      'security options, without a profile',
      {
        SecurityOpt: ['no-new-privileges', 'apparmor=unconfined', 'seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'],
        MaskedPaths: [],
      },
      {securityOpt: ['no-new-privileges', 'apparmor=unconfined', 'seccomp=custom', 'systempaths=unconfined']},
    ],
    [
      'privileges, without what the engine adds',
      {Privileged: true, SecurityOpt: ['label=disable'], MaskedPaths: []},
      {privileged: true},
    ],
    [
      'namespaces',
      {
        PidMode: 'host',
        IpcMode: `container:${'b'.repeat(64)}`,
        UTSMode: 'host',
        UsernsMode: 'host',
        CgroupParent: '/x',
      },
      {pid: 'host', ipc: 'container', uts: 'host', userns: 'host', cgroupParent: '/x'},
    ],
    [
      'limits',
      {
        Memory: 2 ** 29,
        MemorySwap: 2 ** 30,
        NanoCpus: 1_500_000_000,
        CpuShares: 512,
        CpusetCpus: '0-1',
        PidsLimit: 100,
      },
      {memory: 2 ** 29, cpus: 1.5, cpuShares: 512, cpusetCpus: '0-1', pidsLimit: 100},
    ],
    ['a quota as CPUs', {CpuQuota: 50_000}, {cpus: 0.5}],
    [
      'swap',
      {Memory: 2 ** 29, MemorySwap: -1, MemoryReservation: 2 ** 28},
      {memory: 2 ** 29, memorySwap: -1, memoryReservation: 2 ** 28},
    ],
    ['the OOM killer', {OomKillDisable: true, OomScoreAdj: -500}, {oomKillDisable: true, oomScoreAdj: -500}],
    ['a restart policy', {RestartPolicy: {Name: 'on-failure', MaximumRetryCount: 3}}, {restart: 'on-failure:3'}],
    ['another restart policy', {RestartPolicy: {Name: 'always', MaximumRetryCount: 0}}, {restart: 'always'}],
    ['a runtime', {Runtime: 'runsc'}, {runtime: 'runsc'}],
    [
      'a log driver, without its options',
      {LogConfig: {Type: 'splunk', Config: {'splunk-token': 'secret'}}} as HostConfig,
      {logDriver: 'splunk'},
    ],
    [
      'storage and annotations',
      {StorageOpt: {size: '10G'}, Annotations: {a: 'b', c: '/home/ada/x'}},
      {storageOpt: {size: '10G'}, annotations: {a: 'b'}},
    ],
    ['a tmpfs in a home of its own', {Tmpfs: {'/home/node/.cache': ''}}, {tmpfs: {'/home/node/.cache': ''}}],
    ['nothing that drives a terminal', {ExtraHosts: ['a\u001b[2J:10.0.0.1']}, {}],
  ]
  for (const [what, host, settings] of table)
    it(`have ${what}`, () => {
      const found = runSettingsOf(containerWith({}, host))
      expect(found).to.deep.equal(settings)
      expect(isRunSettings(JSON.parse(JSON.stringify(found)))).to.equal(true)
    })

  it('have its host name, network and aliases', () => {
    const container = containerWith({}, {NetworkMode: 'shop_default'})
    const named = {
      ...container,
      Config: {...container.Config, Hostname: 'shop', Domainname: 'example.com', MacAddress: '02:42:ac:11:00:02'},
      NetworkSettings: {Networks: {shop_default: {Aliases: ['web', 'shop-web-1', container.Id.slice(0, 12)]}}},
    }
    const names = {
      ...{hostname: 'shop', domainname: 'example.com', macAddress: '02:42:ac:11:00:02'},
      ...{network: 'shop_default', networkAliases: ['web', 'shop-web-1']},
    }
    expect(runSettingsOf(named)).to.deep.equal(names)
    const byId = {...named, HostConfig: {NetworkMode: 'f'.repeat(64)}}
    const networks = {shop_default: {NetworkID: 'f'.repeat(64)}}
    expect(runSettingsOf({...byId, NetworkSettings: {Networks: networks}}).network).to.equal('shop_default')
  })

  it("have no host name that is the engine's default, or the machine's", () => {
    const container = containerWith()
    const called = (Hostname: string, host: HostConfig = {}) =>
      runSettingsOf({...container, Config: {...container.Config, Hostname}, HostConfig: host}).hostname
    expect(called(container.Id.slice(0, 12))).to.equal(undefined)
    expect(called('laptop-of-ada', {NetworkMode: 'host'})).to.equal(undefined)
    expect(called('laptop-of-ada', {UTSMode: 'host'})).to.equal(undefined)
  })

  it('have the stop timeout, and an open standard input', () => {
    expect(runSettingsOf(containerWith({StopTimeout: 0, OpenStdin: true}))).to.deep.equal({
      interactive: true,
      stopTimeout: 0,
    })
    expect(runSettingsOf(containerWith({StopTimeout: null}))).to.deep.equal({})
  })

  it('have no more items of a list than are read back', () => {
    const many = Array.from({length: 1000}, (_, index) => `h${index}:10.0.0.1`)
    const settings = runSettingsOf(containerWith({}, {ExtraHosts: many}))
    expect(settings.extraHosts).to.have.length(200)
    expect(isRunSettings(settings)).to.equal(true)
  })
})
