import {expect} from 'chai'
import {
  append,
  baseLayer,
  chainIds,
  configFile,
  drop,
  EMPTY_LAYER,
  replaceConfig,
  replaceLayer,
  rewriteHistory,
} from '../../../src/lib/image/image.js'
import type {Image} from '../../../src/lib/image/model.js'
import {END_OF_TAR} from '../../../src/lib/tar/tar-header.js'
import {imageOf, parsed, sha256, storedLayer, writtenLayer} from './written.js'

const created = '2024-01-02T03:04:05.000Z'

describe('configuration file of an image', () => {
  const layers = [storedLayer('base'), writtenLayer('data', 10)]

  it('follows the OCI image-spec: one diffID and one step per layer, the other steps between them', () => {
    const labels = {'com.example.name': 'value'}
    expect(parsed(configFile({...imageOf(layers), labels}))).to.deep.equal({
      created,
      author: 'Ada',
      architecture: 'arm64',
      variant: 'v8',
      os: 'linux',
      config: {Cmd: ['x'], Labels: labels},
      rootfs: {type: 'layers', diff_ids: layers.map(({diffId}) => diffId)},
      history: [
        {created, created_by: 'ARG first', empty_layer: true},
        {created, created_by: 'ADD base'},
        {created, created_by: 'ENV A=b', empty_layer: true},
        {created, created_by: 'keg data'},
        {created, created_by: 'CMD ["x"]', empty_layer: true},
      ],
    })
  })

  it('has no labels if there are none', () => {
    expect(parsed(configFile(imageOf(layers)))).to.have.deep.property('config', {Cmd: ['x']})
  })

  it('is the same bytes each time: its digest is the id of the image', () => {
    expect(configFile(imageOf(layers))).to.deep.equal(configFile(imageOf(layers)))
    expect(configFile(imageOf(layers.slice(1)))).to.not.deep.equal(configFile(imageOf(layers)))
  })
})

describe('a changed image', () => {
  const [base, first, second] = [storedLayer('base'), writtenLayer('a', 10), writtenLayer('b', 10)]
  const image = imageOf([base, first])
  const steps = (changed: Image): unknown => (parsed(configFile(changed)) as {history: object[]}).history
  const before = configFile(image)
  afterEach('leaves the image that it was made of as it is', () => {
    expect(configFile(image).equals(before)).to.equal(true)
  })

  it('has more layers on top', () => {
    const more = append(image, [second])
    expect(more.layers).to.deep.equal([base, first, second])
    expect(steps(more)).to.have.length(6)
  })

  it('has one layer less, and its other steps in their places', () => {
    const less = drop(imageOf([base, first, second]), ({diffId}) => diffId === base.diffId)
    expect(less.layers).to.deep.equal([first, second])
    expect(steps(less)).to.deep.equal([
      {created, created_by: 'ARG first', empty_layer: true},
      {created, created_by: 'ENV A=b', empty_layer: true},
      {created, created_by: 'keg a'},
      {created, created_by: 'keg b'},
      {created, created_by: 'CMD ["x"]', empty_layer: true},
    ])
    expect(drop(image, () => false)).to.deep.equal(image)
  })

  it('has one layer replaced', () => {
    expect(replaceLayer(image, base, second).layers).to.deep.equal([second, first])
    expect(replaceLayer(image, second, base).layers).to.deep.equal([base, first])
  })

  it('has another configuration and other labels', () => {
    const config = {created, architecture: 'amd64', os: 'linux', config: {Cmd: ['y']}}
    const changed = replaceConfig(image, config, {name: 'value'})
    expect(parsed(configFile(changed))).to.deep.include({
      architecture: 'amd64',
      config: {Cmd: ['y'], Labels: {name: 'value'}},
    })
    expect(changed.layers).to.equal(image.layers)
  })

  it('has all of its steps rewritten', () => {
    const changed = rewriteHistory(image, (step) => ({...step, created_by: step.created_by.toLowerCase()}))
    const words = [...changed.layers, ...changed.emptyHistory].map(({history}) => history.created_by)
    expect(words).to.deep.equal(['add base', 'keg a', 'arg first', 'env a=b', 'cmd ["x"]'])
  })
})

describe('chains of layers', () => {
  it('are named as in the OCI image-spec', () => {
    const [one, two, three] = ['a', 'b', 'c'].map((text) => sha256(Buffer.from(text)))
    const second = sha256(Buffer.from(`${one ?? ''} ${two ?? ''}`))
    expect(chainIds([one ?? '', two ?? '', three ?? ''])).to.deep.equal([
      one,
      second,
      sha256(Buffer.from(`${second} ${three ?? ''}`)),
    ])
    expect(chainIds([])).to.deep.equal([])
  })
})

describe('an empty layer', () => {
  it('is recognized by its digest', () => {
    expect(baseLayer(END_OF_TAR, {created, created_by: 'keg'}).diffId).to.equal(EMPTY_LAYER)
  })
})
