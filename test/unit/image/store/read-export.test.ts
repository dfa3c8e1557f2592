import {expect} from 'chai'
import {buffer} from 'node:stream/consumers'
import {Cleanup} from '../../../../src/lib/async/cleanup.js'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {fileOf, tarOfFiles} from '../../../../src/lib/image/archive/tar-of-files.js'
import {readExport, type WantedBlobs} from '../../../../src/lib/image/store/read-export.js'
import {thrown} from '../../../support/thrown.js'
import {sha256} from '../written.js'

const blobs = ['base', 'middle', 'top'].map((name) => Buffer.from(`the blob of ${name}`))
const diffIds = ['base', 'middle', 'top'].map((name) => sha256(Buffer.from(name)))
const [, middle = '', top = ''] = diffIds
const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip'
const layers = blobs.map((blob) => ({mediaType, digest: sha256(blob), size: blob.length}))
const config = Buffer.from(JSON.stringify({rootfs: {diff_ids: diffIds}}))
const manifest = Buffer.from(JSON.stringify({config: {digest: sha256(config)}, layers}))
const id = sha256(manifest)

describe('export of an image', () => {
  let cleanup: Cleanup
  beforeEach(() => (cleanup = new Cleanup()))
  afterEach(() => cleanup[Symbol.asyncDispose]())

  /** An export with the blobs in this order, and how many of them were sent. */
  function exported(...contents: readonly Buffer[]): {archive: AsyncIterable<Buffer>; sent: () => number} {
    let sent = 0
    const files = contents.map((content) => {
      const file = fileOf(`blobs/${sha256(content).replace(':', '/')}`, content)
      const read = () => {
        sent++
        return file.read()
      }
      return {...file, read}
    })
    return {archive: tarOfFiles(files), sent: () => sent}
  }

  function read(archive: AsyncIterable<Buffer>, ...wanted: readonly string[]): ReturnType<typeof readExport> {
    const options: WantedBlobs = {id, diffIds, diffIdsToKeep: new Set(wanted), cleanup}
    return readExport(archive, options)
  }

  it('is read until the manifest and the configuration are found', async () => {
    const [base = manifest, ...others] = blobs
    const {archive, sent} = exported(base, manifest, config, ...others)
    const found = await read(archive)
    expect(found.manifest).to.deep.equal({layers, config: JSON.parse(String(config)) as object})
    expect(found.files.size).to.equal(0)
    expect(sent()).to.equal(3)
  })

  const orders: Readonly<Record<string, readonly [readonly Buffer[], number]>> = {
    'what is wanted comes before the manifest': [[...blobs, manifest, config], 5],
    'what is wanted comes behind the manifest': [[config, manifest, ...blobs], 5],
    'what is wanted comes around the manifest': [
      [blobs[1] ?? config, manifest, blobs[2] ?? config, config, blobs[0] ?? config],
      4,
    ],
  }
  for (const [what, [order, count]] of Object.entries(orders))
    it(`gives only the wanted blobs, in one pass, if ${what}`, async () => {
      const {archive, sent} = exported(...order)
      const {files} = await read(archive, middle, top)
      expect([...files.keys()]).to.deep.equal([middle, top])
      for (const [index, diffId] of diffIds.entries()) {
        const file = files.get(diffId)
        if (file !== undefined) expect((await buffer(file.read())).equals(blobs[index] ?? config)).to.equal(true)
      }
      expect(sent()).to.equal(count)
    })

  it('needs no manifest if it is known', async () => {
    const {archive, sent} = exported(...blobs, manifest, config)
    const known = {layers, config: undefined}
    const {files} = await readExport(archive, {id, diffIds, diffIdsToKeep: new Set([middle]), manifest: known, cleanup})
    expect([...files.keys()]).to.deep.equal([middle])
    expect(sent()).to.equal(2)
  })

  const lacking: Readonly<Record<string, readonly Buffer[]>> = {
    'manifest-missing': [config, ...blobs],
    'layer-missing': [config, manifest, ...blobs.slice(0, 2)],
  }
  for (const [code, order] of Object.entries(lacking))
    it(`fails with ${code} if it is`, async () => {
      const error = await thrown(read(exported(...order).archive, top))
      expect(error).to.be.instanceOf(FailedError).with.property('code', code)
    })
})
