import {expect} from 'chai'
import {findEndpoint} from '../../../../src/lib/engine/endpoint.js'
import type {ContainerState} from '../../../../src/lib/engine/types.js'
import {InterruptedError, KegError} from '../../../../src/lib/error/keg-error.js'
import {ContainerSyncs} from '../../../../src/lib/container/sync/container-syncs.js'
import {silent} from '../../../../src/lib/terminal/progress.js'
import {GitSandbox} from '../../../support/git.js'
import {thrown} from '../../../support/thrown.js'
import {containerWith} from '../../package/details.js'
import {SESSION as ID, StandInMutagen, type StandInState} from '../../sync/stand-in-mutagen.js'

const container = containerWith()

describe('flushing and pausing syncs before a package', function () {
  this.timeout(60_000)

  let mutagen: StandInMutagen
  let warnings: string[]

  beforeEach(async () => {
    warnings = []
    mutagen = await StandInMutagen.install()
  })
  afterEach(() => mutagen.remove())

  async function find(
    state: StandInState,
    containerState: Partial<ContainerState> = {},
    {needsGit = false} = {},
  ): Promise<ContainerSyncs> {
    await mutagen.set({container: container.Id, ...state})
    const {PATH = ''} = process.env
    const environment = {
      ...mutagen.environment,
      PATH: [mutagen.environment.PATH, ...(needsGit ? [PATH] : [])].join(':'),
    }
    const running = {...container, State: {...container.State, Running: true, Paused: false, ...containerState}}
    const engine = {endpoint: await findEndpoint(environment), container: () => Promise.resolve(running)}
    const {signal} = new AbortController()
    const warn = (text: string): number => warnings.push(text)
    return ContainerSyncs.find({engine, environment, warn, signal}, {container, mayStartDaemon: true})
  }

  const asked = (): Promise<string[]> => mutagen.asked()
  const usual = {progress: silent, signal: new AbortController().signal}

  it('flushes, pauses and resumes', async () => {
    await using syncs = await find({})
    expect(await syncs.toPause(usual.signal)).to.deep.equal([ID])
    await syncs.settle(usual)
    expect(await asked()).to.deep.equal(['flush', 'pause'])
    expect(syncs.synced).to.match(/^\d{4}-\d\d-\d\dT/)
    await syncs.resume()
    await syncs.resume()
    expect(await asked()).to.deep.equal(['flush', 'pause', 'resume'])
    expect(warnings).to.deep.equal([])
  })

  it('only flushes a session that keg did not create', async () => {
    await using syncs = await find({foreign: true})
    expect(await syncs.toPause(usual.signal)).to.deep.equal([])
    await syncs.settle(usual)
    await syncs.resume()
    expect(await asked()).to.deep.equal(['flush'])
    expect(syncs.hasActiveUnmanaged).to.equal(true)
  })

  it('leaves a session that the user paused alone, and warns what that means', async () => {
    await using syncs = await find({paused: true})
    await syncs.settle(usual)
    await syncs.resume()
    expect(await asked()).to.deep.equal([])
    expect(syncs.synced).to.equal(undefined)
    expect(warnings).to.deep.equal([
      'The sync shop is paused: what changed in /home/me/shop since then is not in the package.',
    ])
  })

  it('warns if the folder has a branch other than the sync’s checked out, and continues', async () => {
    const git = new GitSandbox()
    try {
      const repository = git.repository()
      await using syncs = await find({branch: 'other', folder: repository}, {}, {needsGit: true})
      await syncs.settle(usual)
      expect(warnings).to.deep.equal([
        `The sync shop belongs to the branch other, but ${repository} has main checked out.`,
      ])
      expect(syncs.synced).to.be.a('string')
    } finally {
      git.remove()
    }
  })

  it('leaves syncs into a stopped or paused container alone', async () => {
    for (const state of [{Running: false}, {Paused: true}]) {
      await using syncs = await find({}, state)
      await syncs.settle(usual)
      expect(syncs.synced).to.equal(undefined)
    }
    expect(await asked()).to.deep.equal([])
    expect(warnings.join()).to.match(/does not run, so the sync shop.*is paused, so the sync shop/)
  })

  it('refuses a sync that is not clean, before it pauses anything', async () => {
    const conflicts = ['a', '\u001b[2Jb'].map((root) => ({
      root,
      alphaChanges: [{path: root, new: {kind: 'file'}}],
      betaChanges: [{path: root, new: {kind: 'file'}}],
    }))
    await using syncs = await find({conflicts})
    const error = await thrown(syncs.settle(usual))
    expect(error).to.be.instanceOf(KegError).and.include({code: 'sync-unclean', exitCode: 3})
    expect(error.message).to.include('  conflict a: created in the folder').and.not.include('\u001b')
    expect(await asked()).to.deep.equal(['flush'])
    await using halted = await find({status: 'halted-on-root-emptied'})
    expect(await thrown(halted.settle(usual))).to.include({code: 'sync-unclean'})
  })

  it('only checks the syncs in a dry run', async () => {
    const conflict = {root: 'a', alphaChanges: [], betaChanges: [{path: 'a', new: {kind: 'file'}}]}
    await using unclean = await find({conflicts: [conflict]})
    const settling = await thrown(unclean.settle(usual))
    await mutagen.forget()
    expect(await thrown(unclean.check(usual.signal)))
      .to.be.instanceOf(KegError)
      .and.include({code: 'sync-unclean', exitCode: 3, message: settling.message})
    await using clean = await find({})
    await clean.check(usual.signal)
    expect(warnings).to.deep.equal([])
    await using stopped = await find({}, {Running: false})
    await stopped.check(usual.signal)
    expect(warnings.splice(0).join()).to.match(/does not run, so the sync shop/)
    await using busy = await find({status: 'staging-beta'})
    await busy.check(usual.signal)
    expect(warnings).to.deep.equal([
      'The sync shop is still transferring changes, which are not counted here. Packaging waits for them.',
    ])
    expect(await asked()).to.deep.equal([])
  })

  it('gives up on a sync that makes no progress', async () => {
    await using syncs = await find({hang: 'flush'})
    const error = await thrown(syncs.settle(usual, {patience: 300}))
    expect(error).to.include({code: 'sync-unclean'})
    expect(error.message).to.include('has made no progress for')
  })

  it('ends at once when aborted, and resumes what it may have paused', async () => {
    for (const hang of ['flush', 'pause']) {
      await mutagen.forget()
      const stop = new AbortController()
      const syncs = await find({hang})
      const settling = thrown(syncs.settle({...usual, signal: stop.signal}))
      while (!(await asked()).includes(hang)) await new Promise((resolve) => setTimeout(resolve, 20))
      stop.abort(new InterruptedError('SIGINT'))
      expect(await settling).to.be.instanceOf(InterruptedError)
      await syncs[Symbol.asyncDispose]()
      expect(await asked()).to.deep.equal(hang === 'flush' ? ['flush'] : ['flush', 'pause', 'resume'])
    }
  })

  it('only warns if a sync cannot be resumed', async () => {
    await using syncs = await find({fail: 'resume'})
    await syncs.settle(usual)
    await syncs.resume()
    expect(warnings).to.deep.equal(['The sync shop is still paused. Resume it with: keg sync resume shop'])
  })

  it('does nothing if Mutagen has no sessions, and warns that it cannot check them without Mutagen', async () => {
    await mutagen.uninstall()
    const blind = await find({})
    expect(blind).to.include({isUnknown: true})
    expect(warnings.join()).to.include('Cannot check the syncs into app: Mutagen is not on the PATH')
    warnings = []
    await mutagen.removeSessions()
    const none = await find({})
    expect(none).to.include({isUnknown: false, synced: undefined})
    expect(none.planned).to.deep.equal([])
    await none.settle(usual)
    expect(warnings).to.deep.equal([])
  })
})
