import {expect} from 'chai'
import {changeKey, ContainerChanges, isLossy} from '../../../src/lib/container/container-changes.js'
import {textToBytes} from '../../../src/lib/tar/tar-header.js'

describe('changes of a container', () => {
  it('are found by the bytes of a path, even if the list has lost some', () => {
    const changes = new ContainerChanges([
      {Path: '/gr\u00f6\u00dfe', Kind: 1},
      {Path: '/caf\uFFFD', Kind: 0},
      {Path: '/two\uFFFD\uFFFD', Kind: 2},
    ])
    for (const path of [textToBytes('gr\u00f6\u00dfe'), 'caf\u00e9', 'caf\u00e8', 'two\u00ff', 'two\u00fe\u00ff'])
      expect(changes.has(changeKey(path)), path).to.equal(true)
    expect(changes.has(changeKey('caf'))).to.equal(false)
  })

  it('show which keys can match several paths', () => {
    expect(isLossy(changeKey('caf\u00e9'))).to.equal(true)
    expect(isLossy(changeKey(textToBytes('caf\u00e9')))).to.equal(false)
    // A name that has the character itself cannot be told from one that lost a byte.
    expect(isLossy(changeKey(textToBytes('\uFFFD')))).to.equal(true)
  })

  it('count deletions of paths that look the same', () => {
    const changes = new ContainerChanges([
      {Path: '/n\uFFFDhe', Kind: 2},
      {Path: '/n\uFFFDhe', Kind: 2},
      {Path: '/n\uFFFDhe', Kind: 1},
    ])
    expect(changes.deletions(changeKey('n\u00e4he'))).to.equal(2)
    expect(changes.existing()).to.deep.equal([changeKey('n\u00e4he')])
  })

  it('do not count the root folder as existing', () => {
    expect(new ContainerChanges([{Path: '/', Kind: 0}]).existing()).to.deep.equal([])
  })
})
