import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {UsageError} from '../../../../src/lib/error/keg-error.js'
import {
  dockerFlagArguments,
  isGiven,
  readDockerFlags,
  type DockerFlags,
} from '../../../../src/lib/package/run/docker-flags.js'
import {hostConfigOf} from '../../../../src/lib/package/run/host-config.js'
import {NO_SETTINGS} from '../../../../src/lib/package/run/granted-settings.js'
import {thrown} from '../../../support/thrown.js'
import type {GrantedSettings} from '../../../../src/lib/package/run/model.js'

async function config(flags: DockerFlags, granted: Partial<GrantedSettings> = {}): Promise<Record<string, unknown>> {
  return hostConfigOf({...NO_SETTINGS, ...granted}, await readDockerFlags(flags, 'team'))
}

describe('flags of docker run', () => {
  const table: readonly [flags: DockerFlags, config: object][] = [
    [{}, {}],
    [{privileged: false}, {}],
    [{privileged: true}, {Privileged: true}],
    [{'cap-add': ['NET_ADMIN', 'NET_ADMIN']}, {CapAdd: ['NET_ADMIN']}],
    [
      {'add-host': ['db:10.0.0.5', 'x=::1', 'y=[::1]', 'h:host-gateway']},
      {ExtraHosts: ['db:10.0.0.5', 'x:::1', 'y:::1', 'h:host-gateway']},
    ],
    [
      {device: ['/dev/kvm', '/dev/sda:/dev/xvda:r', '/dev/sdb:rw', 'nvidia.com/gpu=all']},
      {
        Devices: [
          {PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rwm'},
          {PathOnHost: '/dev/sda', PathInContainer: '/dev/xvda', CgroupPermissions: 'r'},
          {PathOnHost: '/dev/sdb', PathInContainer: '/dev/sdb', CgroupPermissions: 'rw'},
        ],
        DeviceRequests: [{Driver: 'cdi', DeviceIDs: ['nvidia.com/gpu=all']}],
      },
    ],
    [{gpus: ['all']}, {DeviceRequests: [{Driver: '', Count: -1, Capabilities: [['gpu']]}]}],
    [{gpus: ['2']}, {DeviceRequests: [{Driver: '', Count: 2, Capabilities: [['gpu']]}]}],
    [
      {gpus: ['"device=0,1"']},
      {DeviceRequests: [{Driver: '', Count: 0, DeviceIDs: ['0', '1'], Capabilities: [['gpu']]}]},
    ],
    [
      {gpus: ['driver=nvidia,count=2,"capabilities=compute,utility"']},
      {DeviceRequests: [{Driver: 'nvidia', Count: 2, Capabilities: [['gpu', 'compute', 'utility']]}]},
    ],
    [{'shm-size': '64m'}, {ShmSize: 64 * 2 ** 20}],
    [{'shm-size': '1GiB'}, {ShmSize: 2 ** 30}],
    [{sysctl: ['net.core.somaxconn=1024']}, {Sysctls: {'net.core.somaxconn': '1024'}}],
    [{tmpfs: ['/run', '/tmp:size=1m,mode=1777']}, {Tmpfs: {'/run': '', '/tmp': 'size=1m,mode=1777'}}],
    [
      {ulimit: ['nofile=1024', 'memlock=-1:-1']},
      {
        Ulimits: [
          {Name: 'nofile', Soft: 1024, Hard: 1024},
          {Name: 'memlock', Soft: -1, Hard: -1},
        ],
      },
    ],
    [
      {'security-opt': ['seccomp=unconfined', 'systempaths=unconfined']},
      {SecurityOpt: ['seccomp=unconfined'], MaskedPaths: [], ReadonlyPaths: []},
    ],
    [
      {pid: 'host', ipc: 'host', uts: 'host', userns: 'host', cgroupns: 'host', runtime: 'runsc'},
      {PidMode: 'host', IpcMode: 'host', UTSMode: 'host', UsernsMode: 'host', CgroupnsMode: 'host', Runtime: 'runsc'},
    ],
    [
      {dns: ['10.0.0.2'], 'dns-search': ['a'], 'dns-option': ['ndots:1']},
      {Dns: ['10.0.0.2'], DnsSearch: ['a'], DnsOptions: ['ndots:1']},
    ],
    [
      {'group-add': ['0'], 'device-cgroup-rule': ['c 1:3 r']},
      {GroupAdd: ['0'], DeviceCgroupRules: ['c 1:3 r']},
    ],
  ]
  for (const [flags, expected] of table)
    it(`are parsed: ${dockerFlagArguments(flags).join(' ')}`, async () => {
      expect(await config(flags)).to.deep.equal(expected)
    })

  it("override the package's settings", async () => {
    const granted = {
      ...{shmSize: 1, sysctls: {a: '1', b: '2'}, ulimits: [{name: 'nofile', soft: 1, hard: 1}]},
      ...{dnsSearch: ['x'], capAdd: ['CHOWN'], capDrop: ['ALL'], extraHosts: ['db:10.0.0.5']},
    }
    const flags = {
      ...{'shm-size': '2b', sysctl: ['a=3'], ulimit: ['nofile=2'], 'dns-search': ['y']},
      ...{'cap-add': ['KILL'], 'add-host': ['db:10.0.0.6']},
    }
    expect(await config(flags, granted)).to.deep.equal({
      ...{ShmSize: 2, Sysctls: {a: '3', b: '2'}, Ulimits: [{Name: 'nofile', Soft: 2, Hard: 2}], DnsSearch: ['y']},
      ...{CapAdd: ['KILL', 'CHOWN'], CapDrop: ['ALL'], ExtraHosts: ['db:10.0.0.6', 'db:10.0.0.5']},
    })
  })

  it('contain the text of a local seccomp profile', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'keg-test-'))
    try {
      const file = join(folder, 'profile.json')
      await writeFile(file, '{"defaultAction":"SCMP_ACT_ALLOW"}')
      const {SecurityOpt} = await config({'security-opt': [`seccomp=${file}`]})
      expect(SecurityOpt).to.deep.equal(['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'])
    } finally {
      await rm(folder, {recursive: true})
    }
  })

  const wrong: readonly DockerFlags[] = [
    {'add-host': ['db']},
    {device: ['kvm']},
    {device: ['/dev/a:/dev/b:x']},
    {gpus: ['some']},
    {gpus: ['colour=red']},
    {'shm-size': 'much'},
    {'shm-size': '1.5g'},
    {sysctl: ['net.core.somaxconn']},
    {tmpfs: ['run']},
    {ulimit: ['nofile']},
    {ulimit: ['nofile=many']},
    {'security-opt': ['seccomp=/nowhere/profile.json']},
  ]
  for (const flags of wrong)
    it(`are refused: ${dockerFlagArguments(flags).join(' ')}`, async () => {
      const error = await thrown(readDockerFlags(flags, 'team'))
      expect(error).to.be.instanceOf(UsageError).with.property('code', 'docker-flag-invalid')
    })

  it('refuse an alias on a network without aliases', async () => {
    for (const network of [undefined, 'bridge', 'host', 'container:x']) {
      const error = await thrown(readDockerFlags({'network-alias': ['web']}, network))
      expect(error).to.be.instanceOf(UsageError).with.property('code', 'docker-flag-invalid')
    }
    await readDockerFlags({'network-alias': ['web']}, 'team')
  })

  it('are found among the given ones', () => {
    const flags = {privileged: true, 'cap-add': ['NET_ADMIN'], pid: 'container:x'}
    expect(isGiven(['--privileged'], flags)).to.equal(true)
    expect(isGiven(['--cap-add', 'NET_ADMIN'], flags)).to.equal(true)
    expect(isGiven(['--cap-add', 'SYS_ADMIN'], flags)).to.equal(false)
    expect(isGiven(['--pid', 'host'], flags)).to.equal(true)
    expect(isGiven(['--ipc', 'host'], flags)).to.equal(false)
    expect(isGiven(['--privileged'], {privileged: false})).to.equal(false)
  })
})
