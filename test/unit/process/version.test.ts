import {expect} from 'chai'
import fc from 'fast-check'
import {compareVersions, isOlder, parseVersion} from '../../../src/lib/process/version.js'

describe('versions', () => {
  it('are ordered, pre-releases before their release', () => {
    const inOrder = [
      '1.0.0-rc6',
      '1.0.0-rc7',
      '1.0.0-rc93',
      '1.0.0',
      '1.1.9',
      '1.1.12',
      '1.4.0-rc.2',
      '1.4.0',
      '20.10.24',
    ]
    for (const [index, version] of inOrder.entries())
      for (const [other, otherVersion] of inOrder.entries())
        expect(isOlder(version, otherVersion), `${version} < ${otherVersion}`).to.equal(index < other)
    expect(isOlder('2.2.0-beta.2', '2.2.0-rc.1')).to.equal(true)
    expect(isOlder('v2.2.0', '2.2')).to.equal(false)
  })

  it('are equal with a distribution’s suffix, and are known as a distribution’s', () => {
    for (const [version, plain] of [
      ['20.10.24+dfsg1', '20.10.24'],
      ['1.6.20~ds1', '1.6.20'],
      ['1.1.12-0ubuntu2~22.04.1', '1.1.12'],
      ['1.0.0~rc95+ds1', '1.0.0-rc95'],
    ] as const) {
      const [left, right] = [parseVersion(version)!, parseVersion(plain)!]
      expect(compareVersions(left, right), version).to.equal(0)
      expect(left.isOfDistribution, version).to.equal(true)
      expect(right.isOfDistribution, plain).to.equal(false)
    }
    expect(parseVersion('29.4.0-ce')?.isOfDistribution).to.equal(false)
  })

  it('compare by their numbers, in both directions', () => {
    const numbers = fc.array(fc.nat(1000), {minLength: 3, maxLength: 3})
    fc.assert(
      fc.property(numbers, numbers, (left, right) => {
        const difference = left.map((part, index) => part - right[index]!).find((part) => part !== 0) ?? 0
        expect(isOlder(left.join('.'), right.join('.'))).to.equal(difference < 0)
        expect(isOlder(right.join('.'), left.join('.'))).to.equal(difference > 0)
      }),
    )
  })

  it('are undefined for other text', () => {
    for (const text of ['', 'unknown', 'version 1', '-1']) expect(parseVersion(text), text).to.equal(undefined)
    expect(isOlder('library-import', '99')).to.equal(false)
  })
})
