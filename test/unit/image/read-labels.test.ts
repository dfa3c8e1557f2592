import {expect} from 'chai'
import fc from 'fast-check'
import {packageLabels} from '../../../src/lib/image/labels.js'
import {readPackageFacts} from '../../../src/lib/image/read-labels.js'
import {FailedError} from '../../../src/lib/error/keg-error.js'
import {printable} from '../../../src/lib/terminal/text.js'

const digest = `sha256:${'a'.repeat(64)}` as const
const facts = {
  run: '2928bf4b-64a8-4d7f-ab7a-b68e4ff7a768',
  created: '2024-01-02T03:04:05.000Z',
  author: 'Ada <ada@example.com>',
  container: 'shop/web',
  service: 'web',
  message: 'See the\nlogin page',
  branch: 'feature/login',
  commit: 'f'.repeat(40),
  dirty: true,
  source: 'https://example.com/team/app',
  version: 'feature-login-k0123456789',
  baseName: 'docker.io/library/node:20',
  baseDigest: digest,
  mounts: [{path: '/data', type: 'volume', layer: digest}],
  entries: digest,
  synced: '2024-01-02T03:04:05.678Z',
  agentFiles: {layer: digest, paths: ['/root/.mutagen', '/srv/.mutagen-temporary-1']},
  settings: {tty: true, capAdd: ['NET_ADMIN'], shmSize: 1, sysctls: {'net.core.somaxconn': '1024'}},
  excluded: {paths: ['/app/.git'], count: 3, environment: ['TOKEN']},
  replaced: ['/srv/app.conf'],
  writers: [{container: 'worker', mounts: ['/data']}],
}
const labels = packageLabels(facts)

describe('labels of a package, read', () => {
  it('are what was written', () => {
    const {baseDigest, baseName, ...rest} = facts
    expect(readPackageFacts('app', labels)).to.deep.equal({
      ...rest,
      schema: '1',
      base: {name: baseName, digest: baseDigest},
      config: null,
      invalid: [],
    })
  })

  const bad: [label: string, value: string][] = [
    ['com.keg.run', '../../etc'],
    ['com.keg.package.author', 'a\u001b[31m'],
    ['com.keg.package.branch', 'a\nb'],
    ['com.keg.package.container', 'a\u001b[31m'],
    ['com.keg.package.branch', 'x'.repeat(20_000)],
    ['com.keg.package.dirty', 'maybe'],
    ['com.keg.package.dirty', 'constructor'],
    ['com.keg.package.folder-commit', 'main'],
    ['com.keg.package.message', 'a\u202eb'],
    ['com.keg.package.entries', 'sha256:1'],
    ['com.keg.package.config', 'md5:1'],
    ['com.keg.package.mounts', '[{"path":"data"}]'],
    ['com.keg.package.excluded', '{"paths":["app"],"count":1,"environment":[]}'],
    ['com.keg.package.excluded', '{"paths":["/app"],"count":0,"environment":[]}'],
    ['com.keg.package.excluded', '{"paths":[],"count":0,"environment":["A=B"]}'],
    ['com.keg.package.replaced', '[]'],
    ['com.keg.package.writers', '[]'],
    ['com.keg.package.writers', '[{"container":"worker"}]'],
    ['com.keg.package.writers', '[{"container":"worker","mounts":[]}]'],
    ['com.keg.package.writers', '[{"container":"wor\\u001bker","mounts":["/data"]}]'],
    ['com.keg.package.writers', '[{"container":"worker","mounts":["data"]}]'],
    ['com.keg.package.replaced', '["app.conf"]'],
    ['com.keg.package.run', '{"tty":"yes"}'],
    ['com.keg.package.run', '{"capAdd":["\\u001b"]}'],
    ['com.keg.package.run', '{"toString":1}'],
    ['com.keg.package.run', '{"other":true}'],
    ['com.keg.package.run', '[]'],
    ['com.keg.package.run', `{"extraHosts":["${'x'.repeat(2000)}"]}`],
    ['com.keg.package.run', JSON.stringify({dns: Array.from({length: 201}, () => '10.0.0.1')})],
    ['com.keg.package.run', `{"tty":true${' '.repeat(70_000)}}`],
    ['org.opencontainers.image.created', 'yesterday'],
    ['org.opencontainers.image.created', '2024-13-45T03:04:05Z'],
    ['org.opencontainers.image.source', 'javascript:alert(1)'],
    ['org.opencontainers.image.version', 'a b'],
    ['org.opencontainers.image.base.digest', 'sha256:x'],
  ]
  for (const [label, value] of bad)
    it(`are invalid if ${label} is ${printable(value.slice(0, 40))}`, () => {
      const {invalid} = readPackageFacts('app', {...labels, [label]: value})
      expect(invalid).to.deep.equal([{label, value: printable(value.slice(0, 200))}])
    })

  it('never pass on control characters', () => {
    const names = fc.constantFrom(...Object.keys(labels).filter((name) => !/schema|role/.test(name)))
    fc.assert(
      fc.property(names, fc.string({unit: 'binary'}), (name, value) => {
        const shown = JSON.stringify(readPackageFacts('app', {...labels, [name]: value})).replaceAll('\\n', '')
        expect(printable(shown)).to.equal(shown)
        expect(shown).to.not.match(/\\u00[01]/)
      }),
    )
  })

  it('are refused if there are none, or they have another schema', () => {
    const codeOf = (given: Record<string, string> | undefined): string => {
      try {
        readPackageFacts('app', given)
      } catch (error) {
        return error instanceof FailedError ? error.code : 'another error'
      }
      return 'none'
    }
    expect(codeOf(undefined)).to.equal('not-a-package')
    expect(codeOf({})).to.equal('not-a-package')
    expect(codeOf({...labels, 'com.keg.role': 'dev'})).to.equal('not-a-package')
    expect(codeOf({...labels, 'com.keg.package.schema': '2'})).to.equal('package-schema-unknown')
  })
})
