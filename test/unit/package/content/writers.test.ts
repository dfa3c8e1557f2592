import {expect} from 'chai'
import type {Prompt} from '../../../../src/lib/terminal/prompt.js'
import {EngineError} from '../../../../src/lib/engine/engine-error.js'
import type {ContainerDetails, ContainerRow, MountPoint} from '../../../../src/lib/engine/types.js'
import {Writers, type WritersOptions, type WritersWork} from '../../../../src/lib/package/content/writers.js'
import {thrown} from '../../../support/thrown.js'

type State = 'running' | 'paused' | 'exited'

const data: MountPoint = {Type: 'volume', Name: 'data', Source: '/v/data', Destination: '/data', RW: true}

/** An engine with containers in these states, which all use the same volume. */
class Containers {
  readonly states = new Map<string, State>([['shop', 'running']])
  /** What happens to a container when it is paused: its new state, or an error of the engine. */
  readonly onPause = new Map<string, State | 'gone' | Error>()
  readonly calls: string[] = []

  constructor(others: Readonly<Record<string, State>>) {
    for (const [name, state] of Object.entries(others)) this.states.set(name, state)
  }

  details(name: string): ContainerDetails | undefined {
    const state = this.states.get(name)
    if (state === undefined) return undefined
    const State = {Running: state !== 'exited', Paused: state === 'paused', StartedAt: 'then'}
    return {Id: name, Name: `/${name}`, HostConfig: {}, Mounts: [data], State} as unknown as ContainerDetails
  }

  readonly engine: WritersWork['engine'] = {
    container: (id) => Promise.resolve(this.details(id)),
    containers: () => {
      const rows = [...this.states].map(([name, State]) => ({Id: name, Names: [`/${name}`], Mounts: [data], State}))
      return Promise.resolve(rows.filter(({State}) => State !== 'exited') as unknown as ContainerRow[])
    },
    pauseContainer: async (id) => {
      this.calls.push(`pause ${id}`)
      const event = this.onPause.get(id) ?? 'paused'
      if (event instanceof Error) throw event
      if (event === 'gone') this.states.delete(id)
      else this.states.set(id, event)
      if (event === 'gone') throw new EngineError(404, 'no such container')
      if (event === 'exited') throw new EngineError(409, 'is not running')
      return Promise.resolve()
    },
    unpauseContainer: (id) => {
      this.calls.push(`unpause ${id}`)
      this.states.set(id, 'running')
      return Promise.resolve()
    },
    volume: () => Promise.resolve(undefined),
  }

  writers(options: Partial<WritersOptions> = {}, work: Partial<WritersWork> = {}): Promise<Writers> {
    const container = this.details('shop')
    if (container === undefined) throw new Error('no container')
    const {signal} = new AbortController()
    return Writers.find(
      {engine: this.engine, signal, ...work},
      {container, destinations: ['/data'], pause: true, ...options},
    )
  }

  /** Captures, and returns the states while reading. */
  async read(writers: Writers, meanwhile: () => void = () => undefined): Promise<Record<string, State>> {
    return writers.whilePaused(async () => {
      await writers.look()
      const states = Object.fromEntries(this.states)
      meanwhile()
      await writers.look()
      return states
    })
  }
}

/** @param answer undefined without a terminal */
function answering(answer: boolean | undefined, asked: string[] = []): Prompt {
  return {
    isInteractive: answer !== undefined,
    confirm: (question) => {
      asked.push(question)
      return answer === undefined ? Promise.reject(new Error('nobody')) : Promise.resolve(answer)
    },
    choose: () => Promise.reject(new Error('not asked')),
    text: () => Promise.reject(new Error('not asked')),
  }
}

const nobody = answering(undefined)
const worker = (paused: boolean): object => ({container: 'worker', mounts: ['/data'], paused})

describe('containers that write to the mounts of another', () => {
  it('are paused in parallel with the flag, and unpaused afterwards', async () => {
    const containers = new Containers({worker: 'running', cron: 'running'})
    const writers = await containers.writers()
    expect(writers.planned).to.deep.equal([{...worker(true), container: 'cron'}, worker(true)])
    expect((await writers.decide(nobody)).map(({Id}) => Id)).to.deep.equal(['cron', 'worker'])
    expect(await containers.read(writers)).to.deep.equal({shop: 'running', worker: 'paused', cron: 'paused'})
    expect(containers.calls).to.deep.equal(['pause cron', 'pause worker', 'unpause cron', 'unpause worker'])
    expect(writers.all).to.deep.equal(writers.planned)
    expect([writers.unpaused, writers.warnings]).to.deep.equal([[], []])
  })

  for (const [answer, asks] of [
    [undefined, false],
    [false, true],
  ] as const)
    it(`run on without the flag, with a warning, if ${asks ? 'the answer is no' : 'there is no prompt'}`, async () => {
      const containers = new Containers({worker: 'running'})
      const asked: string[] = []
      const writers = await containers.writers({pause: false})
      expect(writers.planned).to.deep.equal([worker(false)])
      expect(await writers.decide(answering(answer, asked))).to.deep.equal([])
      expect(asked).to.deep.equal(asks ? ['Pause worker too while shop is read?'] : [])
      expect(await containers.read(writers)).to.deep.equal({shop: 'running', worker: 'running'})
      expect([containers.calls, writers.all, writers.unpaused]).to.deep.equal([[], [worker(false)], [worker(false)]])
      expect(writers.warnings.join()).to.contain('--pause-writers')
    })

  it('are paused if the answer is yes', async () => {
    const containers = new Containers({worker: 'running', asleep: 'paused'})
    const writers = await containers.writers({pause: false})
    await writers.decide(answering(true))
    expect((await containers.read(writers)).worker).to.equal('paused')
    expect([writers.all, writers.warnings]).to.deep.equal([[worker(true)], []])
    expect(Object.fromEntries(containers.states)).to.include({worker: 'running', asleep: 'paused'})
  })

  it('cause no prompt if none runs', async () => {
    const writers = await new Containers({worker: 'paused'}).writers({pause: false})
    expect([writers.planned, await writers.decide(answering(true))]).to.deep.equal([[], []])
  })

  it('stay paused if the user paused them, but are locked: another keg might unpause them', async () => {
    const containers = new Containers({worker: 'paused'})
    const writers = await containers.writers()
    expect((await writers.decide(nobody)).map(({Id}) => Id)).to.deep.equal(['worker'])
    await containers.read(writers)
    expect([containers.calls, writers.all, containers.states.get('worker')]).to.deep.equal([[], [], 'paused'])
  })

  it('are paused again if another keg unpaused them', async () => {
    const containers = new Containers({worker: 'paused'})
    const writers = await containers.writers()
    await writers.decide(nobody)
    containers.states.set('worker', 'running')
    expect((await containers.read(writers)).worker).to.equal('paused')
    expect(writers.all).to.deep.equal([worker(true)])
  })

  it('stay paused if somebody else paused them first', async () => {
    const containers = new Containers({worker: 'running'})
    const {engine} = containers
    const pauseContainer = (id: string): Promise<void> => {
      containers.states.set(id, 'paused')
      return Promise.reject(new EngineError(409, 'is already paused'))
    }
    const writers = await containers.writers({}, {engine: {...engine, pauseContainer}})
    await writers.decide(nobody)
    await containers.read(writers)
    expect([containers.calls, containers.states.get('worker'), writers.all]).to.deep.equal([[], 'paused', []])
  })

  for (const end of ['exited', 'gone'] as const)
    it(`are ignored once they are ${end}`, async () => {
      const containers = new Containers({worker: 'running', cron: 'running'})
      containers.onPause.set('worker', end)
      const writers = await containers.writers()
      await writers.decide(nobody)
      await containers.read(writers)
      expect(containers.calls).to.deep.equal(['pause cron', 'pause worker', 'unpause cron'])
      expect(writers.all).to.deep.equal([{...worker(true), container: 'cron'}])
    })

  for (const [what, state] of [
    ['unpaused', 'running'],
    ['ended', 'exited'],
  ] as const)
    it(`might have written if somebody else ${what} them meanwhile`, async () => {
      const containers = new Containers({worker: 'running'})
      const writers = await containers.writers()
      await writers.decide(nobody)
      await containers.read(writers, () => containers.states.set('worker', state))
      expect([writers.all, writers.unpaused]).to.deep.equal([[worker(false)], [worker(false)]])
      expect(writers.warnings.join()).to.match(/started or unpaused/)
    })

  it('might have written if they were started meanwhile', async () => {
    const containers = new Containers({})
    const writers = await containers.writers()
    await writers.decide(nobody)
    await containers.read(writers, () => containers.states.set('worker', 'running'))
    expect([writers.planned, writers.unpaused]).to.deep.equal([[], [worker(false)]])
  })

  it('are all unpaused if one of them cannot be paused', async () => {
    const containers = new Containers({worker: 'running', cron: 'running'})
    containers.onPause.set('cron', new EngineError(500, 'cgroup is not mounted'))
    const writers = await containers.writers()
    await writers.decide(nobody)
    const error = await thrown(containers.read(writers))
    expect(error).to.include({code: 'pause-failed'}).and.have.property('hint').that.contains('--pause-writers')
    expect(Object.fromEntries(containers.states)).to.include({worker: 'running', cron: 'running'})
  })

  it('are unpaused if the answer is lost or reading fails, and not paused once keg is interrupted', async () => {
    const containers = new Containers({worker: 'running', cron: 'running'})
    const {engine} = containers
    const lost = (id: string): Promise<void> => {
      containers.states.set(id, 'paused')
      return Promise.reject(new Error('lost'))
    }
    const stop = new AbortController()
    const running = {shop: 'running', worker: 'running', cron: 'running'}
    const losing = await containers.writers({}, {engine: {...engine, pauseContainer: lost}})
    await losing.decide(nobody)
    expect(await thrown(containers.read(losing))).to.have.property('message', 'lost')
    expect(Object.fromEntries(containers.states)).to.deep.equal(running)

    const writers = await containers.writers({}, {signal: stop.signal})
    await writers.decide(nobody)
    const failed = writers.whilePaused(() => Promise.reject(new Error('unread')))
    expect(await thrown(failed)).to.have.property('message', 'unread')
    expect(Object.fromEntries(containers.states)).to.deep.equal(running)

    containers.calls.length = 0
    stop.abort(new Error('ended'))
    expect(await thrown(containers.read(writers))).to.have.property('message', 'ended')
    expect(containers.calls).to.deep.equal([])
  })
})
