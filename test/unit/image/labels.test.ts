import {expect} from 'chai'
import fc from 'fast-check'
import {packageLabels, readAgentFilesLabel, readMountLayers, type PackageFacts} from '../../../src/lib/image/labels.js'
import {readPackageFacts} from '../../../src/lib/image/read-labels.js'

const layer = `sha256:${'a'.repeat(64)}`
const facts: PackageFacts = {
  run: 'run-1',
  created: '2024-01-02T03:04:05.000Z',
  author: 'Ada <ada@example.com>',
  container: 'shop/web',
  service: undefined,
  message: 'See the login page',
  branch: 'feature/login',
  commit: 'f'.repeat(40),
  dirty: true,
  source: 'https://example.com/team/app',
  version: 'feature-login-k0123456789',
  baseName: 'docker.io/library/node:20',
  baseDigest: layer,
  mounts: [
    {path: '/srv/d\u00e4ta "x"', type: 'volume', layer},
    {path: '/cache', type: 'tmpfs', layer, empty: true},
  ],
  entries: `sha256:${'b'.repeat(64)}`,
  synced: '2024-01-02T03:04:05.678Z',
  agentFiles: {layer, paths: ['/root/.mutagen']},
  settings: {tty: true},
  excluded: {paths: ['/app/.git'], count: 1, environment: ['TOKEN']},
  replaced: ['/srv/app.conf'],
  writers: [{container: 'worker', mounts: ['/data']}],
}

describe('labels of a package', () => {
  it('have an author and a message that can be read again, with lines of Windows and control characters too', () => {
    const text = {author: 'Ada\u001b[31m', message: 'First\r\nsecond\u001b[2J'}
    const labels = packageLabels({...facts, ...text})
    expect(labels['com.keg.package.message']).to.equal('First\nsecond?[2J')
    expect(labels['com.keg.package.author']).to.equal('Ada?[31m')
    expect(labels['org.opencontainers.image.authors']).to.equal('Ada?[31m')
  })

  it('have an author and a message that are cut where they would be too long to be read again', () => {
    const labels = packageLabels({
      ...facts,
      author: 'A'.repeat(10_001),
      message: `${'m'.repeat(9998)}\u{1F600}${'m'.repeat(5)}`,
    })
    const read = readPackageFacts('app:v1', labels)
    expect(read.author).to.equal(`${'A'.repeat(9999)}\u2026`)
    expect(read.message).to.equal(`${'m'.repeat(9998)}\u2026`)
    expect(packageLabels({...facts, author: 'A'.repeat(10_000)})['com.keg.package.author']).to.have.length(10_000)
  })

  it("are keg's own and the standard ones", () => {
    const labels = packageLabels(facts)
    const {'com.keg.package.mounts': mounts, 'com.keg.package.run': run, ...rest} = labels
    expect(JSON.parse(mounts ?? '')).to.deep.equal(facts.mounts)
    expect(JSON.parse(run ?? '')).to.deep.equal({tty: true})
    expect(rest).to.deep.equal({
      'com.keg.role': 'package',
      'com.keg.package.excluded': '{"paths":["/app/.git"],"count":1,"environment":["TOKEN"]}',
      'com.keg.run': 'run-1',
      'com.keg.package.schema': '1',
      'com.keg.package.writers': '[{"container":"worker","mounts":["/data"]}]',
      'com.keg.package.replaced': '["/srv/app.conf"]',
      'com.keg.package.author': 'Ada <ada@example.com>',
      'com.keg.package.branch': 'feature/login',
      'com.keg.package.container': 'shop/web',
      'com.keg.package.dirty': 'true',
      'com.keg.package.entries': facts.entries,
      'com.keg.package.folder-commit': 'f'.repeat(40),
      'com.keg.package.agent-files': JSON.stringify({layer, paths: ['/root/.mutagen']}),
      'com.keg.package.message': 'See the login page',
      'com.keg.package.synced': '2024-01-02T03:04:05.678Z',
      'org.opencontainers.image.created': '2024-01-02T03:04:05.000Z',
      'org.opencontainers.image.authors': 'Ada <ada@example.com>',
      'org.opencontainers.image.source': 'https://example.com/team/app',
      'org.opencontainers.image.revision': 'f'.repeat(40),
      'org.opencontainers.image.version': 'feature-login-k0123456789',
      'org.opencontainers.image.base.name': 'docker.io/library/node:20',
      'org.opencontainers.image.base.digest': layer,
    })
  })

  it('leave out what is not known, but not what is false', () => {
    const unknown = {author: undefined, message: undefined, branch: undefined, commit: undefined, dirty: undefined}
    const labels = packageLabels({...facts, ...unknown, source: undefined, baseDigest: undefined})
    expect(
      Object.keys(labels).filter((name) => /author|message|branch|commit|dirty|source|revision|digest/.test(name)),
    ).to.deep.equal([])
    expect(Object.values(labels).every((value) => typeof value === 'string')).to.equal(true)
    expect(packageLabels({...facts, dirty: false})).to.include({'com.keg.package.dirty': 'false'})
  })
})

describe('mount layers of a label', () => {
  const labelled = (mounts: string, schema = '1') => ({
    'com.keg.package.schema': schema,
    'com.keg.package.mounts': mounts,
  })

  it('are read back as they were written', () => {
    expect(readMountLayers(packageLabels(facts))).to.deep.equal(facts.mounts)
    expect(readMountLayers(labelled('[]'))).to.deep.equal([])
  })

  it('are none without a label, or with one of another schema', () => {
    const text = JSON.stringify(facts.mounts)
    const table: (Record<string, string> | null | undefined)[] = [
      undefined,
      null,
      {},
      {'com.keg.package.mounts': text},
      labelled(text, '2'),
      {'com.keg.package.schema': '1'},
    ]
    for (const labels of table) expect(readMountLayers(labels)).to.deep.equal([])
  })

  const good = {path: '/data', type: 'volume', layer}
  const hostile: Record<string, unknown> = {
    'an object': good,
    null: null,
    'a text': 'x',
    'null in a list': [null],
    'a list in a list': [[good]],
    'a relative path': [{...good, path: 'data'}],
    'the root': [{...good, path: '/'}],
    'a path that climbs': [{...good, path: '/data/../etc'}],
    'a path with NUL': [{...good, path: '/data\0'}],
    'no path': [{type: 'volume', layer}],
    'a number for a type': [{...good, type: 1}],
    'no type': [{path: '/data', layer}],
    'no yes or no for empty': [{...good, empty: 'yes'}],
    'a layer that is no digest': [{...good, layer: 'sha256:x'}],
    'a layer with a line behind it': [{...good, layer: `${layer}\n`}],
    'no layer': [{path: '/data', type: 'volume'}],
    'one wrong among good ones': [good, {...good, path: '..'}, good],
    'more than an image can have': Array.from({length: 128}, () => good),
  }
  for (const [what, value] of Object.entries(hostile))
    it(`are none if the label is ${what}`, () => {
      expect(readMountLayers(labelled(JSON.stringify(value)))).to.deep.equal([])
    })

  it('can be as many as an image can have', () => {
    expect(readMountLayers(labelled(JSON.stringify(Array.from({length: 127}, () => good))))).to.have.length(127)
  })

  it('are never an error, whatever the label says', () => {
    fc.assert(fc.property(fc.string(), (text) => Array.isArray(readMountLayers(labelled(text)))))
    fc.assert(fc.property(fc.json(), (text) => Array.isArray(readMountLayers(labelled(`[${text}]`)))))
  })
})

describe('the label of agent files', () => {
  const labelled = (value: unknown): Record<string, string> => ({
    'com.keg.package.schema': '1',
    'com.keg.package.agent-files': JSON.stringify(value),
  })
  const good = {layer, paths: ['/root/.mutagen']}

  it('is read back as it was written, with or without a whiteout layer', () => {
    for (const value of [good, {...good, layer: null}])
      expect(readAgentFilesLabel(labelled(value))).to.deep.equal(value)
  })

  const hostile: Record<string, unknown> = {
    nothing: null,
    'a list': ['/root/.mutagen'],
    'no layer': {paths: good.paths},
    'a layer that is no digest': {...good, layer: 'sha256:x'},
    'no path': {...good, paths: []},
    'a relative path': {...good, paths: ['root']},
    'a path that climbs': {...good, paths: ['/root/../etc']},
    'more paths than anybody has': {...good, paths: Array.from({length: 1001}, () => '/a')},
  }
  for (const [what, value] of Object.entries(hostile))
    it(`is ignored if it is ${what}`, () => expect(readAgentFilesLabel(labelled(value))).to.equal(undefined))
})
