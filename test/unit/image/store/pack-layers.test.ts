import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {gunzipSync} from 'node:zlib'
import {Cleanup} from '../../../../src/lib/async/cleanup.js'
import {packLayers} from '../../../../src/lib/image/store/pack-layers.js'
import {inChunks} from '../../../support/chunks.js'
import {thrown} from '../../../support/thrown.js'
import {writeTar} from '../../../support/tar.js'
import {sha256, writtenLayer} from '../written.js'

const layers = [writtenLayer('a', 3000), writtenLayer('b', 10), writtenLayer('c', 70_000)]
const diffIds = new Set(layers.map(({diffId}) => diffId))

/** How engines export layers: by their digests, or, up to 24, by names of their own. */
const forms: Readonly<Record<string, (name: string, diffId: string) => string>> = {
  'named by their digests': (_, diffId) => `blobs/${diffId.replace(':', '/')}`,
  'with names of their own': (name) => `${name}/layer.tar`,
}

describe('blobs of the layers of a classic store', () => {
  for (const [form, pathOf] of Object.entries(forms))
    for (const out of [0, 1, 3])
      it(`${form} are compressed in one pass, ${out} left out`, async () => {
        await using cleanup = new Cleanup()
        const archive = writeTar(
          layers.map(({diffId, tar}, at) => ({path: pathOf(`layer${at}`, diffId), content: tar})),
        )
        const leftOut = new Set(layers.slice(0, out).map(({diffId}) => diffId))
        const seen: number[] = []
        const onBytes = (bytes: number): number => seen.push(bytes)
        const found = await packLayers(inChunks(archive, 1000), {cleanup, diffIds, leftOut, onBytes})
        for (const {diffId, tar} of layers) {
          const {descriptor, read} = found.get(diffId) ?? {}
          if (leftOut.has(diffId)) {
            expect(read).to.equal(undefined)
            expect(descriptor).to.deep.equal({
              mediaType: 'application/vnd.oci.image.layer.v1.tar',
              digest: diffId,
              size: tar.length,
            })
            continue
          }
          const blob = await buffer(read?.() ?? inChunks(Buffer.alloc(0)))
          expect(gunzipSync(blob).equals(tar)).to.equal(true)
          expect(descriptor).to.deep.equal({
            mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
            digest: sha256(blob),
            size: blob.length,
          })
        }
        expect(seen).to.deep.equal(seen.toSorted((left, right) => left - right))
      })

  it('are an error if one is missing', async () => {
    await using cleanup = new Cleanup()
    const archive = writeTar([{path: 'x/layer.tar', content: layers[0]?.tar ?? ''}])
    const error = await thrown(packLayers(inChunks(archive), {cleanup, diffIds, leftOut: new Set()}))
    expect(error).to.have.property('code', 'layer-missing')
  })
})
