import {expect} from 'chai'
import {chmod, mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {Engine} from '../../../src/lib/engine/engine.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, startKeg} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {thrown} from '../../support/thrown.js'
import {packageJson, temporaryThings, waitingContainer} from '../package/packaging.js'
import {Configurations, execWithInput, remainingSsh, sshServer, type SshClient, type SshServer} from './ways.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const megabyte = 1024 * 1024

describe('an engine through ssh @classic', function () {
  this.timeout(180_000)

  const configurations = new Configurations()
  let sandbox: Sandbox
  let server: SshServer
  let client: SshClient
  /** Leads keg to the engine. */
  let env: Record<string, string>

  before(async () => {
    server = await sshServer()
    client = await server.client()
    env = {DOCKER_HOST: server.address, PATH: client.path}
    sandbox = new Sandbox()
  })

  after(async () => {
    await sandbox.clean()
    await configurations.clean()
    await server.stop()
  })

  afterEach(async () => {
    expect(await remainingSsh(client, 30_000), 'ssh that was left behind').to.deep.equal([])
  })

  const environment = (more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({...process.env, ...env, ...more})

  it('packages and pushes its container, and runs the package through a context', async () => {
    const fill = 'head -c 20000000 /dev/urandom >/data/big; echo one >/data/one; echo own >/own'
    const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], fill)
    const reference = sandbox.addImage(`${openRegistry}/keg/${uniqueName('ssh')}:dev`)
    const flags = ['--host', server.address, '--json', '--yes']
    const packaged = packageJson(
      await keg(['docker', 'package', container, ...flags, '-t', reference], {env: {PATH: client.path}}),
    )
    expect(packaged).to.include({pushed: true, reference, via: 'engine', viaReason: 'engine-elsewhere'})
    expect(await temporaryThings(packaged.run, packaged.image)).to.deep.equal([])
    await docker(['rmi', reference])
    const pinned = sandbox.addImage(packaged.pinned ?? '')

    const DOCKER_CONFIG = await configurations.withContext('far', `host=ssh://${client.alias}`)
    const show = ['sh', '-c', 'cat /own /data/one; sha256sum </data/big; exit 7']
    const run = await keg(['docker', 'package', 'run', '--context', 'far', pinned, '--', ...show], {
      env: {DOCKER_CONFIG, PATH: client.path},
    })
    const sum = await docker(['exec', container, 'sh', '-c', 'sha256sum </data/big'])
    expect(run, run.stderr).to.include({code: 7, stdout: `own\none\n${sum}\n`})
  })

  it('uses the socket that the address names', async () => {
    const nowhere = `${server.address}/run/keg-nowhere.sock`
    const error = await thrown(Engine.connect(environment({DOCKER_HOST: nowhere})))
    expect(error).to.include({code: 'engine-unreachable', exitCode: 4})
    expect(error.message).to.include('cannot connect to its engine').and.include('/run/keg-nowhere.sock')
  })

  it('takes parallel requests, and connections are reused', async () => {
    await using engine = await Engine.connect(environment())
    const container = await sandbox.run([baseImage, 'sleep', '1000'])
    const answers = await Promise.all(Array.from({length: 4}, () => engine.container(container)))
    expect(answers.map((answer) => answer?.Id)).to.deep.equal(Array<string>(4).fill(container))
    const {length} = await sshProcessesOf()
    for (let index = 0; index < 6; index++) expect(await engine.container(container)).to.include({Id: container})
    expect(await sshProcessesOf()).to.have.lengthOf(length)
  })

  it('runs a program in a container with its whole input', async () => {
    const container = await sandbox.run([baseImage, 'sleep', '1000'])
    await using engine = await Engine.connect(environment())
    expect(await execWithInput(engine, container, Buffer.alloc(megabyte))).to.equal('1048576\nread\n5')
  })

  it('is read no faster than its output is consumed', async () => {
    const container = await waitingContainer(sandbox, [baseImage], 'head -c 150000000 /dev/zero >/big')
    await using engine = await Engine.connect(environment())
    const archive = await engine.archive(container, '/big')
    const before = process.memoryUsage().arrayBuffers
    await sleep(1500)
    expect(process.memoryUsage().arrayBuffers - before).to.be.lessThan(8 * megabyte)
    let [bytes, most] = [0, 0]
    for await (const chunk of archive) {
      bytes += chunk.length
      most = Math.max(most, process.memoryUsage().arrayBuffers)
    }
    expect(bytes).to.be.greaterThan(150_000_000)
    expect(most - before).to.be.lessThan(64 * megabyte)
  })

  it('is sent no more than it accepts', async () => {
    await using engine = await Engine.connect(environment())
    const before = process.memoryUsage().arrayBuffers
    let most = 0
    const header = tarHeader('big', 150_000_000)
    const archive = Readable.from(
      (function* () {
        yield header
        for (let sent = 0; sent < 150_000_000; sent += 60_000) {
          most = Math.max(most, process.memoryUsage().arrayBuffers)
          yield Buffer.alloc(60_000)
        }
        yield Buffer.alloc(2048)
      })(),
    )
    // It answers about an archive without an image only after reading all of it.
    await thrown(engine.loadImage(archive))
    expect(most - before)
      .to.be.greaterThan(0)
      .and.lessThan(64 * megabyte)
  })

  it('is cleaned up after an interrupted keg, and no ssh remains', async () => {
    const container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'head -c 90000000 /dev/zero >/data/x')
    const reference = sandbox.addImage(`${uniqueName('interrupted-ssh')}:dev`)
    const running = await startKeg(['docker', 'package', container, '--yes', '-t', reference, '--no-push'], {env})
    await running.said(/Read|read/)
    running.kill('SIGINT')
    const ended = await running.ended
    expect(ended.code, ended.stderr).to.equal(130)
    expect(await docker(['inspect', '--format', '{{.State.Paused}}', container])).to.equal('false')
    expect(await docker(['images', '--quiet', reference])).to.equal('')
  })

  it('keeps no ssh of a killed keg, not even one that only listens', async () => {
    const name = uniqueName('killed-ssh')
    const run = ['docker', 'package', 'run', baseImage, '--pull', 'never', '--name', name, '--', 'sleep', '1000']
    const running = await startKeg(run, {env})
    try {
      await running.said(/Started/)
      expect(await sshProcessesOf()).to.not.deep.equal([])
      running.kill('SIGKILL')
      await running.ended
      expect(await remainingSsh(client, 30_000)).to.deep.equal([])
    } finally {
      running.kill('SIGKILL')
      await running.ended
      await docker(['rm', '--force', '--volumes', name])
    }
  })

  describe('that cannot be reached', () => {
    let empty: SshServer
    let old: SshServer

    before(async () => {
      const programs = join(await configurations.folder(), 'bin')
      await mkdir(programs)
      // Printed by the client of Docker 18.06, an engine that keg does not support either.
      const usage = `printf '\\nUsage:  docker system COMMAND\\n\\nManage Docker\\n\\nRun it with --help.\\n' >&2; exit 1`
      await writeFile(join(programs, 'docker'), `#!/bin/sh\n${usage}\n`)
      await chmod(join(programs, 'docker'), 0o755)
      empty = await sshServer({PATH: '/nowhere'})
      old = await sshServer({PATH: `${programs}:/usr/bin:/bin`})
    })

    after(async () => {
      await empty.stop()
      await old.stop()
    })

    async function failing(more: Record<string, string>): Promise<{message: string; hint: string; code: string}> {
      const ended = await keg(['docker', 'package', 'x', '--json'], {env: {...env, ...more}})
      expect(ended.code, ended.stdout + ended.stderr).to.equal(4)
      return ended.json().error as {message: string; hint: string; code: string}
    }

    it("because nobody listens: with ssh's message", async () => {
      const error = await failing({DOCKER_HOST: 'ssh://ada@127.0.0.1:1'})
      expect(error.code).to.equal('engine-unreachable')
      expect(error.message).to.match(/^ssh cannot connect to ada@127\.0\.0\.1 .*: ssh: connect to host .* refused$/)
      expect(error.hint).to.include('ssh -l ada -p 1 127.0.0.1 docker version')
    })

    it('because its key is unknown', async () => {
      const stranger = await server.client({knowsHost: false})
      const error = await failing({PATH: stranger.path})
      expect(error.message).to.match(/does not trust the host .*: Host key verification failed\.$/)
      const yes = join(await configurations.folder(), 'yes')
      await writeFile(yes, '#!/bin/sh\necho yes\n', {mode: 0o755})
      const answered = {SSH_ASKPASS: yes, SSH_ASKPASS_REQUIRE: 'force'}
      await runAdvice(error.hint, `ssh -l ${server.user} -p ${server.port} 127.0.0.1`, {
        env: {PATH: stranger.path, ...answered},
      })
      await using engine = await Engine.connect(environment({PATH: stranger.path}))
      expect(engine.facts.info.ID).to.be.a('string')
    })

    it('because it refuses the key, or the key needs a passphrase without a terminal', async () => {
      for (const key of ['wrong', 'encrypted'] as const) {
        const error = await failing({PATH: (await server.client({key})).path})
        expect(error.message, key).to.match(/cannot log in .*: .*Permission denied \(publickey\)/)
        expect(error.hint).to.include('without a question')
        const shown = await runAdvice(error.hint, 'ssh -l', {env: {PATH: client.path}})
        expect(shown.stdout).to.include('Server:')
      }
    })

    it('because there is no docker', async () => {
      const error = await failing({DOCKER_HOST: empty.address, PATH: (await empty.client()).path})
      expect(error.message).to.include('There is no docker client at').and.include('not found')
    })

    it('because docker there is too old', async () => {
      const error = await failing({DOCKER_HOST: old.address, PATH: (await old.client()).path})
      expect(error.message).to.include('is too old')
      expect(error.hint).to.include('20.10')
    })

    it('because there is no ssh here', async () => {
      const error = await failing({PATH: await configurations.folder()})
      expect(error).to.include({code: 'program-missing'})
      expect(error.hint).to.include('apt-get install openssh-client')
    })
  })

  async function sshProcessesOf(): Promise<string[]> {
    return remainingSsh(client, 0)
  }
})

/** The header of a file in a tar (POSIX ustar). */
function tarHeader(name: string, bytes: number): Buffer {
  const header = Buffer.alloc(512)
  header.write(name)
  header.write('0000644\0', 100)
  header.write(`${bytes.toString(8).padStart(11, '0')}\0`, 124)
  header.write('        0', 148)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return header
}
