import {createHash} from 'node:crypto'

import {expect} from 'chai'
import fc from 'fast-check'

import {branchTag, detachedTag} from '../../../src/lib/branch/branch-tag.js'
import {tag} from '../reference/arbitrary.js'
import {refused} from '../reference/usage-error.js'

const legalTag = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/
const madeTag = /-k[0-9a-f]{10}$/
const ending = (branch: string) => `-k${createHash('sha256').update(Buffer.from(branch)).digest('hex').slice(0, 10)}`
const branchName = fc.oneof(
  fc.string({unit: 'binary', minLength: 1, maxLength: 200}),
  fc.string({unit: fc.constantFrom(...Array.from('aA/-_.k0 é#')), minLength: 1, maxLength: 12}),
  tag,
)

describe('branchTag', () => {
  const kept = ['develop', 'Feature-A', 'feature-a', 'v1.2.3', '123', 'HEAD', 'x.lock', '_x', 'a..b', 'a'.repeat(128)]
  kept.push('0123456789abcdef0123456789abcdef01234567', 'x-k012345678', 'x-k0123456789a', 'x-k012345678g')
  for (const branch of kept) {
    it(`keeps ${branch.slice(0, 40)}`, () => expect(branchTag(branch)).to.equal(branch))
  }

  const made: [branch: string, cleaned: string][] = [
    ['feature/a', 'feature-a'],
    ['Feature/A', 'Feature-A'],
    ['-x', 'x'],
    ['.x', 'x'],
    ['-.-x', 'x'],
    ['x$(id)', 'x-id'],
    ['`id`', 'id'],
    ['a;rm -rf ~', 'a-rm--rf'],
    ['a&b', 'a-b'],
    ['a|b', 'a-b'],
    [`a'b"c`, 'a-b-c'],
    ['a b', 'a-b'],
    ['@', 'branch'],
    ['a@{0}', 'a-0'],
    ['日本語', 'branch'],
    ['émoji-🎉', 'moji'],
    ['###', 'branch'],
    ['---', 'branch'],
    ['...', 'branch'],
    ['feature/x.lock', 'feature-x.lock'],
    ['x-k0123456789', 'x-k0123456789'],
    ['a'.repeat(129), 'a'.repeat(116)],
    ['a/'.repeat(150), 'a-'.repeat(58).slice(0, 115)],
    ['a\u001b[31m\n', 'a-31m'],
  ]
  for (const [branch, cleaned] of made) {
    it(`makes ${cleaned.slice(0, 40)}-k... of ${JSON.stringify(branch.slice(0, 40))}`, () => {
      expect(branchTag(branch)).to.equal(cleaned + ending(branch))
    })
  }

  it('ends with digits of the name’s sha256sum', () => {
    // printf feature/a | sha256sum
    expect(branchTag('feature/a')).to.equal('feature-a-k951d42dc02')
  })

  it('is a legal tag for every branch', () => {
    fc.assert(
      fc.property(branchName, (branch) => void expect(branchTag(branch)).to.match(legalTag)),
      {numRuns: 1000},
    )
  })

  it('keeps exactly the legal tags that do not end like a generated one', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          branchName,
          tag.map((text) => `${text.slice(0, 100)}-k0123456789`),
        ),
        (branch) => {
          expect(branchTag(branch) === branch).to.equal(legalTag.test(branch) && !madeTag.test(branch))
        },
      ),
      {numRuns: 1000},
    )
  })

  it('gives each branch a different tag, also a branch named like another’s tag', () => {
    fc.assert(
      fc.property(fc.uniqueArray(branchName, {minLength: 2, maxLength: 20}), (branches) => {
        const tags = branches.flatMap((branch) => [branchTag(branch), branchTag(branchTag(branch))])
        const all = [...branches, ...branches.map((branch) => branchTag(branch))]
        expect(new Set(tags).size).to.equal(new Set(all).size)
      }),
      {numRuns: 500},
    )
  })

  it('keeps the name, or ends with a hash', () => {
    fc.assert(
      fc.property(branchName, (branch) => {
        const once = branchTag(branch)
        if (once === branch) expect(branchTag(once)).to.equal(once)
        else expect(once).to.match(madeTag)
      }),
    )
  })

  it('refuses only the empty name', () => {
    expect(refused(() => branchTag('')).error.code).to.equal('branch-empty')
  })
})

describe('detachedTag', () => {
  it('is sha- and the first 12 digits of the commit', () => {
    expect(detachedTag('0123456789abcdef0123456789abcdef01234567')).to.equal('sha-0123456789ab')
    expect(detachedTag('0123456789ABCDEF'.repeat(4))).to.equal('sha-0123456789ab')
  })

  it('refuses what is not a commit', () => {
    for (const text of ['', 'HEAD', '0123456789a', '0123456789abcdef-', 'g'.repeat(40)]) {
      expect(refused(() => detachedTag(text)).error.code).to.equal('commit-invalid')
    }
  })
})
