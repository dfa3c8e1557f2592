import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {readArchive, type ArchivePart} from '../../../../src/lib/image/archive/read-archive.js'
import {inChunks} from '../../../support/chunks.js'
import {archiveOf, fileWith, without} from '../../tar/archive.js'
import {sha256} from '../written.js'

const name = 'a'.repeat(64)

/** The parts that are read, one line each. */
async function partsOf(...files: Parameters<typeof archiveOf>[0]): Promise<string[]> {
  const lines: string[] = []
  for await (const part of readArchive(inChunks(archiveOf(files), 700))) lines.push(await lineOf(part))
  return lines
}

async function lineOf(part: ArchivePart): Promise<string> {
  if (part.kind === 'link') return `link ${part.path} ${part.target}`
  if (part.kind === 'document') return `document ${part.path} ${part.digest} ${JSON.stringify(part.value)}`
  return `layer ${part.path} ${part.digest ?? 'unnamed'} ${String(await buffer(part.content))}`
}

describe('archive of an image', () => {
  it('has documents, by the digests of their bytes', async () => {
    const text = '[{"Layers": []}]'
    expect(await partsOf(fileWith('manifest.json', text), fileWith(`blobs/sha256/${name}`, '{}'))).to.deep.equal([
      `document manifest.json ${sha256(Buffer.from(text))} [{"Layers":[]}]`,
      `document blobs/sha256/${name} ${sha256(Buffer.from('{}'))} {}`,
    ])
  })

  it('has layers, and links to them', async () => {
    const files = [
      fileWith('1/VERSION', '1.0'),
      fileWith('1/layer.tar', 'x'.repeat(1000)),
      without('2/layer.tar', {type: 'symlink', link: '../1/layer.tar'}),
      fileWith(`blobs/sha256/${name}`, 'blob'),
    ]
    expect(await partsOf(...files)).to.deep.equal([
      `layer 1/layer.tar unnamed ${'x'.repeat(1000)}`,
      'link 2/layer.tar 1/layer.tar',
      `layer blobs/sha256/${name} sha256:${name} blob`,
    ])
  })

  it('can have a layer that begins like a document', async () => {
    expect(await partsOf(fileWith('1/layer.tar', '{ no document'))).to.deep.equal([
      'layer 1/layer.tar unnamed { no document',
    ])
  })

  it('continues after layers that nobody reads', async () => {
    const kinds: string[] = []
    for await (const {kind} of readArchive(
      inChunks(archiveOf([fileWith('1/layer.tar', 'x'.repeat(5000)), fileWith('manifest.json', '[]')]), 700),
    ))
      kinds.push(kind)
    expect(kinds).to.deep.equal(['layer', 'document'])
  })
})
