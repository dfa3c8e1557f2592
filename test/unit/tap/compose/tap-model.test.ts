import {expect} from 'chai'
import {FailedError, UsageError} from '../../../../src/lib/error/keg-error.js'
import {readModel, type ComposeModel} from '../../../../src/lib/tap/compose/compose-model.js'
import {composeFiles, mainService} from '../../../../src/lib/tap/compose/tap-model.js'
import {exampleTap, type ExampleTapOptions} from '../example-tap.js'

const model = (...names: string[]): ComposeModel => ({services: Object.fromEntries(names.map((name) => [name, {}]))})

describe('the service that is the app', () => {
  const table: readonly [string, readonly string[], ExampleTapOptions, string][] = [
    ['KEG_COMPOSE_SERVICE', ['a', 'shop'], {values: {KEG_COMPOSE_SERVICE: 'a'}}, 'a'],
    ['the one that is called like the tap', ['a', 'shop'], {files: {services: ['a', 'shop']}}, 'shop'],
    ['the one that is called like its alias', ['a', 'evf'], {files: {services: ['a', 'evf'], alias: 'evf'}}, 'evf'],
    ['the one that is called like its container', ['a', 'b'], {values: {CONTAINER_NAME: 'b'}}, 'b'],
    ['else the first of the file, whatever compose puts first', ['a', 'b'], {files: {services: ['b', 'a']}}, 'b'],
    ['the first that compose takes up', ['a', 'b'], {files: {services: ['of-a-profile', 'b', 'a']}}, 'b'],
  ]
  for (const [what, names, options, expected] of table)
    it(`is ${what}`, () => {
      expect(mainService(model(...names), exampleTap(options))).to.equal(expected)
    })

  it('is missed with the services that there are', () => {
    const tap = exampleTap({values: {KEG_COMPOSE_SERVICE: 'c'}})
    expect(() => mainService(model('a', 'b'), tap))
      .to.throw(UsageError, /no service of the compose file: c/)
      .that.deep.includes({code: 'compose-service-unknown', data: {services: ['a', 'b']}})
    expect(() => mainService(model(), exampleTap()))
      .to.throw(UsageError)
      .with.property('code', 'compose-empty')
  })
})

describe('the compose files of a tap', () => {
  it('are that of its folder, and those of environment and tap above it', () => {
    const tap = exampleTap({
      tap: {name: 'my-shop'},
      files: {composeFile: '/home/me/shop/container/docker-compose.yml'},
      values: {
        KEG_COMPOSE_MY_SHOP_LOCAL: '/4.yml',
        KEG_COMPOSE_MY_SHOP: '/3.yml',
        KEG_COMPOSE_LOCAL: '/2.yml',
        KEG_COMPOSE_REPO: 'container/1.yml',
        KEG_COMPOSE_CI: '/no.yml',
      },
    })
    expect(composeFiles(tap)).to.deep.equal([
      '/home/me/shop/container/docker-compose.yml',
      '/home/me/shop/container/1.yml',
      '/2.yml',
      '/3.yml',
      '/4.yml',
    ])
  })

  it('begin with KEG_COMPOSE_DEFAULT, and each counts once', () => {
    const files = {composeFile: '/home/me/shop/container/docker-compose.yml'}
    const values = {KEG_COMPOSE_DEFAULT: '/x.yml', KEG_COMPOSE_REPO: '/x.yml'}
    expect(composeFiles(exampleTap({files, values}))).to.deep.equal(['/x.yml'])
    expect(composeFiles(exampleTap())).to.deep.equal([])
  })
})

describe('readModel', () => {
  for (const text of ['', 'null', '[]', '{"services": []}', '{"services": {"a": 1}}', '{"networks": "x"}'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => readModel(text))
        .to.throw(FailedError)
        .with.property('code', 'compose-answer-invalid')
    })
})
