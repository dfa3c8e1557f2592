import {expect} from 'chai'
import fc from 'fast-check'
import {createHash} from 'node:crypto'
import type {Entry} from '../../../../src/lib/image/entry-list.js'
import {entriesOf} from '../../../../src/lib/package/verify/entry-spool.js'
import {inChunks} from '../../../support/chunks.js'
import {archiveOf, headerOf} from '../../tar/archive.js'
import {file} from '../../tar/arbitrary.js'
import {withSpool} from './entries.js'

async function collect(entries: AsyncIterable<Entry>): Promise<Entry[]> {
  const all: Entry[] = []
  for await (const each of entries) all.push(each)
  return all
}

describe('entries in a temporary file', () => {
  it('match the tar and the digests of its contents, however often they are read', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, {maxLength: 20}), async (files) => {
        const expected = files.map(({content, header}) => ({
          header,
          sha256: header.type === 'file' ? createHash('sha256').update(content).digest('hex') : undefined,
        }))
        const entries = await collect(entriesOf(inChunks(archiveOf(files), 700)))
        // The order of attributes can differ from the tar's.
        const plain = (list: readonly Entry[]) =>
          list.map(({header, sha256}) => ({sha256, header: {...header, xattrs: [...header.xattrs].sort()}}))
        expect(plain(entries)).to.deep.equal(plain(expected))
        await withSpool(entries, async (spool) => {
          expect(spool.count).to.equal(files.length)
          for (let times = 0; times < 2; times++) expect(await collect(spool.read())).to.deep.equal(entries)
        })
      }),
      {numRuns: 50},
    )
  })

  it('are read one by one: a hundred thousand need no memory', async () => {
    await withSpool(
      Array.from({length: 100_000}, (_, index) => ({
        header: headerOf(`file ${index}`),
        sha256: 'ab'.repeat(32),
      })),
      async (spool) => {
        let [count, bytes] = [0, 0]
        for await (const {header} of spool.read()) {
          count++
          bytes += header.path.length
        }
        expect([count, bytes]).to.deep.equal([100_000, 500_000 + 488_890])
      },
    )
  })
})
