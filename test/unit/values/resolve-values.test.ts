import {expect} from 'chai'
import {join} from 'node:path'
import {provideDefault} from '../../../src/lib/process/resolved.js'
import type {Values} from '../../../src/lib/values/values.js'
import {readUserConfiguration} from '../../../src/lib/config/user-configuration.js'
import {resolveValues} from '../../../src/lib/values/resolve-values.js'
import {LinkedTap, type LinkedTapOptions} from './linked-tap.js'

describe('values of a tap', () => {
  let tap: LinkedTap
  beforeEach(() => (tap = new LinkedTap()))
  afterEach(() => tap.remove())

  const resolve = async (options?: LinkedTapOptions): Promise<Values> => (await tap.open(options)).values

  it('of other environments are ignored', async () => {
    tap.values('KEG_EXEC_CMD: start')
    tap.values('KEG_EXEC_CMD: serve', 'values-production.yml')
    expect((await resolve()).text('KEG_EXEC_CMD')).to.equal('start')
    const production = await resolve({environmentName: 'production'})
    expect(production.text('KEG_EXEC_CMD')).to.equal('serve')
    expect(production.text('NODE_ENV')).to.equal('production')
    expect(production.origin('KEG_ENV')).to.deep.equal({kind: 'flag', place: '--environment'})
    const said = await resolve({environment: {...tap.environment, KEG_ENV: 'production'}})
    expect(said.text('KEG_EXEC_CMD')).to.equal('serve')
    expect(said.explain().find(({name}) => name === 'KEG_ENV')).to.deep.include({
      value: 'production',
      origin: {kind: 'environment', place: 'KEG_ENV'},
      hides: [],
    })
  })

  it('are also read from files with the old spelling', async () => {
    tap.values('KEG_EXEC_CMD: start')
    tap.values('KEG_EXEC_CMD: serve', 'values_local.yaml')
    const values = await resolve()
    expect(values.text('KEG_EXEC_CMD')).to.equal('serve')
    expect(values.origin('KEG_EXEC_CMD')?.kind).to.equal('environment-values')
  })

  it('have names other than KEG_* and DOC_* only in the values files', async () => {
    tap.values('VERSION: 1.0\nIMAGE: shop')
    tap.write('shop/.env', 'VERSION=2\nGIT_KEY=x\nDOC_APP_PATH=/srv\n')
    const values = await resolve({environment: {...tap.environment, VERSION: '3', IMAGE: 'other', CONTAINER_NAME: 'x'}})
    expect(values.text('VERSION')).to.equal('1.0')
    expect(values.text('IMAGE')).to.equal('shop')
    expect(values.text('DOC_APP_PATH')).to.equal('/srv')
    expect(values.names).to.not.include.members(['GIT_KEY', 'CONTAINER_NAME', 'PATH', 'HOME'])
  })

  it('keep numbers and booleans of YAML as written', async () => {
    tap.values('KEG_PROXY_PORT: 8080\nVERSION: 1.0\nA: 010\nB: yes\nC: 1e3\nD: "quoted"')
    const {asEnvironment} = await resolve().then((values) => ({asEnvironment: values.asEnvironment()}))
    expect(asEnvironment).to.include({
      KEG_PROXY_PORT: '8080',
      VERSION: '1.0',
      A: '010',
      B: 'yes',
      C: '1e3',
      D: 'quoted',
    })
  })

  it("do not come from keg itself, from empty variables, or from oclif's variables", async () => {
    const environment: NodeJS.ProcessEnv = {...tap.environment, KEG_EXEC_CMD: '', KEG_DATA_DIR: '/data', KEG_DEBUG: '1'}
    provideDefault(environment, 'KEG_REGISTRY', 'localhost:1', 'another keg')
    const values = await resolve({environment})
    for (const name of ['KEG_EXEC_CMD', 'KEG_REGISTRY', 'KEG_DATA_DIR', 'KEG_DEBUG', 'KEG_RESOLVED'])
      expect(values.text(name), name).to.equal(undefined)
    expect(values.names).to.not.include.members(['KEG_DATA_DIR', 'KEG_RESOLVED'])
    expect(values.warnings).to.deep.equal([])
  })

  it('are unset if the highest source is empty', async () => {
    tap.values('KEG_EXEC_CMD: start\nKEG_AUTO_SYNC: no')
    tap.write('shop/.env', 'KEG_EXEC_CMD=\nKEG_AUTO_SYNC=\n')
    const values = await resolve()
    expect(values.text('KEG_EXEC_CMD')).to.equal(undefined)
    expect(values.names).to.not.include('KEG_EXEC_CMD')
    expect(values.asEnvironment()).to.not.have.any.keys('KEG_EXEC_CMD')
    expect(values.isOn('KEG_AUTO_SYNC')).to.equal(true)
    expect(values.explicitlyOn('KEG_AUTO_SYNC')).to.equal(undefined)
  })

  it('accept many words for yes and no, and know if one was given', async () => {
    const words: readonly [string, boolean][] = [
      ['false', false],
      ['0', false],
      ['NO', false],
      ['off', false],
      ['on', true],
      ['"1"', true],
    ]
    for (const [word, expected] of words) {
      tap.values(`KEG_AUTO_SYNC: ${word}`)
      const values = await resolve()
      expect(values.isOn('KEG_AUTO_SYNC'), word).to.equal(expected)
      expect(values.explicitlyOn('KEG_AUTO_SYNC'), word).to.equal(expected)
    }
    tap.values('{}')
    const values = await resolve()
    expect([values.isOn('KEG_AUTO_SYNC'), values.explicitlyOn('KEG_AUTO_SYNC')]).to.deep.equal([true, undefined])
    expect([values.isOn('KEG_USE_PROXY'), values.isOn('KEG_NM_INSTALL')]).to.deep.equal([false, false])
  })

  it('of the wrong type are an error only if they are used, with their position', async () => {
    tap.values('KEG_AUTO_SYNC: maybe\nKEG_PROXY_PORT: eighty\nKEG_EXEC_CMD: start')
    const values = await resolve()
    expect(values.text('KEG_EXEC_CMD')).to.equal('start')
    const file = join(tap.folder, 'container/values.yml')
    expect(() => values.isOn('KEG_AUTO_SYNC'))
      .to.throw(`${file}:2: KEG_AUTO_SYNC "maybe" is neither yes nor no.`)
      .that.includes({code: 'value-invalid', exitCode: 2})
    expect(() => values.text('KEG_PROXY_PORT')).to.throw(`${file}:3: KEG_PROXY_PORT "eighty" is not a port.`)
    // Other programs might accept it.
    expect(values.asEnvironment()).to.include({KEG_PROXY_PORT: 'eighty'})
    const {problem, value} = values.explain().find(({name}) => name === 'KEG_PROXY_PORT') ?? {}
    expect({problem, value}).to.deep.equal({
      problem: `${file}:3: KEG_PROXY_PORT "eighty" is not a port.`,
      value: 'eighty',
    })
  })

  it('of paths are the existing files of the folder, unless a file says otherwise', async () => {
    tap.write('shop/container/docker-compose.yml', 'services:\n  app:\n    image: x\n')
    tap.write('shop/container/mutagen.yaml', 'sync: {}\n')
    const values = await resolve()
    const container = join(tap.folder, 'container')
    expect(values.asEnvironment()).to.include({
      KEG_CONTEXT_PATH: tap.folder,
      KEG_CONTAINER_PATH: container,
      KEG_DOCKER_FILE: join(container, 'Dockerfile'),
      KEG_VALUES_FILE: join(container, 'values.yml'),
      KEG_MUTAGEN_FILE: join(container, 'mutagen.yaml'),
      KEG_COMPOSE_DEFAULT: join(container, 'docker-compose.yml'),
    })
    tap.values('KEG_DOCKER_FILE: docker/Dockerfile.dev\nKEG_COMPOSE_REPO: more.yml')
    const written = await resolve()
    expect(written.text('KEG_DOCKER_FILE')).to.equal(join(tap.folder, 'docker/Dockerfile.dev'))
    expect(written.text('KEG_COMPOSE_REPO')).to.equal(join(tap.folder, 'more.yml'))
  })

  it('of the folder always refer to the current one, with a warning if a file names another', async () => {
    tap.values('KEG_CONTEXT_PATH: "{{ cli.taps.any.path }}"\nKEG_CONTAINER_PATH: /elsewhere')
    const values = await resolve()
    expect(values.text('KEG_CONTEXT_PATH')).to.equal(tap.folder)
    expect(values.text('KEG_CONTAINER_PATH')).to.equal(join(tap.folder, 'container'))
    const place = join(tap.folder, 'container/values.yml:3')
    expect(values.warnings).to.deep.equal([
      `KEG_CONTAINER_PATH is always ${join(tap.folder, 'container')}; the value of ${place} is ignored.`,
    ])
  })

  it('warn about unknown and obsolete names, and about names that cannot be values', async () => {
    tap.values('KEG_IMGE_FROM: x\nKEG_DOCKER_MACHINE: x\nKEG_DATA_DIR: /x\nKEG_ENV: production\nMY_OWN: x')
    const environment = {...tap.environment, KEG_PROXY_PRT: '1', KEG_CLI_PATH: '/old/keg'}
    const {warnings} = await resolve({environment})
    const file = join(tap.folder, 'container/values.yml')
    expect(warnings).to.have.members([
      `There is no value KEG_IMGE_FROM. Did you mean KEG_IMAGE_FROM? It is set in ${file}:2.`,
      `KEG_DOCKER_MACHINE (${file}:3): No longer used: name the engine by --host, --context or the variables of docker.`,
      `KEG_DATA_DIR (${file}:4) cannot be a value of a tap: it is ignored.`,
      `KEG_ENV (${file}:5) is ignored: the environment is local already. Set it with --environment or in the shell.`,
      'There is no value KEG_PROXY_PRT. Did you mean KEG_PROXY_PORT? It is set in the environment.',
    ])
  })

  it('exist without a tap, too', async () => {
    tap.configure('registry: ghcr.io/acme\nenv:\n  KEG_PROXY_HOST: "{{ docker.namespace }}.dev"')
    const configuration = await readUserConfiguration(tap.environment)
    const environment = {...tap.environment, KEG_USE_PROXY: 'on'}
    const flags = new Map()
    const values = await resolveValues({configuration, environment, environmentName: 'local', tap: undefined, flags})
    expect(values.text('KEG_REGISTRY')).to.equal('ghcr.io/acme')
    expect(values.text('KEG_PROXY_HOST')).to.equal('acme.dev')
    expect(values.isOn('KEG_USE_PROXY')).to.equal(true)
    expect(values.text('KEG_CONTEXT_PATH')).to.equal(undefined)
  })

  it("prefer the tap's registry to the user configuration's", async () => {
    tap.configure('registry: ghcr.io/acme')
    expect((await resolve()).origin('KEG_REGISTRY')).to.deep.equal({
      kind: 'configuration',
      place: join(tap.home, '.config/keg/config.yml'),
    })
    tap.values('KEG_REGISTRY: ghcr.io/shop')
    expect((await resolve()).text('KEG_REGISTRY')).to.equal('ghcr.io/shop')
  })
})
