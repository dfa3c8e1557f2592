import {expect} from 'chai'
import {appService, isStore} from '../../../../src/lib/tap/compose/app-service.js'
import type {ComposeService} from '../../../../src/lib/compose/compose-model.js'
import {thrown} from '../../../support/thrown.js'
import {exampleTap, type ExampleTapOptions} from '../example-tap.js'

type Services = Readonly<Record<string, ComposeService>>

const named = (...names: string[]): Services => Object.fromEntries(names.map((name) => [name, {}]))

/** @param off services of profiles that are not enabled */
function app(enabled: Services, options: ExampleTapOptions = {}, off: Services = {}): Promise<string> {
  return appService({enabled, all: {...enabled, ...off}}, exampleTap(options))
}

describe('service of the app', () => {
  const dev = {profiles: ['dev']}
  const table: readonly [string, Services, ExampleTapOptions, string, Services?][] = [
    ['KEG_COMPOSE_SERVICE', named('a', 'shop'), {values: {KEG_COMPOSE_SERVICE: 'a'}}, 'a'],
    ['a database, where that says so', named('db', 'shop'), {values: {KEG_COMPOSE_SERVICE: 'db'}}, 'db'],
    ['the one that is called like the tap', named('a', 'shop'), {files: {services: ['a', 'shop']}}, 'shop'],
    [
      'the one that is called like its alias',
      named('a', 'evf'),
      {files: {services: ['a', 'evf'], alias: 'evf'}},
      'evf',
    ],
    ['the one that is called like its container', named('a', 'b'), {values: {CONTAINER_NAME: 'b'}}, 'b'],
    ['one of these in a profile that is off', named('a'), {}, 'shop', {shop: dev}],
    ['a database, where the tap is called so', named('redis'), {tap: {name: 'redis'}}, 'redis'],
    ['else the first of the file, whatever compose puts first', named('a', 'b'), {files: {services: ['b', 'a']}}, 'b'],
    ['the first that compose takes up', named('a', 'b'), {files: {services: ['off', 'b', 'a']}}, 'b', {off: dev}],
    ['no database, though that comes first', named('db', 'web'), {files: {services: ['db', 'web']}}, 'web'],
    [
      'no migration that must end before the app starts',
      {migrate: {image: 'a'}, web: {image: 'b', depends_on: {migrate: {condition: 'service_completed_successfully'}}}},
      {files: {services: ['migrate', 'web']}},
      'web',
    ],
    [
      'the one that only the tap gives an image',
      {proxy: {image: 'a'}, tool: {build: {context: '.'}}, web: {}},
      {files: {services: ['proxy', 'tool', 'web']}},
      'web',
    ],
    [
      'nothing without a container',
      {llm: {provider: {type: 'model'}}, web: {}},
      {files: {services: ['llm', 'web']}},
      'web',
    ],
  ]
  for (const [what, enabled, options, expected, off] of table)
    it(`is ${what}`, async () => {
      expect(await app(enabled, options, off)).to.equal(expected)
    })

  it('is reported as unknown with the list of services, and a suggestion', async () => {
    expect(await thrown(app(named('api', 'web'), {values: {KEG_COMPOSE_SERVICE: 'wbe'}}))).to.deep.include({
      code: 'compose-service-unknown',
      message: 'KEG_COMPOSE_SERVICE is not a service of the compose file: wbe.',
      hint: 'Did you mean web? Its services are: api, web.',
      data: {services: ['api', 'web']},
    })
    expect(await thrown(app({}))).to.have.property('code', 'compose-empty')
  })

  for (const [what, enabled] of [
    ['a database', named('db')],
    ['what an app that is off waits for', named('store')],
  ] as const)
    it(`must be named rather than be ${what}, with a hint about profiles`, async () => {
      const off = {web: {...dev, depends_on: {db: {condition: 'service_started'}, store: {}}}}
      expect(await thrown(app(enabled, {}, off)))
        .to.include({code: 'compose-service-unknown'})
        .and.has.property('hint')
        .that.includes('web (in the profile dev, which is off)')
        .and.includes('KEG_COMPOSE_SERVICE')
    })
})

describe('isStore', () => {
  const image = (text: string): ComposeService => ({image: text})
  const stores: readonly [string, ComposeService][] = [
    ['db', {}],
    ['shop-db-1', {}],
    ['main_postgres', {}],
    ['x', image('postgres:17')],
    ['x', image('docker.io/library/redis@sha256:abc')],
    ['x', image('localhost:5000/postgis/postgis:16-3.4')],
    ['x', image('redis/redis-stack-server')],
    ['x', image('mcr.microsoft.com/mssql/server:2022-latest')],
    ['x', {image: 'mine', volumes: [{type: 'volume', target: '/var/lib/mysql'}]}],
  ]
  for (const [name, service] of stores)
    it(`accepts ${name} ${JSON.stringify(service)}`, () => expect(isStore(name, service)).to.equal(true))

  const apps: readonly [string, ComposeService][] = [
    ['web', {}],
    ['1', {}],
    ['db-admin', image('adminer')],
    ['x', image('mongo-express')],
    ['x', image('ghcr.io/acme/database/app:1')],
    ['x', {image: 'mine', volumes: [{type: 'bind', target: '/app'}]}],
  ]
  for (const [name, service] of apps)
    it(`refuses ${name} ${JSON.stringify(service)}`, () => expect(isStore(name, service)).to.equal(false))
})
