import {expect} from 'chai'
import {packageResult, type PackageOutcome} from '../../../src/lib/package/package-result.js'
import {parseReference} from '../../../src/lib/reference/reference.js'
import {planWith, volume} from './plan.js'

const text = `sha256:${'d'.repeat(64)}`
const digest = parseReference(`app@${text}`).digest
const outcome: PackageOutcome = {
  image: `sha256:${'1'.repeat(64)}`,
  layers: 3,
  bytes: 5000,
  entries: 7,
  pausedMilliseconds: 120,
}

describe('result of a package', () => {
  it('has every field that scripts use, even if its value is unknown', () => {
    const project = {
      folder: undefined,
      origin: 'current folder',
      repository: undefined,
      branch: undefined,
      commit: undefined,
      tag: undefined,
    } as const
    const {image, ...withoutImage} = outcome
    expect(image).to.be.a('string')
    expect(packageResult(planWith({}, {project}), withoutImage)).to.deep.equal({
      reference: 'app:x',
      pinned: null,
      digest: null,
      image: null,
      name: 'app',
      tags: ['x'],
      container: 'shop-web-1',
      folder: null,
      branch: null,
      commit: null,
      dirty: null,
      mounts: [volume],
      layers: 3,
      bytes: 5000,
      entries: 7,
      pausedMilliseconds: 120,
      pause: 'short',
      syncs: [],
      replaces: [],
      synced: null,
      notCarried: [],
      warnings: [],
      writers: [],
      otherServices: [],
      verification: null,
      file: null,
      fileBytes: null,
      pushed: false,
      via: null,
      viaReason: null,
      slowest: null,
      run: 'keg docker package run --pull never app:x',
      addedEnvironment: [],
      settings: {},
      secrets: [],
      excluded: {paths: [], environment: []},
      excludable: [],
    })
  })

  it('has the digest once it is pushed, and runs by it', () => {
    const plan = planWith({registry: 'registry.example.com:5000/team', tags: ['x', 'y']}, {addedEnvironment: ['TOKEN']})
    const result = packageResult(plan, {...outcome, digests: [digest, digest]})
    const name = 'registry.example.com:5000/team/app'
    expect(result).to.deep.include({
      reference: `${name}:x`,
      pinned: `${name}:x@${text}`,
      digest: text,
      image: outcome.image,
      name,
      tags: ['x', 'y'],
      folder: '/home/ada/app',
      branch: 'main',
      commit: 'c'.repeat(40),
      dirty: true,
      pushed: true,
      run: `keg docker package run ${name}:x@${text}`,
      addedEnvironment: ['TOKEN'],
    })
  })

  it('has the first pushed name if not all were pushed', () => {
    const plan = planWith({registry: 'registry.example.com', tags: ['x', 'y']})
    const result = packageResult(plan, {...outcome, digests: [undefined, digest]})
    expect(result).to.include({reference: 'registry.example.com/app:y', pushed: true})
    expect(result.tags).to.deep.equal(['x', 'y'])
  })

  it('is not pushed if nothing was', () => {
    const plan = planWith({registry: 'registry.example.com'})
    for (const digests of [[], [undefined]])
      expect(packageResult(plan, {...outcome, digests})).to.include({
        pushed: false,
        digest: null,
        pinned: null,
        run: 'keg docker package run --pull never registry.example.com/app:x',
      })
  })

  it('stays the same as JSON', () => {
    const result = packageResult(planWith({registry: 'registry.example.com'}), {...outcome, digests: [digest]})
    expect(JSON.parse(JSON.stringify(result))).to.deep.equal(result)
  })
})
