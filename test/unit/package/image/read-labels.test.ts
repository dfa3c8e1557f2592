import {expect} from 'chai'
import fc from 'fast-check'
import {packageLabels} from '../../../../src/lib/package/image/labels.js'
import {readPackageFacts} from '../../../../src/lib/package/image/read-labels.js'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {printable} from '../../../../src/lib/terminal/text.js'
import {containerWith} from '../details.js'

const digest = `sha256:${'a'.repeat(64)}` as const
const facts = {
  run: '2928bf4b-64a8-4d7f-ab7a-b68e4ff7a768',
  created: '2024-01-02T03:04:05.000Z',
  author: 'Ada <ada@example.com>',
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
  leftOut: {layer: digest, paths: ['/root/.mutagen', '/srv/.mutagen-temporary-1']},
}
const labels = packageLabels(facts, containerWith({Tty: true}, {CapAdd: ['NET_ADMIN'], ShmSize: 1}))

describe('labels of a package, read', () => {
  it('are what was written', () => {
    const {baseDigest, baseName, ...rest} = facts
    expect(readPackageFacts('app', labels)).to.deep.equal({
      ...rest,
      schema: '1',
      base: {name: baseName, digest: baseDigest},
      config: null,
      settings: {tty: true, capAdd: ['NET_ADMIN'], shmSize: 1},
      invalid: [],
    })
  })

  const bad: [label: string, value: string][] = [
    ['com.keg.run', '../../etc'],
    ['com.keg.package.author', 'a\u001b[31m'],
    ['com.keg.package.branch', 'a\nb'],
    ['com.keg.package.branch', 'x'.repeat(20_000)],
    ['com.keg.package.dirty', 'maybe'],
    ['com.keg.package.dirty', 'constructor'],
    ['com.keg.package.folder-commit', 'main'],
    ['com.keg.package.message', 'a\u202eb'],
    ['com.keg.package.entries', 'sha256:1'],
    ['com.keg.package.config', 'md5:1'],
    ['com.keg.package.mounts', '[{"path":"data"}]'],
    ['com.keg.package.run', '{"tty":"yes"}'],
    ['com.keg.package.run', '{"capAdd":["\\u001b"]}'],
    ['com.keg.package.run', '{"toString":1}'],
    ['com.keg.package.run', '{"other":true}'],
    ['com.keg.package.run', '[]'],
    ['org.opencontainers.image.created', 'yesterday'],
    ['org.opencontainers.image.created', '2024-13-45T03:04:05Z'],
    ['org.opencontainers.image.source', 'javascript:alert(1)'],
    ['org.opencontainers.image.version', 'a b'],
    ['org.opencontainers.image.base.digest', 'sha256:x'],
  ]
  for (const [label, value] of bad)
    it(`are invalid where ${label} is ${printable(value.slice(0, 40))}`, () => {
      const {invalid} = readPackageFacts('app', {...labels, [label]: value})
      expect(invalid).to.deep.equal([{label, value: printable(value.slice(0, 200))}])
    })

  it('never hand on anything that drives a terminal', () => {
    const names = fc.constantFrom(...Object.keys(labels).filter((name) => !/schema|role/.test(name)))
    fc.assert(
      fc.property(names, fc.string({unit: 'binary'}), (name, value) => {
        const shown = JSON.stringify(readPackageFacts('app', {...labels, [name]: value})).replaceAll('\\n', '')
        expect(printable(shown)).to.equal(shown)
        expect(shown).to.not.match(/\\u00[01]/)
      }),
    )
  })

  it('are refused where there are none, or those of another schema', () => {
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
