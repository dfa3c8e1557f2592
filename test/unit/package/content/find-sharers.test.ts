import {expect} from 'chai'
import {overlap, type MountedPlace} from '../../../../src/lib/package/content/find-sharers.js'

describe('overlapping mounts', () => {
  const table: [one: MountedPlace, other: MountedPlace, overlaps: boolean][] = [
    [{volume: 'data'}, {volume: 'data'}, true],
    [{volume: 'data'}, {volume: 'data2'}, false],
    [{}, {}, false],
    [{path: '/srv/app'}, {path: '/srv/app'}, true],
    [{path: '/srv/app'}, {path: '/srv/app/data'}, true],
    [{path: '/srv/app/data'}, {path: '/srv'}, true],
    [{path: '/srv/app'}, {path: '/srv/app2'}, false],
    [{path: '/srv/app'}, {path: '/'}, true],
    [{volume: 'data', path: '/srv/app'}, {path: '/srv/app/x'}, true],
    [{volume: 'data', path: '/srv/app'}, {volume: 'other', path: '/srv'}, true],
    [{volume: 'data'}, {path: '/srv'}, false],
  ]
  for (const [one, other, overlaps] of table)
    it(`${JSON.stringify(one)} and ${JSON.stringify(other)} ${overlaps ? 'overlap' : 'do not overlap'}`, () => {
      expect(overlap(one, other)).to.equal(overlaps)
      expect(overlap(other, one)).to.equal(overlaps)
    })
})
