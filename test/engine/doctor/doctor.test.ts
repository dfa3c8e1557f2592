import {expect} from 'chai'
import {chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {findProgram} from '../../../scripts/setup/process.js'
import type {Check} from '../../../src/lib/doctor/check.js'
import {examine, exitCodeOf, type DoctorOptions, type DoctorReport} from '../../../src/lib/doctor/doctor.js'
import {Engine} from '../../../src/lib/engine/engine.js'
import {InterruptedError} from '../../../src/lib/error/keg-error.js'
import {docker} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {thrown} from '../../support/thrown.js'
import type {Work} from '../../../src/lib/work/work.js'
import {testWork} from '../../support/work.js'
import {watchRegistry} from '../registry/watched-registry.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const privateLogin = process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg'

function of({checks}: DoctorReport, id: string): Check {
  const found = checks.find((check) => check.id === id)
  if (found === undefined) throw new Error(`no check ${id} among ${checks.map((check) => check.id).join(', ')}`)
  return found
}

/** A socket in a folder whose server never answers. */
async function silentEngine(folder: string): Promise<{path: string; close: () => Promise<unknown>}> {
  // Input must be read, or the socket never sees that the client has disconnected.
  const server = createServer((socket) => socket.on('error', () => undefined).resume())
  const path = join(folder, 'silent.sock')
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {path, close: () => new Promise((resolve) => server.close(resolve))}
}

describe('keg doctor @containerd', function () {
  this.timeout(120_000)

  let home: string
  let environment: NodeJS.ProcessEnv
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'keg-test-doctor-'))
    const {DOCKER_HOST, PATH} = process.env
    environment = {HOME: home, PATH, ...(DOCKER_HOST !== undefined && {DOCKER_HOST})}
  })
  afterEach(() => rmSync(home, {recursive: true, force: true}))

  const look = (changes: Partial<DoctorOptions> = {}, parts: Partial<Work> = {}): Promise<DoctorReport> =>
    examine(
      testWork({
        environment,
        prompt: {
          isInteractive: false,
          confirm: () => Promise.reject(new Error('doctor asked')),
          choose: () => Promise.reject(new Error('doctor asked')),
          text: () => Promise.reject(new Error('doctor asked')),
        },
        ...parts,
      }),
      {
        installation: {
          version: '0.1.0',
          nodeRange: '>=20.19',
          nodeVersion: process.versions.node,
          plugins: [{name: '@keg/docker', version: '0.1.0'}],
        },
        registry: undefined,
        fix: 'no',
        ...changes,
      },
    )

  /** A PATH with only these programs. */
  const onlyPrograms = async (...names: string[]): Promise<string> => {
    const folder = join(home, 'bin')
    mkdirSync(folder)
    for (const name of names) symlinkSync((await findProgram(name))!, join(folder, name))
    return folder
  }
  const standIn = (folder: string, name: string, script: string): void => {
    mkdirSync(folder, {recursive: true})
    writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, {mode: 0o755})
  }
  const dockerConfig = (config: object): void => {
    mkdirSync(join(home, '.docker'), {recursive: true})
    writeFileSync(join(home, '.docker/config.json'), JSON.stringify(config))
  }

  describe('checks', () => {
    it('the engine: where it was found, its version and its API', async () => {
      const report = await look()
      const {data, detail, status} = of(report, 'engine')
      const server = JSON.parse(await docker(['version', '--format', '{{json .Server}}'])) as {
        ApiVersion: string
        MinAPIVersion: string
        Version: string
      }
      expect(status).to.equal('ok')
      expect(detail).to.include(server.Version).and.include('API')
      const engine = await Engine.connect(environment)
      await engine[Symbol.asyncDispose]()
      expect(data).to.include({version: server.Version, imageStore: engine.imageStore, rootless: false, userns: false})
      expect(data.api).to.deep.include({engine: [server.MinAPIVersion, server.ApiVersion], keg: ['1.41', '1.51']})
    })

    it('the versions of its parts, which are never a failure', async () => {
      const report = await look()
      const {data, status} = of(report, 'advisories')
      const advisories = data.advisories as {component: string; version: string}[]
      const components = JSON.parse(await docker(['version', '--format', '{{json .Server.Components}}'])) as {
        Name: string
        Version: string
      }[]
      for (const {component, version} of advisories)
        expect(components.find(({Name}) => Name === component)?.Version).to.equal(version)
      expect(status).to.equal(advisories.length === 0 ? 'ok' : 'notice')
    })

    it('docker, compose, buildx and git, with their versions', async () => {
      const plugins = process.env.KEG_TEST_CLIENT_PLUGINS
      mkdirSync(join(home, '.docker'))
      if (plugins !== undefined) symlinkSync(plugins, join(home, '.docker/cli-plugins'))
      const report = await look()
      for (const [id, line] of [
        ['docker', ['--version']],
        ['compose', ['compose', 'version', '--short']],
        ['buildx', ['buildx', 'version']],
      ] as const) {
        const {data, status} = of(report, id)
        expect(status, id).to.equal('ok')
        expect(await docker(line, {environment: {DOCKER_CONFIG: join(home, '.docker')}}), id).to.include(
          String(data.version),
        )
      }
      expect(of(report, 'git').detail).to.match(/^\d+\.\d+/)
      expect(report.checks.map(({id}) => id)).to.not.include('ssh')
    })

    it("the disk, also the engine's if it is on this machine", async () => {
      const report = await look()
      expect(of(report, 'disk-temporary').data.free).to.be.a('number')
      const root = await docker(['info', '--format', '{{.DockerRootDir}}'])
      const {data, status} = of(report, 'disk-engine')
      if (status !== 'skipped') expect(data.folder).to.equal(root)
    })

    it('everything within a few seconds', async () => {
      const startedAt = performance.now()
      await look()
      // Under load; on a quiet machine it takes less than two.
      expect(performance.now() - startedAt).to.be.below(30_000)
    })
  })

  describe('without', () => {
    it('an engine says what is missing, skips what needs one, and exits with 4', async () => {
      const report = await look({}, {environment: {...environment, DOCKER_HOST: `unix://${join(home, 'none.sock')}`}})
      expect(exitCodeOf(report)).to.equal(4)
      const {detail, remedy, status} = of(report, 'engine')
      expect(status).to.equal('missing')
      expect(detail).to.include(join(home, 'none.sock')).and.include('DOCKER_HOST')
      expect(remedy).to.include('DOCKER_HOST')
      for (const id of ['advisories', 'disk-engine', 'leftovers']) expect(of(report, id).status, id).to.equal('skipped')
      expect(of(report, 'git').status).to.equal('ok')
    })

    it('an engine at the given address says so as well', async () => {
      for (const changes of [{DOCKER_HOST: 'nonsense://x'}, {DOCKER_CONTEXT: 'not-there'}]) {
        const report = await look({}, {environment: {HOME: home, PATH: environment.PATH, ...changes}})
        expect(of(report, 'engine').status).to.equal('missing')
        expect(of(report, 'engine').detail).to.include(Object.values(changes)[0])
      }
    })

    it('the docker client still checks the engine, and finds neither compose nor buildx', async () => {
      const report = await look({}, {environment: {...environment, PATH: await onlyPrograms('git', 'ssh')}})
      expect(of(report, 'engine').status).to.equal('ok')
      for (const id of ['docker', 'compose', 'buildx']) {
        expect(of(report, id).status, id).to.equal('notice')
        expect(of(report, id).detail, id).to.include('not found')
        expect(of(report, id).remedy, id).to.be.a('string')
      }
      expect(of(report, 'git').status).to.equal('ok')
    })

    it('git, which packages need, exits with 4', async () => {
      const report = await look({}, {environment: {...environment, PATH: await onlyPrograms('docker', 'ssh')}})
      expect(of(report, 'git').status).to.equal('missing')
      expect(of(report, 'docker').status).to.equal('ok')
      expect(exitCodeOf(report)).to.equal(4)
    })

    it('ssh says so only if the engine is reached through it', async () => {
      const PATH = await onlyPrograms('docker', 'git')
      const report = await look({}, {environment: {...environment, PATH, DOCKER_HOST: 'ssh://nobody@127.0.0.1:1'}})
      expect(of(report, 'ssh').status).to.equal('missing')
      expect(of(report, 'engine').status).to.equal('missing')
    })
  })

  describe('tolerates', () => {
    it('an engine that never answers, and says so', async () => {
      const {close, path} = await silentEngine(home)
      try {
        const startedAt = performance.now()
        const report = await look(
          {timeoutMilliseconds: 12_000},
          {environment: {...environment, DOCKER_HOST: `unix://${path}`}},
        )
        expect(performance.now() - startedAt).to.be.below(40_000)
        expect(of(report, 'engine').status).to.equal('missing')
        expect(of(report, 'engine').detail).to.include('No answer')
        const {remedy} = of(report, 'engine')
        const again = await runAdvice(remedy ?? '', 'keg doctor', {add: ['--json'], exits: [0, 1]})
        expect(of(again.json() as unknown as DoctorReport, 'engine').status).to.equal('ok')
        expect(of(report, 'docker').status).to.equal('ok')
      } finally {
        await close()
      }
    })

    it('a compose that hangs', async () => {
      standIn(join(home, '.docker/cli-plugins'), 'docker-compose', 'exec sleep 1000')
      const report = await look({timeoutMilliseconds: 10_000})
      expect(of(report, 'compose').status).to.equal('problem')
      expect(of(report, 'compose').detail).to.include('did not answer')
      expect(of(report, 'git').status).to.equal('ok')
      expect(exitCodeOf(report)).to.equal(1)
    })

    it('a credential helper that hangs, and a missing one', async () => {
      const folder = join(home, 'helpers')
      standIn(folder, 'docker-credential-hanging', 'exec sleep 1000')
      const PATH = `${folder}:${environment.PATH ?? ''}`
      dockerConfig({credHelpers: {[openRegistry]: 'hanging', [privateRegistry]: 'not-there'}})
      const [limits, parts] = [{timeoutMilliseconds: 10_000}, {environment: {...environment, PATH}}]
      const hanging = of(await look({...limits, registry: openRegistry}, parts), 'registry')
      expect(hanging.status).to.equal('problem')
      expect(hanging.detail).to.include('docker-credential-hanging')
      const absent = of(await look({...limits, registry: privateRegistry}, parts), 'registry')
      expect(absent.status).to.equal('problem')
      expect(absent.detail).to.include('docker-credential-not-there')
    })

    it('an invalid user configuration, and still runs the other checks', async () => {
      mkdirSync(join(home, '.config/keg'), {recursive: true})
      writeFileSync(join(home, '.config/keg/config.yml'), 'registry: [\n')
      const report = await look()
      expect(of(report, 'configuration').status).to.equal('problem')
      expect(of(report, 'engine').status).to.equal('ok')
      expect(exitCodeOf(report)).to.equal(1)
    })

    it('an interruption, by exiting', async () => {
      const stop = new AbortController()
      const looking = look({}, {signal: stop.signal})
      const reason = new InterruptedError('SIGINT')
      stop.abort(reason)
      expect(await thrown(looking)).to.equal(reason)
    })
  })

  describe('signs in to the registry', () => {
    it('from KEG_REGISTRY, else from the user configuration, else none', async () => {
      expect(of(await look(), 'registry')).to.include({status: 'notice'})
      mkdirSync(join(home, '.config/keg'), {recursive: true})
      const file = join(home, '.config/keg/config.yml')
      writeFileSync(file, `registry: ${openRegistry}/team\n`)
      chmodSync(file, 0o600)
      expect(of(await look(), 'registry').data).to.include({registry: openRegistry, origin: file})
      const named = await look({}, {environment: {...environment, KEG_REGISTRY: privateRegistry}})
      expect(of(named, 'registry').data).to.include({registry: privateRegistry, origin: 'KEG_REGISTRY'})
    })

    it("with docker's credentials, and shows only where they come from", async () => {
      const [name = '', password = ''] = privateLogin.split(':')
      dockerConfig({auths: {[privateRegistry]: {auth: Buffer.from(`${name}:${password}`).toString('base64')}}})
      const report = await look({registry: privateRegistry})
      const {data, detail, status} = of(report, 'registry')
      expect(status).to.equal('ok')
      expect(detail).to.include(join(home, '.docker/config.json'))
      expect(data.credentials).to.equal(join(home, '.docker/config.json'))
    })

    it('and suggests the command that fixes refused credentials, without showing them', async () => {
      const secret = 'xk-3c9e1f-secret'
      dockerConfig({auths: {[privateRegistry]: {auth: Buffer.from(`someone:${secret}`).toString('base64')}}})
      const report = await look({registry: privateRegistry})
      expect(of(report, 'registry')).to.include({status: 'problem', remedy: `docker login ${privateRegistry}`})
      const encoded = Buffer.from(`someone:${secret}`).toString('base64')
      expect(JSON.stringify(report)).to.not.include(secret).and.not.include(encoded).and.not.include('someone')
      expect(exitCodeOf(report)).to.equal(1)
    })

    it('without credentials: an error if the registry requires some, else a notice', async () => {
      const refused = of(await look({registry: privateRegistry}), 'registry')
      expect(refused).to.include({status: 'problem', remedy: `docker login ${privateRegistry}`})
      const open = of(await look({registry: openRegistry}), 'registry')
      expect(open).to.include({status: 'notice', remedy: `docker login ${openRegistry}`})
    })

    it('and says that keg itself cannot reach it', async () => {
      const hidden = await watchRegistry(openRegistry, {hides: ({headers}) => headers['user-agent'] === 'keg'})
      try {
        const {notes, status} = of(await look({registry: hidden.registry}), 'registry')
        expect(status).to.equal('notice')
        expect(notes).to.have.lengthOf(1)
        expect(notes[0]).to.contain('packages go there through the engine: keg itself cannot reach it (GET "http')
      } finally {
        await hidden.close()
      }
      expect(of(await look({registry: openRegistry}), 'registry').notes).to.deep.equal([])
    })

    it('and reports one that cannot be reached, or has an invalid name', async () => {
      const gone = of(await look({registry: '127.0.0.1:1'}), 'registry')
      expect(gone.status).to.equal('problem')
      expect(gone.data.error).to.equal('registry-unreachable')
      expect(of(await look({registry: 'https://no such thing'}), 'registry').status).to.equal('problem')
    })
  })

  describe('as a command', () => {
    it('prints the report, or all of it as JSON', async () => {
      const text = await keg(['doctor'])
      expect(text.stdout)
        .to.match(/^ok +engine /m)
        .and.match(/^[ -~\n]*$/)
      const json = await keg(['doctor', '--json', '--registry', openRegistry])
      const report = json.json() as unknown as DoctorReport
      expect(report.checks.map(({id}) => id)).to.include.members(['keg', 'engine', 'leftovers', 'registry', 'compose'])
      expect(json.code).to.equal(exitCodeOf(report))
      expect(report.ok).to.equal(json.code === 0)
      expect(report.fixed).to.deep.equal([])
      expect(of(report, 'registry').data.registry).to.equal(openRegistry)
    })

    it('exits with 4 without an engine, and prints only that with --quiet', async () => {
      const env = {DOCKER_HOST: `unix://${join(home, 'none.sock')}`}
      const {code, stderr, stdout} = await keg(['doctor', '--quiet'], {env})
      expect({code, stderr, stdout}).to.deep.equal({code: 4, stderr: '', stdout: 'engine\n'})
    })

    it('takes the engine from the command line', async () => {
      const {code, stdout} = await keg(['doctor', '--host', `unix://${join(home, 'none.sock')}`])
      expect(code).to.equal(4)
      expect(stdout).to.include(join(home, 'none.sock'))
    })

    it('exits though the engine hangs', async () => {
      const {close, path} = await silentEngine(home)
      try {
        const startedAt = performance.now()
        const {code} = await keg(['doctor'], {env: {DOCKER_HOST: `unix://${path}`}, ownProcess: true})
        expect(code).to.equal(4)
        expect(performance.now() - startedAt).to.be.below(40_000)
      } finally {
        await close()
      }
    })
  })
})
