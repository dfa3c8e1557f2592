import {expect} from 'chai'
import {packageResult} from '../../../src/lib/package/package-result.js'
import {planText, resultText} from '../../../src/lib/package/package-text.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {planWith, volume} from './plan.js'

const digest = parseReference(`app@sha256:${'d'.repeat(64)}`).digest
const outcome = {layers: 3, bytes: 5000, entries: 7, pausedMilliseconds: 1200}
const registry = 'registry.example.com'

describe('plan of a package, as text', () => {
  it('says what is packaged, under which names, from where, and what of its mounts goes in', () => {
    const out = {
      destination: '/etc/app',
      type: 'bind',
      bytes: null,
      included: false,
      reason: 'a system folder',
      flag: '--include-mount /etc/app',
    }
    const never = {...out, destination: '/run/s', reason: 'a socket: it has no contents', flag: null}
    const plan = planWith(
      {registry, tags: ['x', 'y']},
      {mounts: [volume, out, never], addedEnvironment: ['A', 'TOKEN']},
    )
    expect(planText(plan).split('\n')).to.deep.equal([
      'Packaging shop-web-1',
      '  as registry.example.com/app:x',
      '  as registry.example.com/app:y',
      "  from main of /home/ada/app (the container's folder), with uncommitted changes",
      '  volume /data, 1.5 kB',
      '  bind /etc/app stays out: a system folder (take it in with --include-mount /etc/app)',
      '  bind /run/s stays out: a socket: it has no contents',
      '  environment beyond its image: A, TOKEN',
    ])
  })

  it('says where a name goes no further than the local engine', () => {
    expect(planText(planWith())).to.include('as app:x (only in the local engine: no registry is set)')
    expect(planText(planWith({registry}, {push: false}))).to.include('as registry.example.com/app:x (not pushed)')
  })

  it('says whose git state it is, and the commit where there is no branch', () => {
    const {project} = planWith()
    const detached = {...project, branch: undefined, origin: 'current folder'} as const
    expect(planText(planWith({}, {project: detached}))).to.include(
      'from cccccccccccc of /home/ada/app (the current folder)',
    )
    const clean = {...project, repository: undefined}
    expect(planText(planWith({}, {project: clean}))).to.not.include('uncommitted')
    const none = {...project, repository: undefined, branch: undefined, commit: undefined, folder: undefined}
    expect(planText(planWith({}, {project: none}))).to.not.include('from')
  })

  it('says what is done about the syncs into the container', () => {
    const folder = '/home/ada/app'
    const syncs = [
      {name: 'app', folder, action: 'flush and pause'},
      {name: 'other', folder, action: 'flush'},
      {name: 'mine', folder, action: 'none'},
    ] as const
    expect(planText(planWith({}, {syncs})).split('\n').slice(-3)).to.deep.equal([
      '  sync app of /home/ada/app: flushed before, and paused while it is read',
      "  sync other of /home/ada/app: flushed before (not keg's: it goes on)",
      '  sync mine of /home/ada/app: paused, so what it has not brought over stays out',
    ])
  })

  it('says where a size is only the least', () => {
    expect(planText(planWith({}, {measured: false}))).to.include('volume /data, more than 1.5 kB')
  })

  it('drives no terminal, whatever names are in it', () => {
    const hostile = '\u001b[2J\n\u202e'
    const plan = planWith(
      {},
      {
        container: hostile,
        addedEnvironment: [hostile],
        mounts: [{...volume, destination: `/${hostile}`}],
        project: {...planWith().project, branch: hostile, folder: `/${hostile}`},
      },
    )
    expect(planText(plan)).to.match(/^[ -~\n]*$/)
    expect(planText(plan).split('\n')).to.have.length(5)
  })
})

describe('result of a package, as text', () => {
  const pushed = packageResult(planWith({registry}), {...outcome, digests: [digest]})

  it('ends in the line a reviewer runs', () => {
    expect(resultText(pushed, {isDryRun: false}).split('\n')).to.deep.equal([
      `Pushed registry.example.com/app:x@sha256:${'d'.repeat(64)} (3 layers, 5 kB, paused for 1.2 s)`,
      '',
      'A reviewer runs it with:',
      `  keg docker package run registry.example.com/app:x@sha256:${'d'.repeat(64)}`,
    ])
  })

  it('does not call made what nobody else can run', () => {
    const local = packageResult(planWith(), {...outcome, pausedMilliseconds: 0, layers: 1})
    expect(resultText(local, {isDryRun: false}).split('\n')).to.deep.equal([
      'Made app:x (1 layer, 5 kB)',
      '',
      'Run it here with:',
      '  keg docker package run --pull never app:x',
    ])
  })

  it('says of a dry run that nothing was changed', () => {
    expect(resultText(packageResult(planWith(), outcome), {isDryRun: true})).to.equal(
      'Nothing was changed. app:x would have 3 layers and add 5 kB.',
    )
  })
})
