import {expect} from 'chai'
import fc from 'fast-check'
import type {RunSettings} from '../../../../src/lib/image/run-settings.js'
import {decideSettings} from '../../../../src/lib/package/run/granted-settings.js'
import {hostConfigOf} from '../../../../src/lib/package/run/host-config.js'

const none = {init: false, tty: false, readOnly: false, writable: [], tmpfs: {}}
const decide = (settings: unknown, labels: Record<string, string> = {}) =>
  decideSettings({Labels: {...labels, 'com.keg.package.run': JSON.stringify(settings)}})

describe('decideSettings', () => {
  it('grants nothing without a label', () => {
    for (const config of [undefined, null, {}, {Labels: null}, {Labels: {}}])
      expect(decideSettings(config)).to.deep.equal({granted: none, refused: []})
  })

  for (const text of ['', '{', '[]', 'null', '7', '"x"', '{"init": "yes", "tty": 1, "tmpfs": [], "capAdd": "ALL"}'])
    it(`ignores what does not match the schema: ${text}`, () => {
      expect(decideSettings({Labels: {'com.keg.package.run': text}})).to.deep.equal({granted: none, refused: []})
    })

  it('grants settings without privileges', () => {
    const asked = {
      init: true,
      tty: true,
      readOnly: true,
      shmSize: 128 * 1024 * 1024,
      tmpfs: {'/run': 'rw,size=64m,mode=1777'},
    }
    expect(decide(asked)).to.deep.equal({granted: {...asked, writable: []}, refused: []})
  })

  it('names the privileges it does not grant, and the flag for each', () => {
    const asked = {
      privileged: true,
      capAdd: ['NET_ADMIN', 'SYS_PTRACE', 'CHOWN'],
      groupAdd: ['docker'],
      ulimits: [{name: 'memlock', soft: -1, hard: -1}],
    }
    const {granted, refused} = decide(asked)
    expect(granted).to.deep.equal(none)
    expect(refused).to.deep.equal([
      {what: 'privileged', flags: [['--privileged']]},
      {
        what: 'capabilities NET_ADMIN, SYS_PTRACE',
        flags: [
          ['--cap-add', 'NET_ADMIN'],
          ['--cap-add', 'SYS_PTRACE'],
        ],
      },
      {what: 'group docker', flags: [['--group-add', 'docker']]},
      {what: 'ulimit memlock=-1:-1', flags: [['--ulimit', 'memlock=-1:-1']]},
    ])
  })

  for (const shmSize of [-1, 1.5, 1e12, '64m', {}])
    it(`grants no /dev/shm of size ${JSON.stringify(shmSize)}`, () => {
      const {granted, refused} = decide({shmSize})
      expect(granted).to.deep.equal(none)
      // Numbers that are not integers are ignored, like everything that does not match the schema.
      expect(refused.map(({flags}) => flags)).to.deep.equal(
        Number.isSafeInteger(shmSize) ? [[['--shm-size', JSON.stringify(shmSize)]]] : [],
      )
    })

  const wrongTmpfs: readonly [string, unknown][] = [
    ['/', ''],
    ['/proc', ''],
    ['/sys/fs', ''],
    ['/dev/shm', ''],
    ['relative', ''],
    ['/a/../proc', ''],
    ['/a:b', ''],
    ['/a', 'size=4g'],
    ['/a', 'size=99999999m'],
    ['/a', 'size=50%'],
    ['/a', 'dev'],
    ['/a', 'context=x'],
    ['/a', 7],
  ]
  for (const [path, options] of wrongTmpfs)
    it(`grants no tmpfs at ${path} with ${JSON.stringify(options)}`, () => {
      const {granted, refused} = decide({tmpfs: {[path]: options}})
      expect(granted).to.deep.equal(none)
      expect(refused).to.have.length(typeof options === 'string' ? 1 : 0)
    })

  it('keeps volumes of a read-only container writable, and only volumes', () => {
    const layer = `sha256:${'a'.repeat(64)}`
    const mounts = [
      {path: '/data', type: 'volume', layer},
      {path: '/etc/app.conf', type: 'bind', layer},
      {path: '/run', type: 'volume', layer},
    ]
    const labels = {'com.keg.package.schema': '1', 'com.keg.package.mounts': JSON.stringify(mounts)}
    expect(decide({readOnly: true, tmpfs: {'/run': ''}}, labels).granted.writable).to.deep.equal(['/data'])
    expect(decide({readOnly: false}, labels).granted.writable).to.deep.equal([])
  })

  const harmless: readonly Partial<RunSettings>[] = [
    {interactive: true},
    {hostname: 'rabbit-1', domainname: 'example.com'},
    {extraHosts: ['db:10.1.2.3', 'api.example.com:192.0.2.7', 'six:2001:db8::1', 'own.local:127.0.0.1', 'own6:::1']},
    {extraHosts: ['blocked.example:0.0.0.0']},
    {dnsSearch: ['corp.example', 'example.com.', '.'], dnsOptions: ['ndots:2', 'rotate', 'single-request-reopen']},
    {sysctls: {'net.core.somaxconn': '1024', 'net.ipv4.ip_local_port_range': '1024 65000'}},
    {
      sysctls: {
        'kernel.shmmax': '1',
        'kernel.sem': '250 32000 100 128',
        'kernel.msgmax': '8',
        'fs.mqueue.msg_max': '9',
      },
    },
    {ulimits: [{name: 'nofile', soft: 1024, hard: 1_048_576}]},
    {
      ulimits: [
        {name: 'nproc', soft: 10, hard: 20},
        {name: 'core', soft: 0, hard: 0},
        {name: 'stack', soft: -1, hard: -1},
      ],
    },
    {capDrop: ['ALL'], capAdd: ['CHOWN', 'NET_BIND_SERVICE']},
    {memory: 6 * 2 ** 20, memoryReservation: 6 * 2 ** 20, memorySwap: -1},
    {cpus: 1.5, pidsLimit: 100, stopTimeout: 30},
    {stopTimeout: 0},
  ]
  for (const asked of harmless)
    it(`grants ${JSON.stringify(asked)}`, () => {
      expect(decide(asked)).to.deep.equal({granted: {...none, ...asked}, refused: []})
    })

  it('drops the same capabilities as the original, whatever is added', () => {
    expect(decide({capDrop: ['cap_chown', 'SYS_ADMIN', 'nonsense'], capAdd: ['CAP_KILL', 'SYS_ADMIN']})).to.deep.equal({
      granted: {...none, capDrop: ['CHOWN'], capAdd: ['KILL']},
      refused: [{what: 'capability SYS_ADMIN', flags: [['--cap-add', 'SYS_ADMIN']]}],
    })
    expect(decide({securityOpt: ['no-new-privileges:true', 'no-new-privileges']})).to.deep.equal({
      granted: {...none, noNewPrivileges: true},
      refused: [],
    })
    expect(decide({securityOpt: ['no-new-privileges:false']}).granted).to.deep.equal(none)
  })

  const harmful: readonly [asked: Partial<RunSettings>, flags: readonly (readonly string[])[]][] = [
    [{extraHosts: ['host.docker.internal:host-gateway']}, [['--add-host', 'host.docker.internal:host-gateway']]],
    [{extraHosts: ['metadata:169.254.169.254']}, [['--add-host', 'metadata:169.254.169.254']]],
    [{extraHosts: ['a:::ffff:169.254.169.254']}, [['--add-host', 'a:::ffff:169.254.169.254']]],
    [{extraHosts: ['a:fe80::1']}, [['--add-host', 'a:fe80::1']]],
    [{extraHosts: ['a:172.17.0.1']}, [['--add-host', 'a:172.17.0.1']]],
    [{extraHosts: ['a:203.0.113.9']}, [['--add-host', 'a:203.0.113.9']]],
    [{extraHosts: ['a:::ffff:203.0.113.9']}, [['--add-host', 'a:::ffff:203.0.113.9']]],
    [{extraHosts: ['a:0x7f000001']}, [['--add-host', 'a:0x7f000001']]],
    [{extraHosts: ['a b:10.0.0.1']}, [['--add-host', 'a b:10.0.0.1']]],
    [{extraHosts: ['a']}, [['--add-host', 'a']]],
    [{network: 'host'}, [['--network', 'host']]],
    [
      {network: 'shop_default', networkAliases: ['web']},
      [
        ['--network', 'shop_default'],
        ['--network-alias', 'web'],
      ],
    ],
    [{dns: ['10.0.0.2']}, [['--dns', '10.0.0.2']]],
    [{dnsOptions: ['nonsense:1']}, [['--dns-option', 'nonsense:1']]],
    [{dnsSearch: ['a b']}, [['--dns-search', 'a b']]],
    [{sysctls: {'kernel.core_pattern': '|/bin/x'}}, [['--sysctl', 'kernel.core_pattern=|/bin/x']]],
    [{sysctls: {'vm.max_map_count': '262144'}}, [['--sysctl', 'vm.max_map_count=262144']]],
    [{sysctls: {'net/../kernel.x': '1'}}, [['--sysctl', 'net/../kernel.x=1']]],
    [{sysctls: {'net.': '1'}}, [['--sysctl', 'net.=1']]],
    [{sysctls: {'net.core.x': ''}}, [['--sysctl', 'net.core.x=']]],
    [{devices: ['/dev/kvm']}, [['--device', '/dev/kvm']]],
    [{deviceCgroupRules: ['a *:* rwm']}, [['--device-cgroup-rule', 'a *:* rwm']]],
    [{gpus: ['all']}, [['--gpus', 'all']]],
    [
      {securityOpt: ['apparmor=unconfined', 'seccomp=custom']},
      [
        ['--security-opt', 'apparmor=unconfined'],
        ['--security-opt', 'seccomp=FILE'],
      ],
    ],
    [
      {pid: 'host', ipc: 'host', uts: 'host', userns: 'host', cgroupns: 'host'},
      [
        ['--pid', 'host'],
        ['--ipc', 'host'],
        ['--uts', 'host'],
        ['--userns', 'host'],
        ['--cgroupns', 'host'],
      ],
    ],
    [{runtime: 'runsc'}, [['--runtime', 'runsc']]],
    [{ulimits: [{name: 'nofile', soft: 1, hard: -1}]}, [['--ulimit', 'nofile=1:-1']]],
    [{ulimits: [{name: 'nofile', soft: 5, hard: 4}]}, [['--ulimit', 'nofile=5:4']]],
    [{ulimits: [{name: 'rtprio', soft: 99, hard: 99}]}, [['--ulimit', 'rtprio=99:99']]],
    [{capAdd: ['ALL']}, [['--cap-add', 'ALL']]],
    [{hostname: 'a b'}, [['--hostname', 'a b']]],
  ]
  const hostAddresses = new Set(['203.0.113.9'])
  for (const [asked, flags] of harmful)
    it(`does not grant ${JSON.stringify(asked)}, and names it`, () => {
      const decision = decideSettings({Labels: {'com.keg.package.run': JSON.stringify(asked)}}, {hostAddresses})
      expect(decision.granted).to.deep.equal(none)
      expect(decision.refused.flatMap((setting) => setting.flags)).to.deep.equal(flags)
    })

  it("names docker's flag if keg has none", () => {
    const asked = {
      ...{restart: 'always', logDriver: 'syslog', storageOpt: {size: '10G'}, annotations: {a: 'b'}, oomScoreAdj: -500},
      ...{macAddress: '02:42:ac:11:00:02', links: ['db:db'], cpuShares: 2, cpusetCpus: '0', cgroupParent: '/x'},
      ...{oomKillDisable: true, memory: 1, cpus: 0, stopTimeout: 9999, network: 'container'},
    }
    const {granted, refused} = decide(asked)
    expect(granted).to.deep.equal(none)
    expect(refused.flatMap(({flags}) => flags)).to.deep.equal([])
    expect(refused.map(({what}) => /\(docker run (--[a-z-]+)/.exec(what)?.[1])).to.deep.equal([
      ...['--network', '--link', '--mac-address', '--memory', '--cpus', '--cpu-shares', '--cpuset-cpus'],
      ...['--cgroup-parent', '--oom-kill-disable', '--oom-score-adj', '--stop-timeout', '--restart', '--log-driver'],
      ...['--storage-opt', '--annotation'],
    ])
  })

  it('grants no network settings to a container in another network namespace', () => {
    const asked = {
      hostname: 'shop',
      extraHosts: ['db:10.0.0.5', 'own:127.0.0.1'],
      sysctls: {'net.core.somaxconn': '1', 'kernel.shmmax': '1'},
    }
    for (const network of ['host', 'container:other']) {
      const labels = {'com.keg.package.run': JSON.stringify(asked)}
      expect(decideSettings({Labels: labels}, {network}).granted).to.deep.equal({
        ...none,
        sysctls: {'kernel.shmmax': '1'},
      })
    }
  })

  it('shortens a long list, and ignores an oversized label', () => {
    const devices = Array.from({length: 150}, (_, index) => `/dev/${index}${'x'.repeat(300)}`)
    const [refused] = decide({devices}).refused
    expect(refused?.what)
      .to.match(/ and 140 more$/)
      .and.have.length.below(1500)
    expect(refused?.flags).to.have.length(10)
    const label = JSON.stringify({init: true, hostname: 'x'.repeat(70_000)})
    expect(decideSettings({Labels: {'com.keg.package.run': label}})).to.deep.equal({granted: none, refused: []})
  })

  it('never grants a privilege, whatever the label says', () => {
    const allowed = new Set([
      ...['Init', 'ReadonlyRootfs', 'ShmSize', 'Tmpfs', 'ExtraHosts', 'DnsSearch', 'DnsOptions', 'Sysctls', 'Ulimits'],
      ...['CapAdd', 'CapDrop', 'SecurityOpt', 'Memory', 'MemoryReservation', 'MemorySwap', 'PidsLimit'],
      ...['CpuPeriod', 'CpuQuota'],
    ])
    const names = ['privileged', 'capAdd', 'devices', 'gpus', 'pid', 'ipc', 'uts', 'userns', 'securityOpt', 'sysctls']
    const value = fc.oneof(fc.boolean(), fc.integer(), fc.string(), fc.array(fc.string()), fc.jsonValue())
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...names, 'ulimits', 'tmpfs', 'extraHosts', 'network'), value),
        (asked) => {
          const config = hostConfigOf(decide(asked).granted, undefined)
          expect(Object.keys(config).filter((name) => !allowed.has(name))).to.deep.equal([])
          expect(config.SecurityOpt ?? ['no-new-privileges']).to.deep.equal(['no-new-privileges'])
        },
      ),
    )
  })
})
