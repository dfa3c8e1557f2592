import {expect} from 'chai'
import fc from 'fast-check'
import {tapProject} from '../../../src/lib/tap-folder/tap-project.js'
import {isTapName, MAX_TAP_NAME_LENGTH} from '../../../src/lib/reference/tap-name.js'

/** Compose's rule for a project (compose-spec, 04-version-and-name.md) and that of DNS for a label (RFC 1123, 2.1). */
const LEGAL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

const tapName = fc
  .stringMatching(new RegExp(`^[a-z][a-z0-9-]{0,${MAX_TAP_NAME_LENGTH - 1}}$`))
  .filter((name) => isTapName(name))
const branchName = fc.oneof(
  fc.string({unit: 'binary', minLength: 1, maxLength: 100}),
  fc.string({unit: fc.constantFrom(...Array.from('ab/-_.k0é')), minLength: 1, maxLength: 8}),
  fc.stringMatching(/^(?:feature|fix|alice)[/-]login[/-]form$/),
)

describe('name of a tap in an engine', () => {
  it('consists of its name and its branch', () => {
    expect(tapProject({name: 'shop', branch: undefined})).to.equal('shop')
    expect(tapProject({name: 'shop', branch: 'main'})).to.equal('shop-main')
    expect(tapProject({name: 'shop', branch: 'feature/a'})).to.equal('shop-feature-a')
    expect(tapProject({name: 'shop', branch: 'feature-a'})).to.match(/^shop-feature-a-k[0-9a-f]{7}$/)
    expect(tapProject({name: 'shop', branch: '機能/ログイン'})).to.match(/^shop-branch-k[0-9a-f]{7}$/)
  })

  it('has room for the longest tap name', () => {
    const name = 'a'.repeat(MAX_TAP_NAME_LENGTH)
    expect(tapProject({name, branch: 'feature/a-rather-long-name'})).to.match(/^a{40}-feature-a-rat-k[0-9a-f]{7}$/)
    expect(tapProject({name, branch: 'develop'})).to.equal(`${name}-develop`)
  })

  it('is valid for compose, docker and a host name, and always the same', () => {
    fc.assert(
      fc.property(tapName, branchName, (name, branch) => {
        const project = tapProject({name, branch})
        expect(project).to.match(LEGAL)
        expect(tapProject({name, branch})).to.equal(project)
      }),
      {numRuns: 1000},
    )
  })

  it('differs for every branch of a tap that differs in more than letter case', () => {
    const branches = fc.uniqueArray(branchName, {minLength: 2, maxLength: 30, selector: (text) => text.toLowerCase()})
    fc.assert(
      fc.property(tapName, branches, (name, different) => {
        expect(new Set(different.map((branch) => tapProject({name, branch}))).size).to.equal(different.length)
      }),
      {numRuns: 500},
    )
  })
})
