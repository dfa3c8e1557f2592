import {expect} from 'chai'
import {partProcesses, readProcesses} from '../../../../src/lib/tap/exec/process-tree.js'
import {classifyProcess, classifyProcesses} from '../../../../src/lib/tap/exec/classify-process.js'

const parts = {
  idle: [
    'tail -f /dev/null',
    '/usr/bin/tail -F /dev/null',
    'busybox tail -n 0 -f /dev/null',
    'tail --follow=name --retry /dev/null',
    'sleep infinity',
    '/bin/sleep inf',
    'sleep 1000000',
    'sleep 1d',
    'sleep 1m 10s',
    '/pause',
    'cat',
    'cat /dev/null',
    'bash',
    '-bash',
    '/bin/sh -i',
  ],
  wrapper: [
    'sh container/run.sh',
    '/bin/bash -c while :; do sleep 1000; done',
    '/sbin/docker-init -- sh container/run.sh',
    'tini -- node server.js',
    'dumb-init sh run.sh',
    'su app -c yarn start',
  ],
  active: [
    'node server.js',
    'tail -f /var/log/app.log',
    'tail /dev/null',
    'sleep 5',
    'sleep',
    'sleep soon',
    'cat /var/log/app.log',
    'python3 -m http.server',
    'bashful --serve',
    'httpd -f -p 8080',
    'shred /dev/null',
  ],
} as const

describe('classifyProcess', () => {
  for (const part of ['idle', 'wrapper', 'active'] as const)
    for (const command of parts[part])
      it(`classifies ${command} as ${part}`, () => expect(classifyProcess(command)).to.equal(part))
})

describe('classifyProcesses', () => {
  /** Rows of `ps`: the container's first process is 100, and the shim 90 is its parent and that of all processes of exec. */
  const stateBy = (...rows: readonly (readonly [pid: number, parent: number, command: string])[]) =>
    classifyProcesses(
      partProcesses(readProcesses({Processes: rows.map(([pid, parent, line]) => [`${pid}`, `${parent}`, line])}), 100),
    )

  it('is idle if the first process is', () => {
    expect(stateBy([100, 90, 'sleep infinity'])).to.equal('idle')
  })

  it('is idle if a run script below an init is', () => {
    expect(
      stateBy([100, 90, 'docker-init -- sh run.sh'], [101, 100, 'sh run.sh'], [102, 101, 'tail -f /dev/null']),
    ).to.equal('idle')
  })

  it('is idle whatever exec started, and whatever died', () => {
    expect(
      stateBy(
        [100, 90, 'tail -f /dev/null'],
        [200, 90, 'node server.js'],
        [201, 200, 'esbuild --service'],
        [202, 100, '[sh] <defunct>'],
      ),
    ).to.equal('idle')
  })

  it('is active if the first process is', () => {
    expect(stateBy([100, 90, 'node server.js'], [101, 100, 'tail -f /dev/null'])).to.equal('active')
  })

  it('is unclear if a shell runs a command that might end soon', () => {
    expect(stateBy([100, 90, 'sh run.sh'], [101, 100, 'chown -R app /app'])).to.equal('unclear')
    expect(stateBy([100, 90, 'sh run.sh'], [101, 100, 'nginx'], [102, 100, 'tail -f /dev/null'])).to.equal('unclear')
  })

  it('is unclear if a shell has started nothing yet', () => {
    expect(stateBy([100, 90, '/bin/bash container/run.sh'])).to.equal('unclear')
  })

  it('is active if no process is visible', () => expect(stateBy()).to.equal('active'))
})

describe('partProcesses', () => {
  const processes = readProcesses({
    Processes: [
      ['300', '7', 'sleep 1000'],
      ['12', '7', '{run.sh} sh run.sh'],
      ['15', '12', 'tail -f /dev/null'],
      ['no', '12', 'PID'],
    ],
  })

  it('takes the first process without a parent if the engine knows it by another number', () => {
    const {first, own, others} = partProcesses(processes, 4711)
    expect(first).to.deep.equal({pid: 12, parent: 7, command: 'sh run.sh'})
    expect([own.map(({pid}) => pid), others.map(({pid}) => pid)]).to.deep.equal([[12, 15], [300]])
  })
})
