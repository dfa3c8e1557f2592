import {expect} from 'chai'
import {visibilityOf} from '../../../../src/lib/image/layer/visible-entries.js'
import {textToBytes} from '../../../../src/lib/tar/tar-header.js'

describe('what a container sees below other mounts', () => {
  const cases: [path: string, seen: string][] = [
    ['data', 'shown'],
    ['data/in', 'mount-point'],
    ['data/in/deep', 'hidden'],
    ['data/in/deep/er', 'hidden'],
    ['data/inside', 'shown'],
    ['data/.env', 'mount-point'],
    ['data/.env.local', 'shown'],
    ['data/agent', 'hidden'],
    ['data/agent/file', 'hidden'],
    ['in/data/in', 'shown'],
    [textToBytes('data/ä'), 'mount-point'],
    [textToBytes('data/ä/b'), 'hidden'],
  ]
  const visibility = visibilityOf(['/data/in', '/data/in/deep', '/data/.env', '/data/ä'], ['/data/agent'])
  for (const [path, seen] of cases) it(`${path} is ${seen}`, () => expect(visibility(path)).to.equal(seen))

  it('is everything if there are none', () => expect(visibilityOf([])('data/in')).to.equal('shown'))
})
