import {createHash} from 'node:crypto'

import {expect} from 'chai'
import fc from 'fast-check'

import {branchHostName} from '../../../src/lib/branch/branch-host-name.js'
import {refused} from '../reference/usage-error.js'

const label = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const ending = (lower: string) => `-k${createHash('sha256').update(Buffer.from(lower)).digest('hex').slice(0, 7)}`
const branchName = fc.oneof(
  fc.string({unit: 'binary', minLength: 1, maxLength: 100}),
  fc.string({unit: fc.constantFrom(...Array.from('aAbB/-_.k0é')), minLength: 1, maxLength: 12}),
  fc
    .tuple(
      fc.constantFrom('feature', 'Fix', 'alice'),
      fc.constantFrom('/', '-', '_', '//'),
      fc.stringMatching(/^[ab/-]{1,3}$/),
    )
    .map((parts) => parts.join('')),
  fc.stringMatching(/^[a-zA-Z0-9][a-zA-Z0-9-]{0,64}$/),
)
const flipCase = (text: string) =>
  text.replace(/[a-zA-Z]/g, (letter) => (/[a-z]/.test(letter) ? letter.toUpperCase() : letter.toLowerCase()))

describe('branchHostName', () => {
  for (const branch of ['develop', 'Login-Form', 'SHOP-123-login', '123', 'a', 'a'.repeat(63), 'a-b--c', 'HEAD']) {
    it(`keeps ${branch}, in lower case`, () => expect(branchHostName(branch)).to.equal(branch.toLowerCase()))
  }

  for (const branch of ['feature/a', 'Fix/login-form', 'release/2', 'hotfix/SHOP-123']) {
    it(`replaces the slash in ${branch} with a dash`, () => {
      expect(branchHostName(branch)).to.equal(branch.toLowerCase().replace('/', '-'))
    })
  }

  const made: [branch: string, cleaned: string][] = [
    ['feature-a', 'feature-a'],
    ['feature_a', 'feature-a'],
    ['feature/a/b', 'feature-a-b'],
    ['alice/login', 'alice-login'],
    ['fix-', 'fix'],
    ['v1.2.3', 'v1-2-3'],
    ['a_b', 'a-b'],
    ['-x', 'x'],
    ['x-', 'x'],
    ['.x', 'x'],
    ['ação/créer', 'acao-creer'],
    ['日本語', 'branch'],
    ['###', 'branch'],
    ['---', 'branch'],
    ['x$(id)', 'x-id'],
    ['xn--nxasmq6b', 'xn-nxasmq6b'],
    ['x-k0123456', 'x-k0123456'],
    ['X-K0123456', 'x-k0123456'],
    ['a'.repeat(64), 'a'.repeat(54)],
    ['a/'.repeat(100), 'a-'.repeat(27).slice(0, 53)],
  ]
  for (const [branch, cleaned] of made) {
    it(`makes ${cleaned}-k... of ${JSON.stringify(branch.slice(0, 40))}`, () => {
      expect(branchHostName(branch)).to.equal(cleaned + ending(branch.toLowerCase()))
    })
  }

  it('is no longer than the given length', () => {
    expect(branchHostName('login-form', 10)).to.equal('login-form')
    expect(branchHostName('login-formula', 12)).to.equal(`log${ending('login-formula')}`)
    expect(branchHostName('日本語', 15)).to.equal(`branch${ending('日本語')}`)
  })

  it('is a legal DNS label for every branch', () => {
    fc.assert(
      fc.property(branchName, (branch) => {
        const name = branchHostName(branch)
        expect(name).to.match(label)
        expect(name).not.to.match(/^xn--/)
      }),
      {numRuns: 1000},
    )
  })

  it('is the same for branches that differ only in letter case', () => {
    fc.assert(
      fc.property(branchName, (branch) => {
        const name = branchHostName(branch)
        expect(branchHostName(branch.toLowerCase())).to.equal(name)
        expect(branchHostName(flipCase(branch))).to.equal(name)
      }),
      {numRuns: 1000},
    )
  })

  it('is different for branches that differ in more', () => {
    fc.assert(
      fc.property(fc.uniqueArray(branchName, {minLength: 2, maxLength: 20}), (branches) => {
        const all = [...branches, ...branches.map((branch) => branchHostName(branch))]
        const different = new Set(all.map((branch) => branch.toLowerCase()))
        expect(new Set(all.map((branch) => branchHostName(branch))).size).to.equal(different.size)
      }),
      {numRuns: 500},
    )
  })

  it('refuses only the empty name', () => {
    expect(refused(() => branchHostName('')).error.code).to.equal('branch-empty')
  })
})
