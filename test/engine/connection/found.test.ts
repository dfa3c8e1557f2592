import {expect} from 'chai'
import {Engine} from '../../../src/lib/engine/engine.js'
import {connectionEnvironment, engineEnvironment} from '../../../src/lib/engine/connection-environment.js'
import {docker} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {watchEngine, type WatchedEngine} from '../package/watched-engine.js'
import {Configurations, dockerClient, sshServer, type SshClient, type SshServer} from './ways.js'

/** Every combination of settings that name an engine, for keg and for the real docker client: both find the same one. */
describe('the engine @classic', function () {
  this.timeout(120_000)

  const configurations = new Configurations()
  /** Routes to the tests' engine that show who used them. */
  let ways: Record<'host' | 'context' | 'current', WatchedEngine>
  let DOCKER_CONFIG: string
  let server: SshServer
  let client: SshClient

  before(async () => {
    ways = {host: await watchEngine(), context: await watchEngine(), current: await watchEngine()}
    DOCKER_CONFIG = await configurations.withContext('named', `host=${ways.context.host}`)
    const configuration = {DOCKER_CONFIG}
    await dockerClient(['context', 'create', 'current', '--docker', `host=${ways.current.host}`], configuration)
    await dockerClient(['context', 'use', 'current'], configuration)
    server = await sshServer()
    client = await server.client()
    await dockerClient(['context', 'create', 'far', '--docker', `host=${server.address}`], configuration)
  })

  after(async () => {
    await Promise.all(Object.values(ways).map((way) => way.close()))
    await configurations.clean()
    await server.stop()
  })

  /** The route that somebody uses; undefined if none. */
  async function wayOf(work: () => Promise<unknown>): Promise<string | undefined> {
    const before = Object.entries(ways).map(([name, {requests}]) => [name, requests.length] as const)
    await work()
    const taken = before.filter(([name, count]) => ways[name as keyof typeof ways].requests.length > count)
    expect(taken.length, 'ways taken').to.be.lessThan(2)
    return taken[0]?.[0]
  }

  const table: [string, string[], () => Record<string, string>, string | undefined][] = [
    ['--host before all of the environment', ['--host', 'HOST'], () => ({DOCKER_CONTEXT: 'named'}), 'host'],
    ['--host, short', ['-H', 'HOST'], () => ({DOCKER_HOST: 'unix:///nowhere'}), 'host'],
    ['--context before DOCKER_HOST', ['--context', 'named'], () => ({DOCKER_HOST: ways.host.host}), 'context'],
    ['--context, short', ['-c', 'named'], () => ({DOCKER_CONTEXT: 'far'}), 'context'],
    ['--context default, which is DOCKER_HOST', ['-c', 'default'], () => ({DOCKER_HOST: ways.host.host}), 'host'],
    ['DOCKER_HOST before DOCKER_CONTEXT', [], () => ({DOCKER_CONTEXT: 'named', DOCKER_HOST: ways.host.host}), 'host'],
    ['DOCKER_CONTEXT before the current context', [], () => ({DOCKER_CONTEXT: 'named'}), 'context'],
    ['an empty DOCKER_HOST for none', [], () => ({DOCKER_CONTEXT: 'named', DOCKER_HOST: ''}), 'context'],
    ['the current context', [], () => ({}), 'current'],
  ]
  for (const [title, flags, given, expected] of table)
    it(`is found by ${title}, as docker's client finds it`, async () => {
      const words = flags.map((word) => (word === 'HOST' ? ways.host.host : word))
      const env = {DOCKER_CONFIG, DOCKER_CONTEXT: undefined, DOCKER_HOST: undefined, ...given()}
      const [flag = '', value = ''] = words
      const named = flag === '' ? {} : flag.toLowerCase().includes('h') ? {host: value} : {context: value}
      expect(await wayOf(() => keg(['docker', 'package', 'nothing', ...words], {env}))).to.equal(expected)
      // Before version 23 docker's client took an empty DOCKER_HOST for an address.
      const isAsNew = given().DOCKER_HOST !== '' || (await clientVersion()) >= 23
      if (isAsNew) expect(await wayOf(() => dockerClient([...words, 'ps'], env))).to.equal(expected)
      // Programs that keg starts get one of these environments, and no flag.
      const environment = connectionEnvironment({...process.env, ...env}, named)
      expect(await wayOf(() => dockerClient(['ps'], environment))).to.equal(expected)
      await using engine = await Engine.connect(environment)
      const pinned = engineEnvironment(environment, engine.endpoint)
      await dockerClient(['context', 'use', 'far'], {DOCKER_CONFIG})
      try {
        expect(await wayOf(() => dockerClient(['ps'], pinned))).to.equal(expected)
      } finally {
        await dockerClient(['context', 'use', 'current'], {DOCKER_CONFIG})
      }
    })

  it('of an ssh address is the same for programs that keg starts', async () => {
    const expected = await docker(['info', '--format', '{{.ID}}'])
    const env = {...process.env, DOCKER_CONFIG, DOCKER_HOST: undefined, PATH: client.path}
    for (const flags of [{host: server.address}, {host: `ssh://${client.alias}`}, {context: 'far'}]) {
      const environment = connectionEnvironment(env, flags)
      await using engine = await Engine.connect(environment)
      expect((await engine.platform()).os).to.equal('linux')
      const pinned = engineEnvironment(environment, engine.endpoint)
      expect(await dockerClient(['info', '--format', '{{.ID}}'], pinned)).to.equal(expected)
    }
  })

  it('cannot be named twice: --host with --context is a usage error, as in docker', async () => {
    const ended = await keg(['docker', 'package', 'x', '--host', ways.host.host, '--context', 'named', '--json'])
    expect(ended.code).to.equal(2)
    expect(ended.json()).to.have.nested.property('error.code', 'usage-invalid')
    expect(ended.json())
      .to.have.nested.property('error.message')
      .that.matches(/--(?:host|context).*--(?:host|context)/s)
  })

  it('of a missing context is a usage error, whoever names it', async () => {
    for (const [flags, DOCKER_CONTEXT] of [[['--context', 'gone'], undefined] as const, [[], 'gone'] as const]) {
      const env = {DOCKER_CONFIG, DOCKER_CONTEXT, DOCKER_HOST: undefined}
      for (const command of [
        ['docker', 'package', 'x'],
        ['docker', 'package', 'run', 'x'],
      ]) {
        const ended = await keg([...command, ...flags, '--json'], {env})
        expect(ended.code, ended.stdout).to.equal(2)
        expect(ended.json()).to.have.nested.property('error.code', 'context-unknown')
        expect(ended.json()).to.have.nested.property('error.hint').that.includes('docker context ls')
      }
    }
  })

  it('is found despite an invalid DOCKER_HOST, which the flag overrides', async () => {
    const env = {DOCKER_CERT_PATH: '/nowhere', DOCKER_CONFIG, DOCKER_HOST: 'tcp://:a:b:c'}
    expect(await wayOf(() => keg(['docker', 'package', 'x', '--host', ways.host.host], {env}))).to.equal('host')
  })
})

/** The major version of docker's client. */
async function clientVersion(): Promise<number> {
  return Number.parseInt(await docker(['version', '--format', '{{.Client.Version}}']), 10)
}
