import {expect} from 'chai'
import {packageResult} from '../../../src/lib/package/package-result.js'
import {planText, resultText} from '../../../src/lib/package/package-text.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import type {EngineReason} from '../../../src/lib/package/target/model.js'
import {planWith, volume} from './plan.js'

const digest = parseReference(`app@sha256:${'d'.repeat(64)}`).digest
const outcome = {layers: 3, bytes: 5000, entries: 7, pausedMilliseconds: 1200}
const registry = 'registry.example.com'

describe('plan of a package, as text', () => {
  it('says what is packaged, the names, the origin, and which mounts are included', () => {
    const out = {
      destination: '/etc/app',
      type: 'bind',
      bytes: null,
      included: false,
      content: null,
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
      '  as registry.example.com/app:x (straight into the registry, not into the engine)',
      '  as registry.example.com/app:y (straight into the registry, not into the engine)',
      "  from main of /home/ada/app (the container's folder), with uncommitted changes",
      '  volume /data, 1.5 kB',
      '  bind /etc/app excluded: a system folder (include it with --include-mount /etc/app)',
      '  bind /run/s excluded: a socket: it has no contents',
      '  environment beyond its image: A, TOKEN',
    ])
  })

  it('says what no image stores, and whether package run restores it', () => {
    const settings = {init: true, extraHosts: ['db:10.0.0.5'], devices: ['/dev/kvm'], restart: 'always'}
    expect(planText(planWith({}, {settings})).split('\n').slice(-2)).to.deep.equal([
      '  not stored in images, package run restores it: --init --add-host db:10.0.0.5',
      '  not stored in images, package run reports it: device /dev/kvm; restart policy always (docker run --restart)',
    ])
  })

  it('says if a name is only in the local engine', () => {
    expect(planText(planWith())).to.include('as app:x (only in the local engine: no registry is set)')
    expect(planText(planWith({registry}, {push: false}))).to.include('as registry.example.com/app:x (not pushed)')
  })

  it('says if it goes straight into the registry, and whether the engine gets it, too', () => {
    const way = (isLoaded: boolean): string =>
      planText(planWith({registry}, {way: {via: 'registry', isLoaded}})).split('\n')[1] ?? ''
    expect(way(false)).to.equal('  as registry.example.com/app:x (straight into the registry, not into the engine)')
    expect(way(true)).to.equal('  as registry.example.com/app:x (straight into the registry, and into the engine)')
  })

  it('says if it goes through the engine, and why', () => {
    const nameLine = (reason: EngineReason): string =>
      planText(planWith({registry}, {way: {via: 'engine', isLoaded: true, reason}})).split('\n')[1] ?? ''
    const unreachable = {kind: 'registry-unreachable', registry, problem: 'GET "https://x/v2/": timed out'} as const
    expect(nameLine({kind: 'given'})).to.equal('  as registry.example.com/app:x (through the engine)')
    expect(nameLine({kind: 'engine-elsewhere'})).to.match(/x \(through the engine, because it is on another machine\)$/)
    expect(nameLine({kind: 'image-larger', bytes: 1_100_000_000})).to.match(
      /x \(through the engine, because it would have to export 1\.1 GB first\)$/,
    )
    expect(nameLine(unreachable)).to.match(
      /x \(through the engine, because keg cannot reach registry\.example\.com: GET "https:\/\/x\/v2\/": timed out\)$/,
    )
  })

  it('says which file it is written to, what that replaces and leaves out, and that a name is only in it', () => {
    const target = {kind: 'file', path: 'shop.tar', place: '/home/ada/shop.tar', replaces: true} as const
    const output = {target, since: {name: 'app:before', diffIds: new Set<string>()}}
    expect(
      planText(planWith({registry}, {push: false, output}))
        .split('\n')
        .slice(1, 4),
    ).to.deep.equal([
      '  as registry.example.com/app:x (only in the file)',
      '  to shop.tar, which is replaced',
      '  without the layers of app:before',
    ])
    const stream = {target: {kind: 'stream', stream: process.stdout}, since: undefined} as const
    expect(
      planText(planWith({registry}, {output: stream}))
        .split('\n')
        .slice(1, 3),
    ).to.deep.equal([
      '  as registry.example.com/app:x (straight into the registry, not into the engine)',
      '  to standard output',
    ])
  })

  it('names the origin of the git state, and the commit if there is no branch', () => {
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

  it('says what happens to the syncs into the container', () => {
    const folder = '/home/ada/app'
    const syncs = [
      {name: 'app', folder, action: 'flush and pause'},
      {name: 'other', folder, action: 'flush'},
      {name: 'mine', folder, action: 'none'},
    ] as const
    expect(planText(planWith({}, {syncs})).split('\n').slice(-3)).to.deep.equal([
      '  sync app of /home/ada/app: flushed before, and paused while it is read',
      "  sync other of /home/ada/app: flushed before (not keg's: it is not paused)",
      '  sync mine of /home/ada/app: paused, so changes that it has not synced are not in the package',
    ])
  })

  it('says if the container is paused until everything is sent', () => {
    expect(
      planText(planWith({}, {pause: 'stream'}))
        .split('\n')
        .at(-1),
    ).to.match(/^ {2}paused until everything is sent: /)
    expect(planText(planWith())).to.not.include('paused until')
  })

  it('says if a size is only a minimum', () => {
    expect(planText(planWith({}, {measured: false}))).to.include('volume /data, more than 1.5 kB')
  })

  it('prints no control characters of any name', () => {
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

  it('ends with the line for a reviewer', () => {
    expect(resultText(pushed, {isDryRun: false}).split('\n')).to.deep.equal([
      `Pushed registry.example.com/app:x@sha256:${'d'.repeat(64)} (3 layers, 5 kB, paused for 1.2 s)`,
      'It is in the registry, and not in this engine.',
      '',
      'A reviewer runs it with:',
      `  keg docker package run registry.example.com/app:x@sha256:${'d'.repeat(64)}`,
    ])
  })

  it('says that it is only in the registry, and what took long', () => {
    const plan = planWith({registry}, {way: {via: 'registry', isLoaded: false}})
    const slow = {stage: 'Pushing it', milliseconds: 61_000}
    const result = packageResult(plan, {...outcome, image: undefined, digests: [digest], slowest: slow})
    expect(result).to.deep.include({image: null, via: 'registry', slowest: slow})
    expect(resultText(result, {isDryRun: false}).split('\n').slice(1, 4)).to.deep.equal([
      'Slowest: Pushing it, 1 min 1 s',
      'It is in the registry, and not in this engine.',
      '',
    ])
    const quick = packageResult(plan, {...outcome, digests: [digest], slowest: {stage: 'x', milliseconds: 4999}})
    expect(resultText(quick, {isDryRun: false})).not.to.include('Slowest')
  })

  it('prints the local line for an image that was not pushed', () => {
    const local = packageResult(planWith(), {...outcome, pausedMilliseconds: 0, layers: 1})
    expect(resultText(local, {isDryRun: false}).split('\n')).to.deep.equal([
      'Made app:x (1 layer, 5 kB)',
      '',
      'Run it here with:',
      '  keg docker package run --pull never app:x',
    ])
  })

  it('says which file was written, with the line for whoever gets it; a dry run says which would be', () => {
    const target = {kind: 'file', path: './it is', place: '/home/ada/it is', replaces: false} as const
    const plan = planWith({}, {output: {target, since: undefined}})
    const result = packageResult(plan, {...outcome, fileBytes: 2000})
    expect([result.file, result.fileBytes]).to.deep.equal(['/home/ada/it is', 2000])
    expect(resultText(result, {isDryRun: false}).split('\n')).to.deep.equal([
      'Wrote /home/ada/it is, 2 kB',
      'Made app:x (3 layers, 5 kB, paused for 1.2 s)',
      '',
      'A reviewer runs it with:',
      "  keg docker package run './it is'",
    ])
    expect(resultText(packageResult(plan, outcome), {isDryRun: true})).to.equal(
      'Nothing was changed. app:x would have 3 layers, 5 kB, and be written to /home/ada/it is.',
    )
  })

  it('says that it went to standard output, where whoever reads it names the file', () => {
    const target = {kind: 'stream', stream: process.stdout} as const
    const result = packageResult(planWith({}, {output: {target, since: undefined}}), {...outcome, fileBytes: 2000})
    expect([result.file, result.fileBytes]).to.deep.equal([null, 2000])
    const text = resultText(result, {isDryRun: false})
    expect(text).to.match(/^Wrote standard output, 2 kB\n/)
    expect(text).to.match(/\n {2}keg docker package run FILE$/)
  })

  it('says that a dry run changed nothing', () => {
    expect(resultText(packageResult(planWith(), outcome), {isDryRun: true})).to.equal(
      'Nothing was changed. app:x would have 3 layers, 5 kB.',
    )
  })
})
