import {expect} from 'chai'
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import type {ImageDetails} from '../../../src/lib/engine/types.js'
import {imageNameOf, tapImageName} from '../../../src/lib/values/tap-image-name.js'
import {exampleContainer, TAP_LABELS} from '../tap/example-container.js'
import {exampleTap} from '../tap/example-tap.js'

describe('imageNameOf', () => {
  const nameBy = (values: Readonly<Record<string, string>>) => imageNameOf(exampleTap({values}))

  it("is the tap's value, else the last part of its image, else the tap's name", () => {
    const KEG_IMAGE_FROM = 'ghcr.io:443/acme/team/storefront:develop'
    expect(nameBy({IMAGE: 'My Shop', KEG_IMAGE_FROM})).to.equal('My Shop')
    expect(nameBy({KEG_IMAGE_FROM})).to.equal('storefront')
    expect(nameBy({})).to.equal('shop')
  })
})

describe('tapImageName', () => {
  let folder: string
  let warnings: string[]

  beforeEach(async () => {
    warnings = []
    folder = await mkdtemp(join(tmpdir(), 'keg-test-image-name-'))
    await mkdir(join(folder, 'keg'))
    await mkdir(join(folder, 'container'))
    await writeFile(join(folder, 'keg/config.yml'), `version: 1\ntaps:\n  shop: {path: ${folder}}\n`)
    await writeFile(join(folder, 'container/values.yml'), 'env: {KEG_IMAGE_FROM: "acme/base:x", IMAGE: storefront}\n')
  })

  afterEach(() => rm(folder, {recursive: true}))

  async function nameBy(changes: Readonly<Record<string, string>>, ofImage: Readonly<Record<string, string>> = {}) {
    const base: ImageDetails = {
      Id: 'sha256:1',
      Architecture: 'amd64',
      Os: 'linux',
      Size: 0,
      RootFS: {Type: 'layers'},
      Config: {Labels: ofImage},
    }
    const work = {environment: {XDG_CONFIG_HOME: folder, HOME: folder}, warn: (text: string) => warnings.push(text)}
    return tapImageName(work, {
      container: exampleContainer('shop-main', {...TAP_LABELS, 'com.keg.folder': folder, ...changes}),
      base,
    })
  }

  it("is the tap's for its own container, and undefined for its services", async () => {
    expect(await nameBy({})).to.equal('storefront')
    expect(await nameBy({'com.keg.tap.main': ''})).to.equal(undefined)
  })

  it('is undefined if the label came with the image', async () => {
    expect(await nameBy({}, {'com.keg.folder': folder})).to.equal(undefined)
  })

  it('is undefined if the folder is no longer in a linked tap', async () => {
    await writeFile(join(folder, 'keg/config.yml'), 'version: 1\n')
    expect(await nameBy({})).to.equal(undefined)
    expect(warnings).to.deep.equal([])
  })

  it('is undefined, with a warning, if the files of the tap are invalid', async () => {
    await writeFile(join(folder, 'container/values.yml'), 'env: [\n')
    expect(await nameBy({})).to.equal(undefined)
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.match(
      /^The image is not named after its tap, because the values of the tap cannot be read\. /,
    )
  })
})
