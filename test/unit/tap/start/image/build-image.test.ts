import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {UsageError} from '../../../../../src/lib/error/keg-error.js'
import type {ExplainedValue} from '../../../../../src/lib/values/values.js'
import {neededBuild, planBuild} from '../../../../../src/lib/tap/start/image/build-image.js'
import {exampleTap} from '../../example-tap.js'

const values = {KEG_BASE_IMAGE: 'base:1', PRICE: '5$', GIT_KEY: 'secret', NPM_TOKEN: 'secret too'}
const secrets = ['GIT_KEY', 'NPM_TOKEN']

describe('build of a tap', () => {
  let folder: string

  before(async () => (folder = await mkdtemp(join(tmpdir(), 'keg-test-build-'))))
  after(async () => rm(folder, {recursive: true}))

  async function plan(
    dockerfile: string,
    service: Readonly<Record<string, unknown>> = {},
    more: Readonly<Record<string, string>> = {},
    {base, secrets: ofFile}: {readonly base?: object; readonly secrets?: object} = {},
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
    const services = {db: {}, shop: service, ...(base !== undefined && {base: {...base}})}
    const model = {services, ...(ofFile !== undefined && {secrets: ofFile})}
    return planBuild(opened, {model, service: 'shop', warnings: []}, 'shop:main')
  }

  it('gets the values as arguments, unchanged and without secrets', async () => {
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

  it('reports secrets that Dockerfile and compose file request as arguments', async () => {
    expect((await plan('FROM base\n  arg GIT_KEY\nRUN x')).leftOut).to.deep.equal(['GIT_KEY'])
    const {leftOut, model} = await plan('FROM base', {build: {context: '/x', args: {NPM_TOKEN: 'y', A: '1', B: null}}})
    expect(leftOut).to.deep.equal(['NPM_TOKEN'])
    expect(model.services.shop?.build).to.deep.equal({
      context: '/x',
      args: {KEG_BASE_IMAGE: 'base:1', PRICE: '5$$', A: '1'},
    })
    expect(JSON.stringify(model)).not.to.include('secret')
  })

  it('includes what the build section refers to: secrets, other services, the platform', async () => {
    const build = {
      context: '/x',
      dockerfile_inline: 'FROM base\nRUN --mount=type=secret,id=GIT_KEY x',
      additional_contexts: {base: 'service:base', docs: './docs'},
      secrets: [{source: 'own'}],
    }
    const base = {image: 'base', build: {context: '/b', additional_contexts: {root: 'service:db'}}, command: ['x']}
    const {model} = await plan(
      '',
      {build, platform: 'linux/arm64'},
      {},
      {base, secrets: {own: {file: '/s'}, other: {}}},
    )
    expect(model.secrets).to.deep.equal({own: {file: '/s'}, other: {}, GIT_KEY: {environment: 'GIT_KEY'}})
    expect(Object.keys(model.services).sort()).to.deep.equal(['base', 'db', 'shop'])
    expect(model.services.base).to.deep.equal({image: 'base', build: base.build, platform: undefined})
    expect(model.services.shop).to.include({platform: 'linux/arm64'})
    expect(model.services.shop?.build).to.deep.include({secrets: [{source: 'own'}, {source: 'GIT_KEY'}]})
  })

  it('gets secrets through mounts with their names, which leave nothing in the image', async () => {
    const {leftOut, model} = await plan('FROM base\nRUN --mount=type=secret,id=GIT_KEY,required git clone x')
    expect(leftOut).to.deep.equal([])
    expect(model.secrets).to.deep.equal({GIT_KEY: {environment: 'GIT_KEY'}})
    expect(model.services.shop?.build).to.have.deep.property('secrets', [{source: 'GIT_KEY'}])
  })

  it('fails without a Dockerfile', () => {
    expect(() => neededBuild(exampleTap(), {image: 'shop'}))
      .to.throw(UsageError)
      .with.property('code', 'dockerfile-missing')
  })

  it('is for the platforms in KEG_BUILD_PLATFORMS', async () => {
    const {model} = await plan('FROM base', {}, {KEG_BUILD_PLATFORMS: 'linux/amd64, linux/arm64'})
    expect(model.services.shop?.build).to.have.deep.property('platforms', ['linux/amd64', 'linux/arm64'])
  })
})
