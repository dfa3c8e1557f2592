import {expect} from 'chai'
import {KegError} from '../../../../src/lib/error/keg-error.js'
import {settingsLabel, SYNC_LABELS} from '../../../../src/lib/mutagen/session-labels.js'
import type {SyncSession} from '../../../../src/lib/mutagen/session.js'
import {plannedResult} from '../../../../src/lib/sync/create/create-result.js'
import type {ExistingSessions, SyncObservation, SyncOptions} from '../../../../src/lib/sync/create/model.js'
import {planSync, settingsOf} from '../../../../src/lib/sync/create/plan-sync.js'
import {exampleContainer as container} from '../example-container.js'
import {session} from '../example-session.js'

const options: SyncOptions = {
  target: undefined,
  local: undefined,
  remote: undefined,
  mode: 'two-way-safe',
  ignore: ['*.log'],
  ignoresVersionControl: true,
  watchMode: 'portable',
  permissions: {owner: undefined, group: undefined, fileMode: undefined, directoryMode: undefined},
  force: false,
  wait: true,
  dryRun: false,
}

const none: ExistingSessions = {same: [], bound: undefined, gone: [], otherBranches: [], others: []}

const observed: SyncObservation = {
  container,
  local: '/home/me/shop',
  remote: '/app',
  branch: 'main',
  root: {uid: 0, gid: 0, mode: 0o755},
  user: {uid: 0, gid: 0, groups: [0], name: 'root', home: '/root'},
  database: {users: [], groups: []},
  agentProblem: undefined,
  localPermissions: {owner: undefined, group: undefined, fileMode: 0o644, directoryMode: 0o755},
  defaultIgnores: ['node_modules'],
  ownData: ['/.mutagen*'],
  mounts: [{path: 'uploads', type: 'volume'}],
  sessions: none,
  isReplaceable: false,
  losses: {deleted: [], overwritten: []},
}

/** A session of keg of those folders, created with these options. */
function own(changes: Partial<SyncSession> = {}, made: SyncOptions = options): SyncSession {
  const labels = {[SYNC_LABELS.own]: '1', [SYNC_LABELS.settings]: settingsLabel(settingsOf(observed, made))}
  return session({labels, ...changes})
}

function existing(changes: Partial<ExistingSessions>): SyncObservation {
  return {...observed, sessions: {...none, bound: 'main', ...changes}}
}

describe('sync plan', () => {
  it('is plain data: it survives JSON', () => {
    for (const sessions of [none, {...none, same: [own()], bound: 'main'}]) {
      const plan = planSync({...observed, sessions}, options)
      const carried = JSON.parse(JSON.stringify(plan)) as unknown
      // undefined means the same as missing.
      expect(JSON.stringify(carried)).to.equal(JSON.stringify(plan))
      expect(structuredClone(plan)).to.deep.equal(plan)
    }
  })

  it('creates a session if there is none, from all options and findings', () => {
    const plan = planSync(observed, options)
    expect(plan.session).to.deep.equal({
      action: 'make',
      name: 'shop',
      current: undefined,
      resumes: false,
      binds: undefined,
      ended: [],
      paused: [],
    })
    expect(plan.settings).to.deep.include({
      local: '/home/me/shop',
      container: container.Id,
      remote: '/app',
      mode: 'two-way-safe',
      localPermissions: observed.localPermissions,
      remotePermissions: {owner: undefined, group: undefined, fileMode: 0o644, directoryMode: 0o755},
    })
    expect(plan.settings.ignores.slice(-4)).to.deep.equal(['node_modules', '*.log', '/.mutagen*', '/uploads'])
    expect(plan).to.include({firstSync: 'merge', makesRemote: false, asks: false, waits: true, troubles: 'fail'})
    expect(plannedResult(plan)).to.deep.include({
      id: null,
      name: 'shop',
      created: false,
      replaced: [],
      plan: {action: 'make', resumes: false, firstSync: 'merge', makesRemote: false, asks: false},
    })
  })

  it('creates a missing folder in the container, unless no agent can run there', () => {
    expect(planSync({...observed, root: undefined}, options)).to.include({makesRemote: true})
    const lack = {problem: 'it is too small', remedy: 'Enlarge it.'}
    expect(() => planSync({...observed, root: undefined, agentProblem: lack}, options))
      .to.throw(KegError, 'it is too small')
      .with.property('code', 'sync-agent-unfit')
  })

  it('keeps a session with the same settings, resumes a paused one, and binds one of another branch', () => {
    const {created, id} = own()
    const kept = planSync(existing({same: [own()]}), options)
    expect(kept.session).to.deep.include({
      action: 'keep',
      current: {id, name: 'shop', created},
      resumes: false,
      binds: undefined,
    })
    expect(plannedResult(kept)).to.deep.include({id, createdAt: created})
    expect(planSync(existing({same: [own({isPaused: true})]}), options).session).to.include({resumes: true})
    expect(planSync(existing({same: [own({status: 'halted-on-root-emptied'})]}), options).session.resumes).to.equal(
      false,
    )
    expect(planSync(existing({same: [own()], bound: 'other'}), options).session).to.include({binds: 'main'})
  })

  it('replaces one with other settings under its name, ends those of missing containers, and pauses other branches', () => {
    const former = own({name: 'mine'}, {...options, ignore: []})
    const gone = session({id: 'sync_gone', name: 'gone'})
    const other = session({id: 'sync_other', name: 'other'})
    const plan = planSync(existing({same: [former], gone: [gone], otherBranches: [other]}), options)
    expect(plan.session).to.deep.include({
      action: 'replace',
      name: 'mine',
      ended: [{id: 'sync_gone', name: 'gone', isOfGone: true}],
      paused: [{id: 'sync_other', name: 'other'}],
    })
    expect(plannedResult(plan)).to.deep.include({
      id: null,
      name: 'mine',
      replaced: ['sync_gone', former.id],
      pausedOthers: [{id: 'sync_other', name: 'other'}],
    })
    // One with another name counts as another.
    expect(planSync(existing({same: [own()]}), {...options, name: 'new'}).session).to.include({
      action: 'replace',
      name: 'new',
    })
  })

  it('asks about losses of a replica, but not about files of the image', () => {
    const losses = {deleted: ['data.sqlite'], overwritten: ['main.js']}
    const replica = {...options, mode: 'one-way-replica'} as const
    const plan = planSync({...observed, losses}, replica)
    expect(plan).to.deep.include({asks: true, losses, firstSync: 'merge'})
    expect(plannedResult(plan)).to.deep.include({losses}).and.to.have.nested.property('plan.asks', true)
    expect(planSync(observed, replica)).to.include({asks: false})
    expect(planSync({...observed, losses, isReplaceable: true}, options)).to.include({
      asks: false,
      firstSync: 'replace',
    })
  })

  it('uses the given name, or adds a number if the name is taken', () => {
    const others = [session({id: 'sync_theirs', name: 'shop'})]
    expect(planSync(existing({others}), options).session.name).to.equal('shop-2')
    expect(planSync(existing({others}), {...options, defaultName: 'shop-db'}).session.name).to.equal('shop-db')
    expect(() => planSync(existing({others}), {...options, name: 'shop'}))
      .to.throw(KegError)
      .with.property('code', 'sync-name-taken')
  })
})
