import {expect} from 'chai'
import {codeOrigin} from '../../../../../src/lib/tap/start/image/code-origin.js'
import type {CodeOrigin} from '../../../../../src/lib/tap/start/model.js'

const [here, there] = ['a'.repeat(40), 'b'.repeat(40)]
const BRANCH = 'com.keg.package.branch'
const COMMIT = 'com.keg.package.folder-commit'
const REVISION = 'org.opencontainers.image.revision'

describe('origin of an image’s code', () => {
  const table: readonly [string, Readonly<Record<string, string>>, CodeOrigin['kind']][] = [
    ['nothing', {}, 'same'],
    ['the same branch and commit', {[BRANCH]: 'main', [COMMIT]: here}, 'same'],
    ['the same branch alone', {[BRANCH]: 'main'}, 'same'],
    ['another branch', {[BRANCH]: 'feature/x', [COMMIT]: here}, 'other-branch'],
    ['another commit', {[BRANCH]: 'main', [COMMIT]: there}, 'other-commit'],
    ['another revision', {[BRANCH]: 'main', [REVISION]: there}, 'other-commit'],
    ['a revision of its base image', {[REVISION]: there}, 'same'],
    ['a commit that is none', {[BRANCH]: 'main', [COMMIT]: 'x'}, 'same'],
  ]
  for (const [what, Labels, kind] of table)
    it(`is ${kind} for ${what}`, () => {
      expect(codeOrigin({Config: {Labels}}, {branch: 'main', commit: here}).kind).to.equal(kind)
    })

  it('is ignored without git', () => {
    expect(codeOrigin({Config: {Labels: {[BRANCH]: 'main'}}}, {branch: undefined, commit: undefined}).kind).to.equal(
      'same',
    )
  })
})
