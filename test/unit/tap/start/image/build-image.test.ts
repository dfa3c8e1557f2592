import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {UsageError} from '../../../../../src/lib/error/keg-error.js'
import type {ExplainedValue} from '../../../../../src/lib/environment/values.js'
import {neededBuild, planBuild} from '../../../../../src/lib/tap/start/image/build-image.js'
import {exampleTap} from '../../example-tap.js'

const values = {KEG_BASE_IMAGE: 'base:1', PRICE: '5$', GIT_KEY: 'secret', NPM_TOKEN: 'secret too'}
const secrets = ['GIT_KEY', 'NPM_TOKEN']

describe('the build of a tap', () => {
  let folder: string

  before(async () => (folder = await mkdtemp(join(tmpdir(), 'keg-test-build-'))))
  after(async () => rm(folder, {recursive: true}))

  async function plan(
    dockerfile: string,
    service: Readonly<Record<string, unknown>> = {},
    more: Readonly<Record<string, string>> = {},
  ) {
    const file = join(folder, 'Dockerfile')
    await writeFile(file, dockerfile)
    const tap = exampleTap({tap: {folder}, files: {dockerfile: file}, values: {...values, ...more}})
    const explained = (name: string): ExplainedValue => ({
      name,
      value: '',
      origin: {kind: 'values', place: ''},
      hides: [],
      problem: undefined,
      isSecret: secrets.includes(name),
      meaning: undefined,
    })
    const opened = {...tap, values: {...tap.values, explain: () => Object.keys(values).map(explained)}}
    return planBuild(opened, {model: {services: {db: {}, shop: service}}, service: 'shop', warnings: []}, 'shop:main')
  }

  it('gets the values as arguments, as they are, and no secret', async () => {
    const {leftOut, model} = await plan('FROM base\n')
    expect(model).to.deep.equal({
      services: {
        shop: {
          image: 'shop:main',
          build: {
            context: folder,
            dockerfile: join(folder, 'Dockerfile'),
            args: {KEG_BASE_IMAGE: 'base:1', PRICE: '5$$'},
          },
        },
      },
    })
    expect(leftOut).to.deep.equal([])
  })

  it('names the secrets that Dockerfile and compose file ask for as arguments', async () => {
    expect((await plan('FROM base\n  arg GIT_KEY\nRUN x')).leftOut).to.deep.equal(['GIT_KEY'])
    const {leftOut, model} = await plan('FROM base', {build: {context: '/x', args: {NPM_TOKEN: 'y', A: '1', B: null}}})
    expect(leftOut).to.deep.equal(['NPM_TOKEN'])
    expect(model.services.shop?.build).to.deep.equal({
      context: '/x',
      args: {KEG_BASE_IMAGE: 'base:1', PRICE: '5$$', A: '1'},
    })
    expect(JSON.stringify(model)).not.to.include('secret')
  })

  it('gets secrets by mounts that name them, which leave nothing in the image', async () => {
    const {leftOut, model} = await plan('FROM base\nRUN --mount=type=secret,id=GIT_KEY,required git clone x')
    expect(leftOut).to.deep.equal([])
    expect(model.secrets).to.deep.equal({GIT_KEY: {environment: 'GIT_KEY'}})
    expect(model.services.shop?.build).to.have.deep.property('secrets', [{source: 'GIT_KEY'}])
  })

  it('is missed where there is no Dockerfile', () => {
    expect(() => neededBuild(exampleTap(), {image: 'shop'}))
      .to.throw(UsageError)
      .with.property('code', 'dockerfile-missing')
  })

  it('is for the platforms that KEG_BUILD_PLATFORMS names', async () => {
    const {model} = await plan('FROM base', {}, {KEG_BUILD_PLATFORMS: 'linux/amd64, linux/arm64'})
    expect(model.services.shop?.build).to.have.deep.property('platforms', ['linux/amd64', 'linux/arm64'])
  })
})
