import {expect} from 'chai'
import {packageSummary, summaryFacts} from '../../../src/lib/image/package-summary.js'

const now = new Date('2026-03-01T12:00:00Z')
const labels = {
  'com.keg.role': 'package',
  'com.keg.package.schema': '1',
  'com.keg.package.author': 'Ada Lovelace <ada@example.com>',
  'com.keg.package.branch': 'feature/search',
  'com.keg.package.dirty': 'true',
  'com.keg.package.folder-commit': '0123456789'.repeat(4),
  'com.keg.package.message': 'New checkout\n\nWith a cart',
  'org.opencontainers.image.created': '2026-03-01T09:00:00Z',
}

function summaryOf(changed: Record<string, string>): string {
  const facts = summaryFacts({...labels, ...changed})
  return facts === undefined ? 'no package' : packageSummary('shop:x', facts, now)
}

describe('the summary of a package', () => {
  it('has branch, commit, uncommitted changes, author, age and message', () => {
    expect(summaryOf({})).to.equal(
      [
        'Package shop:x: branch feature/search, commit 012345678901 with uncommitted changes, by Ada Lovelace <ada@example.com>, 3 hours ago',
        '  New checkout',
        '  With a cart',
      ].join('\n'),
    )
    expect(summaryOf({'com.keg.package.dirty': 'false'})).to.include('commit 012345678901, nothing uncommitted, by')
  })

  it('leaves out what is unknown, and invalid labels', () => {
    const facts = {'com.keg.role': 'package', 'com.keg.package.schema': '1'}
    expect(packageSummary('x:y', summaryFacts(facts) ?? expect.fail(), now)).to.include('its origin is unknown')
    const hostile = summaryOf({'com.keg.package.branch': '\u001b[2Jx', 'com.keg.package.folder-commit': 'HEAD'})
    expect(hostile).to.match(/^Package shop:x: by Ada/)
    expect(summaryOf({'com.keg.package.message': 'x\n'.repeat(500)}).split('\n')).to.have.length(7)
    expect(summaryOf({'com.keg.package.branch': 'b'.repeat(5000)}).length).to.be.below(500)
  })

  it('exists only for packages of this schema', () => {
    expect(summaryOf({'com.keg.package.schema': '9'})).to.equal('no package')
    expect(summaryFacts({})).to.equal(undefined)
    expect(summaryFacts(null)).to.equal(undefined)
  })
})
