import {expect} from 'chai'
import {randomUUID} from 'node:crypto'
import {makeBusyboxImage} from '../../../scripts/setup/image.js'
import {startOwnEngine, ownEngineObstacle} from '../../../scripts/setup/own-engine.js'
import type {Check} from '../../../src/lib/doctor/check.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {thisOwner} from '../../../src/lib/lock/process-owner.js'
import {docker, DockerError, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {kegOnTerminal} from '../package/terminal.js'

const living = JSON.stringify(thisOwner())
/** An owner whose process no longer exists. */
const dead = JSON.stringify({...thisOwner(), process: 'another/1'})

interface FixResult {
  kind: string
  id: string
  name: string
  outcome: string
}

/** What one keg has in the engine while it packages a container. */
interface Work {
  container: string
  lock: string
  helper: string
  image: string
}

const kind = await kindUnderTest()
const reason = await ownEngineObstacle(kind)

/** The image store of the tests' engine. */
async function kindUnderTest(): Promise<'classic' | 'containerd'> {
  await using engine = await Engine.connect(process.env)
  return engine.imageStore === 'containerd' ? 'containerd' : 'classic'
}

/**
 * `--fix` removes everything that dead kegs left in an engine, also what another test has just left on purpose. So it runs on a
 * separate engine if possible.
 */
describe('keg doctor --fix @containerd', function () {
  this.timeout(180_000)

  const sandbox = new Sandbox()
  let stop = (): Promise<void> => Promise.resolve()
  let environment: Record<string, string>
  let image: string
  let usual: string | undefined

  before(async () => {
    usual = process.env.DOCKER_HOST
    if (reason === undefined) {
      const engine = await startOwnEngine({kind})
      stop = () => engine.stop()
      process.env.DOCKER_HOST = engine.host
    }
    environment = process.env.DOCKER_HOST === undefined ? {} : {DOCKER_HOST: process.env.DOCKER_HOST}
    image = sandbox.addImage(`${uniqueName('fix')}:local`)
    await makeBusyboxImage(image, {env: process.env})
  })
  afterEach(async () => {
    // Not every engine can remove a paused one.
    for (const id of (
      await docker(['ps', '-q', '--filter', `label=${sandbox.label}`, '--filter', 'status=paused'])
    ).split('\n'))
      if (id !== '') await docker(['unpause', id])
  })
  after(async () => {
    try {
      await sandbox.clean()
    } finally {
      if (usual === undefined) delete process.env.DOCKER_HOST
      else process.env.DOCKER_HOST = usual
      await stop()
    }
  })

  const pausedContainer = async (): Promise<string> => {
    const id = await sandbox.run([image, 'sleep', '1000'])
    await docker(['pause', id])
    return id
  }
  const labels = (run: string, owner: string): string[] =>
    ['com.keg.role=helper', `com.keg.run=${run}`, `com.keg.owner=${owner}`].flatMap((label) => ['--label', label])

  /** Creates temporary resources with keg's labels (src/lib/label/temporary-labels.ts), of a keg that still runs or not. */
  const work = async (owner: string): Promise<Work> => {
    const run = randomUUID()
    const container = await pausedContainer()
    const locking = ['--label', `com.keg.lock=${container}`, '--label', 'com.keg.lock.pauses=true']
    const lock = await sandbox.create([
      '--name',
      `keg-helper-lock-${container.slice(0, 12)}`,
      ...labels(run, owner),
      ...locking,
      image,
      'keg',
    ])
    const helper = await sandbox.create([...labels(run, owner), image, 'keg'])
    const changes = [
      'com.keg.role=helper',
      `com.keg.run=${run}`,
      `com.keg.image-owner=${JSON.stringify(owner)}`,
      sandbox.label,
    ]
    const commit = ['commit', '--pause=false', ...changes.flatMap((label) => ['--change', `LABEL ${label}`]), container]
    return {container, lock, helper, image: await docker(commit)}
  }
  const stateOf = (container: string): Promise<string> =>
    docker(['container', 'inspect', '--format', '{{.State.Status}}', container])
  const isThere = async (type: 'container' | 'image', id: string): Promise<boolean> => {
    try {
      await docker([type, 'inspect', id])
      return true
    } catch (error) {
      if (error instanceof DockerError) return false
      throw error
    }
  }
  const fixesIn = (result: KegResult): FixResult[] => result.json().fixed as FixResult[]
  const leftoversIn = (result: KegResult): {id: string}[] => {
    const check = (result.json().checks as Check[]).find(({id}) => id === 'leftovers')
    return check?.data.leftovers as {id: string}[]
  }
  const whole = async ({container, helper, image: committed, lock}: Work): Promise<boolean> => {
    const there = await Promise.all([
      isThere('container', lock),
      isThere('container', helper),
      isThere('image', committed),
    ])
    return (await stateOf(container)) === 'paused' && there.every(Boolean)
  }

  it('unpauses and removes what a dead keg left, and nothing of a running keg or of the user', async () => {
    const [left, living_, own] = await Promise.all([work(dead), work(living), pausedContainer()])
    const ownHelper = await sandbox.create(['--label', 'com.keg.role=helper', image, 'keg'])

    const found = await keg(['doctor', '--json'], {env: environment})
    expect(found.code).to.equal(1)
    expect(leftoversIn(found).map(({id}) => id)).to.include.members([left.container, left.helper, left.image])
    expect(fixesIn(found)).to.deep.equal([])
    expect(await whole(left), 'looking changes nothing').to.equal(true)

    const fixed = await runAdvice(found, 'keg doctor --fix', {
      env: environment,
      add: ['--yes', '--json'],
      exits: [0, 1],
    })
    const ids = fixesIn(fixed).map(({id}) => id)
    if (reason === undefined) expect(ids).to.have.members([left.container, left.helper, left.image])
    else expect(ids).to.include.members([left.container, left.helper, left.image])
    expect(new Set(fixesIn(fixed).map(({outcome}) => outcome))).to.deep.equal(new Set(['fixed']))
    expect(leftoversIn(fixed)).to.deep.equal([])

    expect(await stateOf(left.container)).to.equal('running')
    expect(await isThere('container', left.lock)).to.equal(false)
    expect(await isThere('container', left.helper)).to.equal(false)
    expect(await isThere('image', left.image)).to.equal(false)
    expect(await whole(living_), 'the work of a living keg').to.equal(true)
    expect(await stateOf(own)).to.equal('paused')
    expect(await isThere('container', ownHelper)).to.equal(true)
    expect(await isThere('image', image)).to.equal(true)
  })

  it('only shows with --dry-run', async () => {
    const left = await work(dead)
    const {code, stdout} = await keg(['doctor', '--fix', '--dry-run'], {env: environment})
    expect(code).to.equal(1)
    expect(stdout).to.match(/^paused container \S+: would be fixed$/m)
    expect(await whole(left)).to.equal(true)
    await keg(['doctor', '--fix', '--yes'], {env: environment})
  })

  it('does nothing without a terminal, and names the flag', async () => {
    const left = await work(dead)
    const {code, stderr} = await keg(['doctor', '--fix'], {env: environment})
    expect(code).to.equal(2)
    expect(stderr).to.include('--yes')
    const json = await keg(['doctor', '--fix', '--json'], {env: environment})
    expect(json.code).to.equal(2)
    expect(json.json()).to.have.nested.property('error.code', 'input-missing')
    expect(await whole(left)).to.equal(true)
    await keg(['doctor', '--fix', '--yes'], {env: environment})
  })

  it('does nothing with --yes alone', async () => {
    const left = await work(dead)
    expect((await keg(['doctor', '--yes'], {env: environment})).code).to.equal(1)
    expect(await whole(left)).to.equal(true)
    await keg(['doctor', '--fix', '--yes'], {env: environment})
  })

  it('asks once for everything it shows, takes Enter for yes, and fixes what is still true by then', async () => {
    if (reason === undefined) await keg(['doctor', '--fix', '--yes'], {env: environment})
    const left = await work(dead)
    const ask = async (keys: string, meanwhile?: () => Promise<unknown>) => {
      const terminal = await kegOnTerminal(['doctor', '--fix'], environment)
      await terminal.shows(/resume \S+: /)
      await terminal.shows(/Fix these \d+ things\?/)
      await meanwhile?.()
      terminal.press(keys)
      return terminal.ended
    }
    expect((await ask('n\r')).code).to.equal(1)
    expect(await whole(left)).to.equal(true)
    const {code, shown} = await ask('\r', async () => docker(['unpause', left.container]))
    expect(code, shown).to.equal(reason === undefined ? 0 : code)
    expect(await stateOf(left.container)).to.equal('running')
    expect(await isThere('container', left.helper)).to.equal(false)
    expect(await isThere('image', left.image)).to.equal(false)
    expect(await isThere('container', left.lock)).to.equal(false)
  })

  it('has no default if a run package would be removed with what it wrote', async () => {
    if (reason === undefined) await keg(['doctor', '--fix', '--yes'], {env: environment})
    const ran = await sandbox.create([
      ...['--label', 'com.keg.role=run', '--label', `com.keg.owner=${dead}`, '--label', 'com.keg.attached=true'],
      ...[image, 'keg'],
    ])
    const terminal = await kegOnTerminal(['doctor', '--fix'], environment)
    await terminal.shows(/is lost/)
    terminal.press('\r')
    const {code, shown} = await terminal.ended
    expect(code, shown).to.equal(1)
    expect(await isThere('container', ran)).to.equal(true)
    await keg(['doctor', '--fix', '--yes'], {env: environment})
    expect(await isThere('container', ran)).to.equal(false)
  })

  it('has nothing to do the second time', async () => {
    await work(dead)
    await keg(['doctor', '--fix', '--yes'], {env: environment})
    const again = await keg(['doctor', '--fix', '--json', '--no-input'], {env: environment})
    expect(fixesIn(again)).to.deep.equal([])
    expect(leftoversIn(again)).to.deep.equal([])
  })
})
