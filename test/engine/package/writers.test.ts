import {expect} from 'chai'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg} from '../../support/keg.js'
import {labelsOf, packageOf, waitingContainer} from './packaging.js'
import {madeBy, removeMadeBy, stateOf, watchEngine} from './watched-engine.js'

/** Writes two counters in turn, each completely, with much data between them for anyone who reads the volume in order. */
const counting =
  'i=0; while :; do i=$((i+1)); for n in a-first z-last; do echo $i >/tmp/$n; mv /tmp/$n /data/.$n; mv /data/.$n /data/$n; done; done'

describe('keg docker package: containers that write to its mounts @classic', function () {
  this.timeout(120_000)
  let sandbox: Sandbox
  let app: string
  let worker: string

  beforeEach(async () => {
    sandbox = new Sandbox()
    const volume = ['-v', `${await sandbox.volume()}:/data`]
    const script = 'echo 0 >/data/a-first; echo 0 >/data/z-last; head -c 60000000 /dev/urandom >/data/m-between'
    app = await waitingContainer(sandbox, [...volume, baseImage], script)
    worker = await sandbox.run([...volume, baseImage, 'sh', '-c', counting])
  })

  afterEach(() => sandbox.clean())

  const nameOf = (container: string): Promise<string> => docker(['inspect', '--format', '{{slice .Name 1}}', container])
  const writerOf = async (container: string, paused: boolean): Promise<object> => ({
    container: await nameOf(container),
    mounts: ['/data'],
    paused,
  })

  it('are paused too with --pause-writers, also while each of two is packaged beside the other', async () => {
    const [one, other] = await Promise.all([
      packageOf(sandbox, app, ['--pause-writers']),
      packageOf(sandbox, worker, ['--pause-writers']),
    ])
    expect(one.writers).to.deep.equal([await writerOf(worker, true)])
    expect(other.writers).to.deep.equal([await writerOf(app, true)])
    for (const {reference, warnings} of [one, other]) {
      expect(warnings).to.deep.equal([])
      expect(await labelsOf(reference)).not.to.have.property('com.keg.package.writers')
      const counters = await docker(['run', '--rm', reference, 'sh', '-c', 'cat /data/a-first /data/z-last'])
      const [first = NaN, last = NaN] = counters.split('\n').map(Number)
      expect(first - last, `of one moment: ${counters}`).to.be.oneOf([0, 1])
      expect(last).to.be.above(0)
    }
    expect([await stateOf(app), await stateOf(worker)]).to.deep.equal(['running false', 'running false'])
    const count = (): Promise<string> => docker(['exec', worker, 'cat', '/data/z-last'])
    // It runs on: this ends.
    const before = await count()
    while ((await count()) === before);
  })

  it('are named if they keep running, and are unpaused after Ctrl-C', async () => {
    const result = await packageOf(sandbox, app, ['--yes'])
    expect(result.writers).to.deep.equal([await writerOf(worker, false)])
    expect(result.warnings.join())
      .to.contain(`${await nameOf(worker)} ran while`)
      .and.contain('--pause-writers')
    const inspected = await keg(['docker', 'package', 'inspect', result.reference, '--pull', 'never', '--json'])
    expect(inspected.json().writers).to.deep.equal([{container: await nameOf(worker), mounts: ['/data']}])

    const engine = await watchEngine({
      async arriving({line}) {
        if (!/^POST \/commit/.test(line)) return
        expect([await stateOf(app), await stateOf(worker)]).to.deep.equal(['paused true', 'paused true'])
        running.kill('SIGINT')
      },
    })
    const line = ['docker', 'package', app, '--name', uniqueName('writers'), '-t', 'one', '--pause-writers']
    const running = await startKeg(line, {env: {DOCKER_HOST: engine.host}})
    try {
      const {code, stderr} = await running.ended
      expect(code, stderr).to.equal(130)
      expect(await madeBy(engine)).to.deep.equal([])
      expect([await stateOf(app), await stateOf(worker)]).to.deep.equal(['running false', 'running false'])
    } finally {
      await engine.close()
      await removeMadeBy(engine)
    }
  })
})
