import {expect} from 'chai'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {findManifest} from '../../../../src/lib/image/archive/manifest.js'

const [id, configDigest] = [`sha256:${'a'.repeat(64)}`, `sha256:${'c'.repeat(64)}`]
const diffIds = [`sha256:${'d'.repeat(64)}`]
const layer = {mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: `sha256:${'e'.repeat(64)}`, size: 7}
const config = {rootfs: {type: 'layers', diff_ids: diffIds}}
const manifest = (...layers: object[]): object => ({schemaVersion: 2, config: {digest: configDigest}, layers})

describe('the manifest of a stored image', () => {
  function failure(documents: ReadonlyMap<string, unknown>): unknown {
    try {
      return findManifest(documents, {id, diffIds})
    } catch (error) {
      expect(error).to.be.instanceOf(FailedError)
      return error
    }
  }

  it('is the one with the id of the image', () => {
    const documents = new Map<string, unknown>([
      [configDigest, config],
      [id, manifest(layer)],
    ])
    expect(findManifest(documents, {id, diffIds})).to.deep.equal({layers: [layer], config})
  })

  it('is the one of an index whose configuration has the layers of the image', () => {
    const documents = new Map<string, unknown>([
      [id, {schemaVersion: 2, manifests: []}],
      ['other', manifest(layer, layer)],
      [configDigest, config],
      ['platform', manifest(layer)],
    ])
    expect(findManifest(documents, {id, diffIds})?.layers).to.deep.equal([layer])
  })

  const missing: Readonly<Record<string, readonly (readonly [string, unknown])[]>> = {
    'there is none': [[configDigest, config]],
    'its configuration is not there': [[id, manifest(layer)]],
    'it has other layers': [
      [id, manifest(layer)],
      [configDigest, {rootfs: {diff_ids: [id]}}],
    ],
    'it has another number of layers': [
      [id, manifest(layer, layer)],
      [configDigest, config],
    ],
    'documents are something else': [
      [id, 'text'],
      ['null', null],
      ['list', [manifest(layer)]],
    ],
  }
  for (const [what, documents] of Object.entries(missing))
    it(`is not found if ${what}`, () => {
      expect(findManifest(new Map(documents), {id, diffIds})).to.equal(undefined)
    })

  for (const broken of [{}, {...layer, size: '7'}, {...layer, digest: 1}, {digest: layer.digest, size: 7}])
    it(`is an error if a layer in it is ${JSON.stringify(broken)}`, () => {
      const documents = new Map<string, unknown>([
        [id, manifest(broken)],
        [configDigest, config],
      ])
      expect(failure(documents)).to.include({code: 'manifest-invalid', exitCode: 1})
    })
})
