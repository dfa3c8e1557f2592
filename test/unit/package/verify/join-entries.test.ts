import {expect} from 'chai'
import fc from 'fast-check'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {joinEntries} from '../../../../src/lib/package/verify/join-entries.js'
import {path} from '../../tar/arbitrary.js'
import {fileEntry, stream} from './entries.js'

const paths = fc.uniqueArray(path, {maxLength: 30})

async function join(expected: readonly Entry[], found: readonly Entry[]) {
  const pairs: [string, string][] = []
  const unmatched = await joinEntries(stream(expected), stream(found), (left, right) =>
    pairs.push([left.header.path, right.header.path]),
  )
  return {pairs, ...unmatched}
}

describe('joinEntries', () => {
  it('pairs what both lists have, and returns the rest, in any order', async () => {
    const lists = fc.tuple(paths, paths, paths).chain(([both, left, right]) => {
      const [onlyLeft, onlyRight] = [left, right].map((list) => list.filter((each) => !both.includes(each)))
      const [here, there] = [onlyLeft ?? [], (onlyRight ?? []).filter((each) => !left.includes(each))]
      return fc.record({
        both: fc.constant(both),
        here: fc.constant(here),
        there: fc.constant(there),
        expected: fc.shuffledSubarray([...both, ...here], {minLength: both.length + here.length}),
        found: fc.shuffledSubarray([...both, ...there], {minLength: both.length + there.length}),
      })
    })
    await fc.assert(
      fc.asyncProperty(lists, async ({both, expected, found, here, there}) => {
        const entries = (list: readonly string[]): Entry[] => list.map((each) => fileEntry(each))
        const joined = await join(entries(expected), entries(found))
        expect(joined.pairs.every(([left, right]) => left === right)).to.equal(true)
        expect(joined.pairs.map(([left]) => left).sort()).to.deep.equal([...both].sort())
        expect([...joined.expected.keys()].sort()).to.deep.equal([...here].sort())
        expect([...joined.found.keys()].sort()).to.deep.equal([...there].sort())
        expect(joined.twice).to.deep.equal([])
      }),
    )
  })

  it('reports duplicates in a list', async () => {
    const both = await join([fileEntry('a')], [fileEntry('a', '1'), fileEntry('a', '2')])
    expect([...both.found.keys()]).to.deep.equal(['a'])
    const alone = await join([], [fileEntry('a', '1'), fileEntry('a', '2'), fileEntry('a', '3')])
    expect(alone.twice).to.deep.equal(['a', 'a'])
  })

  it('reads both lists in step, and buffers little if they have the same order', async () => {
    let [read, furthest] = [0, 0]
    const counted = async function* (step: number): AsyncGenerator<Entry> {
      for (let index = 0; index < 1000; index++) {
        read += step
        furthest = Math.max(furthest, Math.abs(read))
        yield await Promise.resolve(fileEntry(`file ${index}`))
      }
    }
    await joinEntries(counted(1), counted(-1), () => undefined)
    expect(furthest).to.be.below(3)
  })

  it('closes both lists if one fails', async () => {
    let isClosed = false
    const endless = async function* (): AsyncGenerator<Entry> {
      try {
        for (let index = 0; ; index++) yield await Promise.resolve(fileEntry(`file ${index}`))
      } finally {
        isClosed = true
      }
    }
    const failing = async function* (): AsyncGenerator<Entry> {
      yield await Promise.resolve(fileEntry('one'))
      throw new Error('broken off')
    }
    const error = await joinEntries(endless(), failing(), () => undefined).catch((reason: unknown) => reason)
    expect(error).to.be.an('error').with.property('message', 'broken off')
    expect(isClosed).to.equal(true)
  })
})
