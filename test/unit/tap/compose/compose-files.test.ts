import {mkdir, mkdtemp, realpath, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {expect} from 'chai'
import {composeEnvFiles, findComposeFiles} from '../../../../src/lib/tap/compose/compose-files.js'
import {exampleTap} from '../example-tap.js'
import type {ValuesFile} from '../../../../src/lib/tap-folder/model.js'

const composeFile = '/home/me/shop/container/docker-compose.yml'
const composeOverride = '/home/me/shop/container/docker-compose.override.yml'

const find = (options: Parameters<typeof exampleTap>[0], environment: NodeJS.ProcessEnv = {}) =>
  findComposeFiles(exampleTap(options), environment)

function dotenv(file: string, variables: Readonly<Record<string, string>>): ValuesFile {
  const place = {file, line: 1, column: 1}
  return {file, values: new Map(Object.entries(variables).map(([name, text]) => [name, {...place, text}]))}
}

describe('compose files of a tap', () => {
  it('are its own with the override beside it, as in compose', async () => {
    expect(await find({files: {composeFile, composeOverride}})).to.deep.equal({
      files: [composeFile, composeOverride],
      warnings: [],
    })
    expect((await find({files: {composeFile}})).files).to.deep.equal([composeFile])
    expect((await find({})).files).to.deep.equal([])
  })

  it('are the same if the values name the tap’s own file, as in old taps', async () => {
    const values = {KEG_COMPOSE_DEFAULT: 'container/docker-compose.yml'}
    expect((await find({files: {composeFile, composeOverride}, values})).files).to.have.length(2)
  })

  it('are those in the values, in order and once, without the override, with a warning', async () => {
    const values = {
      KEG_COMPOSE_MY_SHOP_LOCAL: '/4.yml',
      KEG_COMPOSE_MY_SHOP: '/3.yml',
      KEG_COMPOSE_LOCAL: '/2.yml',
      KEG_COMPOSE_REPO: 'container/1.yml',
      KEG_COMPOSE_CI: '/no.yml',
    }
    const found = await find({tap: {name: 'my-shop'}, files: {composeFile, composeOverride}, values})
    expect(found.files).to.deep.equal([composeFile, '/home/me/shop/container/1.yml', '/2.yml', '/3.yml', '/4.yml'])
    expect(found.warnings).to.have.length(1)
    expect(found.warnings[0]).to.include('docker-compose.override.yml is ignored')
    const twice = {KEG_COMPOSE_DEFAULT: '/x.yml', KEG_COMPOSE_REPO: '/x.yml'}
    expect((await find({files: {composeFile}, values: twice}, {COMPOSE_FILE: '/y.yml'})).files).to.deep.equal([
      '/x.yml',
    ])
    const own = {KEG_COMPOSE_LOCAL: composeOverride}
    expect(await find({files: {composeFile, composeOverride}, values: own})).to.deep.equal({
      files: [composeFile, composeOverride],
      warnings: [],
    })
  })

  describe('with COMPOSE_FILE', () => {
    let folder: string

    before(async () => {
      folder = await realpath(await mkdtemp(join(tmpdir(), 'keg-compose-files-')))
      await mkdir(join(folder, 'container'))
      for (const name of ['a.yml', 'container/b.yml', 'container/a.yml']) await writeFile(join(folder, name), '')
    })
    after(() => rm(folder, {recursive: true}))

    it('are relative to the file that sets it and to the tap’s own file, with a warning about ignored files', async () => {
      const files = {composeFile, composeOverride, containerFolder: join(folder, 'container')}
      const options = {tap: {folder}, files}
      const found = await find(options, {COMPOSE_FILE: 'a.yml:b.yml:/c.yml'})
      expect(found.files).to.deep.equal([join(folder, 'a.yml'), join(folder, 'container/b.yml'), '/c.yml'])
      expect(found.warnings).to.have.length(1)
      const beside = dotenv(join(folder, 'container/.env'), {COMPOSE_FILE: 'a.yml,b.yml', COMPOSE_PATH_SEPARATOR: ','})
      expect((await find({tap: {folder}, files: {...files, composeDotenv: beside}})).files).to.deep.equal([
        join(folder, 'container/a.yml'),
        join(folder, 'container/b.yml'),
      ])
      const top = dotenv(join(folder, '.env'), {COMPOSE_FILE: 'a.yml'})
      expect((await find({tap: {folder}, files: {...files, composeDotenv: beside, dotenv: top}})).files).to.deep.equal([
        join(folder, 'a.yml'),
      ])
    })
  })

  it("use variables of both .env files, the tap's before the one beside them", () => {
    const both = {dotenv: dotenv('/a/.env', {}), composeDotenv: dotenv('/a/container/.env', {})}
    expect(composeEnvFiles(both, {})).to.deep.equal(['/a/container/.env', '/a/.env'])
    expect(composeEnvFiles(both, {COMPOSE_ENV_FILES: 'x.env'})).to.deep.equal([])
    expect(composeEnvFiles({dotenv: undefined, composeDotenv: undefined}, {})).to.deep.equal([])
  })
})
