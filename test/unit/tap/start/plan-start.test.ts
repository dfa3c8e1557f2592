import {expect} from 'chai'
import type {ContainerDetails} from '../../../../src/lib/engine/types.js'
import {NO_LOSSES} from '../../../../src/lib/tap/containers/losses.js'
import type {CodeOfImage, StartObservation, StartPlan} from '../../../../src/lib/tap/start/model.js'
import {differencesOf, planStart} from '../../../../src/lib/tap/start/plan-start.js'
import {shownPlan} from '../../../../src/lib/tap/start/start-result.js'
import {app, database, nothing, running, unsaid, wanted} from './example-start.js'

const changed = {...wanted, settings: {...wanted.settings, app: 'others'}}
const CHANGED = 'its settings have changed'

/** The arguments of docker compose. */
function calls({steps}: StartPlan): string[] {
  return steps.map((step) => (step.kind === 'compose' ? step.args.join(' ') : `remove ${step.container}`))
}

function lost(paths: readonly string[], reproducible: readonly string[] = []): StartObservation {
  return {...running, losses: {...NO_LOSSES, lost: paths, reproducible}}
}

function stateOf(container: ContainerDetails, changes: Partial<ContainerDetails['State']>): ContainerDetails {
  return {...container, State: {...container.State, ...changes}}
}

describe('start plan', () => {
  it('is plain data: it survives JSON and a clone', () => {
    for (const observed of [nothing, running, lost(['/own'])]) {
      const plan = planStart(changed, observed, unsaid)
      expect(structuredClone(plan)).to.deep.equal(plan)
      expect(JSON.stringify(JSON.parse(JSON.stringify(plan)))).to.equal(JSON.stringify(plan))
    }
  })

  it('creates everything if nothing exists', () => {
    const plan = planStart(wanted, nothing, unsaid)
    expect(plan).to.deep.include({isSynced: true, notices: [], question: undefined})
    expect(calls(plan)).to.deep.equal(['up --detach --no-recreate'])
    expect(shownPlan(plan)).to.deep.equal({
      image: {source: 'pull', id: 'sha256:1'},
      container: {action: 'create', reasons: [], losses: [], reproducible: []},
      services: [{service: 'db', action: 'create', losses: []}],
      networks: [],
      synced: true,
      question: null,
      compose: ['up --detach --no-recreate'],
    })
    expect(planStart(wanted, nothing, {...unsaid, recreate: true}).container.action).to.equal('create')
  })

  it('does nothing if everything runs as wanted', () => {
    const plan = planStart(wanted, running, unsaid)
    expect(plan.container).to.deep.equal({action: 'keep', reasons: [], losses: NO_LOSSES})
    expect(plan.services).to.deep.equal([{service: 'db', action: 'keep', losses: []}])
    expect(calls(plan)).to.deep.equal([])
  })

  const unwell: readonly [string, Partial<ContainerDetails['State']>][] = [
    ['has ended', {Running: false, Status: 'exited'}],
    ['is paused', {Paused: true}],
    ['is started again', {Restarting: true}],
    ['is not healthy', {Health: {Status: 'unhealthy', Log: []}}],
  ]
  for (const [what, state] of unwell)
    it(`runs docker compose for a service that ${what}`, () => {
      const stopped = stateOf(database, state)
      const plan = planStart(
        wanted,
        {
          ...running,
          existing: {main: app, services: [stopped]},
          services: [{container: stopped, isChanged: false, losses: []}],
        },
        unsaid,
      )
      expect(plan.container.action).to.equal('keep')
      expect(calls(plan)).to.deep.equal(['up --detach --no-recreate'])
    })

  it('runs docker compose for a service that is missing, has several containers, or is no longer in the files', () => {
    const alone = {...running, existing: {main: app, services: []}, services: []}
    expect(calls(planStart(wanted, alone, unsaid))).to.deep.equal(['up --detach --no-recreate'])
    const {model} = wanted
    const several = {...wanted, model: {...model, services: {...model.services, db: {deploy: {replicas: 2}}}}}
    expect(calls(planStart(several, running, unsaid))).to.deep.equal(['up --detach --no-recreate'])
    const fewer = {...wanted, model: {...model, services: {app: {image: 'shop:main'}}}}
    expect(calls(planStart(fewer, running, unsaid))).to.deep.equal(['up --detach --no-recreate'])
  })

  it('starts a stopped container', () => {
    const main = stateOf(app, {Running: false, Status: 'exited'})
    const plan = planStart(wanted, {...running, existing: {main, services: [database]}}, unsaid)
    expect(plan.container.action).to.equal('start')
    expect(calls(plan)).to.deep.equal(['up --detach --no-recreate'])
  })

  it('recreates a changed container if nothing is lost, and says what can be reproduced', () => {
    const plan = planStart(changed, {...lost([], ['/app/node_modules']), isIdle: true}, unsaid)
    expect(plan.container).to.deep.include({action: 'recreate', reasons: [CHANGED]})
    expect(plan.question).to.equal(undefined)
    expect(plan.notices).to.deep.equal([
      'Removed with the old container, and created again by itself: /app/node_modules.',
    ])
    expect(calls(plan)).to.deep.equal(['up --detach --force-recreate --timeout 1 app', 'up --detach --no-recreate'])
    expect(shownPlan(plan).container).to.deep.include({losses: [], reproducible: ['/app/node_modules']})
  })

  it('asks before it recreates a container with losses, and follows the answer', () => {
    const plan = planStart(changed, lost(['/own']), unsaid)
    expect(plan.container).to.deep.include({action: 'recreate', reasons: [CHANGED]})
    expect(plan.question).to.deep.include({kind: 'recreate', differences: [CHANGED]})
    expect(shownPlan(plan)).to.have.nested.property('question.flags', '--recreate or --no-recreate')
    expect(shownPlan(plan).container.losses).to.deep.equal(['/own'])
    const kept = planStart(changed, lost(['/own']), {...unsaid, answers: {recreate: 'start'}})
    expect(kept).to.deep.include({question: undefined, steps: []})
    expect(kept.container).to.deep.include({action: 'keep', reasons: [CHANGED]})
    const made = planStart(changed, lost(['/own']), {...unsaid, answers: {recreate: 'recreate'}})
    expect(made.question).to.equal(undefined)
    expect(made.container).to.deep.include({action: 'recreate', reasons: [CHANGED]})
  })

  it('follows --recreate and --no-recreate', () => {
    expect(planStart(wanted, running, {...unsaid, recreate: true}).container.reasons).to.deep.equal([
      '--recreate was given',
    ])
    expect(planStart(changed, lost(['/own']), {...unsaid, recreate: true})).to.include({question: undefined})
    expect(planStart(changed, running, {...unsaid, recreate: false}).container.action).to.equal('keep')
  })

  it('recreates a changed service, unless it has losses', () => {
    const observed = (losses: readonly string[]): StartObservation => ({
      ...running,
      services: [{container: database, isChanged: true, losses}],
    })
    const made = planStart(wanted, observed([]), unsaid)
    expect(made.services).to.deep.equal([{service: 'db', action: 'recreate', losses: []}])
    expect(calls(made)).to.deep.equal(['up --detach --no-deps --force-recreate db', 'up --detach --no-recreate'])
    const kept = planStart(wanted, observed(['/data']), unsaid)
    expect(kept.services).to.deep.equal([{service: 'db', action: 'keep', losses: ['/data']}])
    expect(kept.notices).to.have.length(1)
    expect(kept.notices[0]).to.match(/^Warning: .*shop-main-db-1.*\/data.*--recreate/)
    // Then the app is recreated without it.
    expect(calls(planStart(changed, observed(['/data']), unsaid))).to.deep.equal([
      'up --detach --no-recreate db',
      'up --detach --force-recreate --no-deps app',
      'up --detach --no-recreate',
    ])
    const forced = planStart(wanted, observed(['/data']), {...unsaid, recreate: true})
    expect(forced.services).to.deep.equal([{service: 'db', action: 'recreate', losses: ['/data']}])
  })

  it("removes another service's container with the app's name, and builds first", () => {
    const other = {...app, Config: {...app.Config, Labels: {...app.Config.Labels, 'com.docker.compose.service': 'web'}}}
    const plan = planStart(wanted, {...running, existing: {main: other, services: [database]}}, unsaid)
    expect(plan.container.reasons).to.deep.equal(['it does not belong to the service app'])
    expect(calls(plan)[0]).to.equal(`remove ${app.Id}`)
    const {model} = wanted
    const built = {...wanted, model: {...model, services: {...model.services, db: {build: {context: '.'}}}}}
    expect(calls(planStart(built, running, {...unsaid, build: true}))).to.deep.equal([
      'build db',
      'up --detach --no-recreate',
    ])
  })

  it('renews anonymous volumes for a package', () => {
    expect(calls(planStart(changed, running, {...unsaid, isChosen: true}))[0]).to.include('--renew-anon-volumes')
  })
})

describe('code in an image to run', () => {
  const [here, there] = ['a'.repeat(40), 'b'.repeat(40)]
  const other: CodeOfImage = {
    name: 'shop:x',
    origin: {kind: 'other-branch', branch: 'feature/\u001bx', checkedOut: 'main'},
  }
  const chosen = {...unsaid, isChosen: true}

  it('of the same branch is synced, with a warning that names both commits if they differ', () => {
    const same = planStart(wanted, {...nothing, chosenCode: {name: 'shop:x', origin: {kind: 'same'}}}, chosen)
    expect(same).to.deep.include({isSynced: true, notices: []})
    const origin = {kind: 'other-commit', commit: there, checkedOut: here} as const
    const older = planStart(wanted, {...nothing, chosenCode: {name: 'shop:x', origin}}, chosen)
    expect(older).to.include({isSynced: true})
    expect(older.notices[0]).to.match(/^Warning: .*bbbbbbbbbbbb.*aaaaaaaaaaaa/)
  })

  it('of another branch causes a prompt before it is overwritten by a sync', () => {
    const plan = planStart(wanted, {...nothing, chosenCode: other}, chosen)
    expect(plan.question).to.deep.include({kind: 'code'})
    const {flags, text} = shownPlan(plan).question ?? {}
    expect(flags).to.equal('--no-sync or --force')
    expect(text).to.include('feature/?x').and.to.include('main')
  })

  it('of another branch is overwritten with --force or by an answer, and is kept without a sync', () => {
    const planned = (choices: Partial<typeof unsaid>) =>
      planStart(wanted, {...nothing, chosenCode: other}, {...chosen, ...choices})
    for (const choices of [{force: true}, {answers: {code: 'force'}}] as const) {
      expect(planned(choices)).to.deep.include({isSynced: true, question: undefined})
      expect(planned(choices).notices[0]).to.match(/^Warning: .*the folder overwrites its code/)
    }
    for (const choices of [{sync: false}, {sync: false, force: true}, {answers: {code: 'no-sync'}}] as const)
      expect(planned(choices)).to.deep.include({isSynced: false, question: undefined})
  })

  it('matters in a container that is kept', () => {
    const kept = {...running, existingCode: other}
    expect(planStart(wanted, kept, unsaid).question).to.deep.include({kind: 'code'})
    expect(planStart(changed, kept, unsaid)).to.include({question: undefined, isSynced: true})
  })
})

describe('differences of a container', () => {
  const found = {lostPorts: [], lostNetworks: [], command: undefined}

  it('are none if image, service and settings are the same', () => {
    expect(differencesOf(app, wanted, found)).to.deep.equal([])
  })

  const table: readonly [
    string,
    Partial<typeof wanted>,
    Partial<Pick<StartObservation, 'command' | 'lostNetworks' | 'lostPorts'>>,
    RegExp,
  ][] = [
    ['its image, by what that is', {image: {...wanted.image, image: undefined}}, {}, /image.*shop:main/],
    ['its service', {service: 'web', settings: {web: 'settings-of-app'}}, {}, /service web/],
    ['its settings', {settings: {}}, {}, /settings/],
    ['a port that it cannot have again', {}, {lostPorts: ['8080']}, /8080/],
    ['a network that is gone', {}, {lostNetworks: ['shop_default']}, /its network shop_default is gone/],
    ['a command that nobody can tell it', {}, {command: 'test'}, /command.*test/],
  ]
  for (const [what, change, seen, expected] of table)
    it(`are ${what}`, () => {
      const [difference, ...others] = differencesOf(app, {...wanted, ...change}, {...found, ...seen})
      expect(difference).to.match(expected)
      expect(others).to.deep.equal([])
    })
})
