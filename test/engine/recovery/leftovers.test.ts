import {expect} from 'chai'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {Engine} from '../../../src/lib/engine/engine.js'
import {findLeftovers, removeLeftover, type Leftover} from '../../../src/lib/container/leftover/leftovers.js'
import {thisOwner} from '../../../src/lib/lock/process-owner.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {startKeg} from '../../support/keg.js'
import {OwnBed} from '../interruption/own-bed.js'
import {
  madeBy,
  removeMadeBy,
  stateOf,
  watchEngine,
  type EngineRequest,
  type WatchedEngine,
  type Watchers,
} from '../package/watched-engine.js'

/** An owner whose process no longer exists. */
const deadOwner = JSON.stringify({...thisOwner(), process: 'another/1'})

describe('leftovers @containerd', function () {
  this.timeout(120_000)

  let bed: OwnBed
  let sandbox: Sandbox
  let container: string
  let open: WatchedEngine[]
  let engine: Engine

  before(async () => {
    // Any keg may resume what a killed one has paused: here is no other.
    bed = await OwnBed.start()
    sandbox = new Sandbox()
    engine = await Engine.connect(process.env)
    container = await sandbox.run(['-v', '/data', baseImage, 'sleep', '100000'])
    await docker(['exec', container, 'sh', '-c', 'echo one >/data/one; echo own >/own'])
  })

  beforeEach(() => {
    open = []
  })

  afterEach(async () => {
    for (const each of open) {
      await each.close()
      await removeMadeBy(each)
    }
  })

  after(async () => {
    await sandbox.clean()
    await bed.stop()
  })

  async function watched(watchers: Watchers = {}): Promise<WatchedEngine> {
    const watching = await watchEngine(watchers)
    open.push(watching)
    return watching
  }

  /** Leftovers of the runs through this proxy, by kind. */
  async function leftBy({runs}: WatchedEngine): Promise<Leftover[]> {
    const all = await findLeftovers(engine, process.env)
    const labelled = await Promise.all(
      all.map(async (leftover) => {
        const id = leftover.kind === 'paused container' ? leftover.lock : leftover.id
        // One may be gone meanwhile.
        const run = docker(['inspect', '--format', '{{index .Config.Labels "com.keg.run"}}', id]).catch(() => '')
        return runs.has((await run).trim())
      }),
    )
    return all.filter((_, index) => labelled[index])
  }

  async function removeAll(leftovers: readonly Leftover[]): Promise<void> {
    for (const leftover of leftovers) await removeLeftover(engine, leftover, process.env)
  }

  const line = (): string[] => {
    const name = uniqueName('leftover')
    sandbox.addImage(`${name}:one`)
    return ['docker', 'package', container, '--name', name, '-t', 'one']
  }

  const stages: readonly (readonly [string, RegExp, keyof Watchers, readonly Leftover['kind'][]])[] = [
    ['measuring', /^GET .*\/archive$/, 'arriving', ['container', 'image']],
    ['pausing', /\/pause$/, 'answered', ['paused container', 'container', 'image']],
    ['committing', /^POST \/commit$/, 'answered', ['paused container', 'container', 'image', 'image']],
    ['letting go on', /\/unpause$/, 'answered', ['lock', 'container', 'image', 'image']],
    ['naming the image', /^POST \/images\/.*\/tag$/, 'arriving', ['lock', 'container', 'image', 'image', 'image']],
  ]
  for (const [stage, place, moment, kinds] of stages) {
    it(`of a keg that was killed while ${stage} are found and removed: ${kinds.join(', ')}`, async () => {
      const kill = ({line}: EngineRequest): Promise<void> => {
        if (!place.test(line)) return Promise.resolve()
        running.kill('SIGKILL')
        return running.ended.then(() => undefined)
      }
      const watching = await watched({[moment]: kill})
      const running = await startKeg(line(), {env: {DOCKER_HOST: watching.host}})
      expect((await running.ended).code).to.equal(137)
      const left = await leftBy(watching)
      expect(left.map(({kind}) => kind)).to.deep.equal(kinds)
      await removeAll(left)
      expect(await madeBy(watching)).to.deep.equal([])
      expect(await stateOf(container)).to.equal('running false')
      expect(await leftBy(watching)).to.deep.equal([])
    })
  }

  it('do not exist for a running keg', async () => {
    const seen: Leftover[][] = []
    const watching = await watched({
      async arriving({line}) {
        if (/^POST \/commit$|\/tag$/.test(line)) seen.push(await leftBy(watching))
      },
    })
    const running = await startKeg(line(), {env: {DOCKER_HOST: watching.host}})
    const {code, stderr} = await running.ended
    expect(code, stderr).to.equal(0)
    expect(seen).to.deep.equal([[], []])
  })

  it('include containers of packages that keg was to remove, but not those to be kept', async () => {
    const run = uniqueName('run')
    const labels = ['--label', 'com.keg.role=package', '--label', `com.keg.run=${run}`]
    const owned = [...labels, '--label', `com.keg.owner=${deadOwner}`]
    const attached = await sandbox.run([...owned, '--label', 'com.keg.attached=true', baseImage, 'sleep', '1000'])
    const detached = await sandbox.run([...owned, baseImage, 'sleep', '1000'])
    const neverStarted = await sandbox.create([...owned, baseImage, 'sleep', '1000'])
    const ownerless = await sandbox.create([...labels, baseImage, 'sleep', '1000'])
    const found = (await findLeftovers(engine, process.env)).map(({id}) => id)
    expect(found).to.include.members([attached, neverStarted])
    expect(found).not.to.include.members([detached])
    expect(found).not.to.include.members([ownerless])
  })

  it('exclude containers of packages that were kept because they failed, and those of another user', async () => {
    const state = await mkdtemp(join(tmpdir(), 'keg-test-kept-'))
    try {
      const env = {XDG_STATE_HOME: state}
      const crashing = await sandbox.imageFromFiles(`${uniqueName('crashing')}:one`, [{path: 'file'}], {
        from: baseImage,
        instructions: ['CMD ["sh", "-c", "exit 3"]'],
      })
      const name = uniqueName('kept')
      const words = ['docker', 'package', 'run', crashing, '--pull', 'never', '--name', name]
      const {code, stderr} = await (await startKeg(words, {env})).ended
      sandbox.addContainer(name)
      expect(code, stderr).to.equal(3)
      expect(stderr).to.include(`The container ${name} is kept.`)
      const kept = await docker(['inspect', '--format', '{{.Id}} {{index .Config.Labels "com.keg.attached"}}', name])
      const stranger = JSON.stringify({...thisOwner(), user: 'stranger', process: 'another/1'})
      const labels = ['com.keg.role=package', `com.keg.owner=${stranger}`, 'com.keg.attached=true']
      const theirs = await sandbox.run([...labels.flatMap((label) => ['--label', label]), baseImage, 'sleep', '1000'])
      const found = async (environment: NodeJS.ProcessEnv): Promise<string[]> =>
        (await findLeftovers(engine, environment)).map(({id}) => id)
      const [id = ''] = kept.split(' ')
      expect(kept).to.equal(`${id} true`)
      const known = await found({...process.env, ...env})
      expect(known).not.to.include(id)
      expect(known).not.to.include(theirs)
      // The remembered state keeps it.
      expect(await found({...process.env, XDG_STATE_HOME: join(state, 'elsewhere')})).to.include(id)
    } finally {
      await rm(state, {recursive: true, force: true})
    }
  })

  it('exclude containers whose image claims to be of a dead keg', async () => {
    const claims = ['com.keg.role=helper', 'com.keg.run=1', 'com.keg.attached=true', `com.keg.lock=${container}`]
    const instructions = [...claims, `com.keg.owner=${deadOwner}`, 'com.keg.lock.pauses=true'].map(
      (label) => `LABEL ${label.replace('=', "='")}'`,
    )
    const image = await sandbox.imageFromFiles(uniqueName('hostile'), [{path: 'file'}], {
      instructions: [...instructions, 'CMD ["x"]'],
    })
    const victim = await sandbox.create([image])
    await docker(['pause', container])
    try {
      const left = await findLeftovers(engine, process.env)
      expect(left.map(({id}) => id)).not.to.include.members([victim])
      expect(left.filter(({kind, id}) => kind === 'paused container' && id === container)).to.deep.equal([])
    } finally {
      await docker(['unpause', container])
    }
  })

  it('exclude images with a name', async () => {
    const name = uniqueName('named')
    await sandbox.imageFromFiles(name, [{path: 'file'}], {
      instructions: ['LABEL com.keg.role=helper', `LABEL com.keg.image-owner='${deadOwner}'`],
    })
    const id = await docker(['image', 'inspect', '--format', '{{.Id}}', name])
    expect((await findLeftovers(engine, process.env)).map((leftover) => leftover.id)).not.to.include.members([id])
  })

  it('exclude older packages whose name went to a newer one', async () => {
    const name = uniqueName('twice')
    sandbox.addImage(`${name}:one`)
    const ids: string[] = []
    for (let time = 0; time < 2; time++) {
      const running = await startKeg(['docker', 'package', container, '--name', name, '-t', 'one', '--json'])
      const result = await running.ended
      expect(result.code, result.stderr).to.equal(0)
      ids.push(String(result.json().image))
    }
    try {
      expect((await findLeftovers(engine, process.env)).map(({id}) => id)).not.to.include.members(ids)
    } finally {
      await docker(['image', 'rm', ids[0] ?? ''])
    }
  })
})
