import {expect} from 'chai'
import {runSettingFlags} from '../../../src/lib/image/run-setting-flags.js'

describe('runSettingFlags', () => {
  it('gives the docker run flags for a container’s settings', () => {
    expect(
      runSettingFlags({
        init: true,
        privileged: false,
        shmSize: 67_108_864,
        memorySwap: -1,
        memory: 1000,
        capAdd: ['NET_ADMIN', 'SYS_TIME'],
        extraHosts: ['db:10.0.0.1'],
        ulimits: [{name: 'nofile', soft: 1024, hard: 2048}],
        tmpfs: {'/run': 'size=1m', '/tmp': ''},
        sysctls: {'net.core.somaxconn': '1024'},
        cpusetCpus: '0-1',
        hostname: "ada's",
      }),
    ).to.deep.equal([
      '--init',
      '--shm-size 64m',
      '--memory-swap -1',
      '--memory 1000',
      '--cap-add NET_ADMIN',
      '--cap-add SYS_TIME',
      '--add-host db:10.0.0.1',
      '--ulimit nofile=1024:2048',
      '--tmpfs /run:size=1m',
      '--tmpfs /tmp',
      '--sysctl net.core.somaxconn=1024',
      '--cpuset-cpus 0-1',
      `--hostname 'ada'\\''s'`,
    ])
  })
})
