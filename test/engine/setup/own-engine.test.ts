import {expect} from 'chai'
import {spawn} from 'node:child_process'
import {once} from 'node:events'
import {access, chmod, cp, mkdtemp, readdir, readFile, rm, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {basename, join} from 'node:path'
import {text} from 'node:stream/consumers'
import {setTimeout as sleep} from 'node:timers/promises'

import {makeBusyboxImage} from '../../../scripts/setup/image.js'
import {startOwnEngine, ownEngineObstacle} from '../../../scripts/setup/own-engine.js'
import {docker, DockerError} from '../../support/docker.js'

const setupFolder = join(import.meta.dirname, '../../../scripts/setup')
const module = join(setupFolder, 'own-engine.js')
const image = 'own-engine-test:local'

interface EngineInformation {
  DriverStatus: [string, string][]
  ID: string
  Labels: string[]
  ServerVersion: string
}

async function informationOf(host: string): Promise<EngineInformation> {
  return JSON.parse(await docker(['info', '--format', '{{json .}}'], at(host))) as EngineInformation
}

function at(host: string): {environment: Record<string, string>} {
  return {environment: {DOCKER_HOST: host}}
}

async function makeImage(host: string): Promise<void> {
  await makeBusyboxImage(image, {env: {...process.env, DOCKER_HOST: host}})
}

/** Serves a page from a container at a port of the loopback address; returns the page's address. */
async function serve(host: string, name: string, page: string, network = 'bridge'): Promise<string> {
  const program = `mkdir /page; echo '${page}' > /page/index.html; exec httpd -f -p 80 -h /page`
  const options = ['--detach', '--name', name, '--network', network, '--publish', '127.0.0.1::80']
  await docker(['run', ...options, image, 'sh', '-c', program], at(host))
  const isServed = 'until wget -q -O /dev/null http://127.0.0.1/ 2>/dev/null; do sleep 0.1; done'
  await docker(['exec', name, 'sh', '-c', isServed], at(host))
  return `http://${(await docker(['port', name, '80/tcp'], at(host))).split('\n')[0] ?? ''}/`
}

/** Everything that an engine in the folder leaves on the machine, as far as it can be found without knowing its maker. */
async function tracesOf(folder: string): Promise<string[]> {
  const name = basename(folder)
  const controlGroups = await Promise.all(
    ['', ...(await readdir('/sys/fs/cgroup'))].map(async (hierarchy) => {
      const group = join('/sys/fs/cgroup', hierarchy, name)
      return access(group).then(
        () => [group],
        () => [],
      )
    }),
  )
  const commands = await Promise.all(
    (await readdir('/proc'))
      .filter((entry) => /^\d+$/.test(entry))
      .map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => '')),
  )
  return [
    ...controlGroups.flat(),
    ...commands.filter((command) => command.includes(folder)),
    ...(await readFile('/proc/self/mountinfo', 'utf8')).split('\n').filter((line) => line.includes(folder)),
    ...(await readdir('/sys/class/net')).filter((network) => network === `keg-${folder.slice(-6)}`),
    ...(await access(folder).then(
      () => [folder],
      () => [],
    )),
  ]
}

const reason = await ownEngineObstacle('containerd')

describe('startOwnEngine @classic', function () {
  this.timeout(180_000)

  it('is for root only, and says so in one sentence', async () => {
    // A copy that everybody may read.
    const folder = await mkdtemp(join(tmpdir(), 'keg-own-engine-test-'))
    try {
      await cp(setupFolder, join(folder, 'setup'), {recursive: true})
      await writeFile(join(folder, 'package.json'), '{"type": "module"}')
      await chmod(folder, 0o755)
      const program = `
        import {startOwnEngine} from ${JSON.stringify(join(folder, 'setup/own-engine.js'))}
        await startOwnEngine({kind: 'classic'}).catch((error) => console.log(error.name, error.exitCode, error.message))`
      const command = [process.execPath, '--input-type=module', '-e', program]
      if (process.getuid?.() === 0) command.unshift('setpriv', '--reuid', '65534', '--clear-groups')
      const [file = '', ...fileArguments] = command
      const child = spawn(file, fileArguments, {cwd: '/', stdio: ['ignore', 'pipe', 'inherit']})
      expect(await text(child.stdout)).to.equal(
        'SetupError 4 Only root can start a Docker engine of its own: run this as root.\n',
      )
    } finally {
      await rm(folder, {recursive: true, force: true})
    }
  })

  if (reason !== undefined) {
    it('says why there is none on this machine', async () => {
      const refusal = await startOwnEngine({kind: 'containerd'}).catch((error: unknown) => error)
      expect(String(refusal)).to.include(reason)
    })
    return
  }

  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'keg-own-engine-test-'))
  })
  afterEach(async () => {
    const left = await readdir(folder)
    await rm(folder, {recursive: true, force: true, maxRetries: 3})
    expect(left).to.deep.equal([])
  })

  it('starts engines with either image store beside each other, independently', async () => {
    const engines = await Promise.all(
      (['classic', 'containerd', 'classic'] as const).map((kind) => startOwnEngine({kind, folder})),
    )
    try {
      const [classic, containerd, second] = await Promise.all(engines.map(({host}) => informationOf(host)))
      expect(classic?.ServerVersion).to.match(/^20\.10\./)
      expect(classic?.DriverStatus).to.deep.include(['Native Overlay Diff', 'true'])
      const [major = 0, minor = 0] = (containerd?.ServerVersion ?? '').split('.').map(Number)
      expect(major * 100 + minor).to.be.at.least(2601)
      expect(containerd?.DriverStatus).to.deep.equal([['driver-type', 'io.containerd.snapshotter.v1']])
      expect(engines.map(({version}) => version)).to.deep.equal(
        [classic, containerd, second].map((one) => /^[\d.]+/.exec(one?.ServerVersion ?? '')?.[0]),
      )
      expect(new Set([classic?.ID, containerd?.ID, second?.ID]).size).to.equal(3)

      await makeImage(engines[0]!.host)
      expect(await docker(['images', '--quiet'], at(engines[2]!.host))).to.equal('')
    } finally {
      await Promise.all(engines.map((engine) => engine.stop()))
    }
  })

  for (const kind of ['classic', 'containerd'] as const) {
    describe(`with the ${kind} image store`, () => {
      it('gives containers ports of the machine and access to each other', async () => {
        const engine = await startOwnEngine({kind, folder})
        try {
          await makeImage(engine.host)
          const url = await serve(engine.host, 'plain', 'hello from the default network')
          expect(await (await fetch(url)).text()).to.equal('hello from the default network\n')
          const address = '{{.NetworkSettings.Networks.bridge.IPAddress}}'
          const plain = await docker(['inspect', '--format', address, 'plain'], at(engine.host))
          const get = ['wget', '-q', '-O', '-']
          expect(
            await docker(['run', '--rm', '--init', image, ...get, `http://${plain}/`], at(engine.host)),
          ).to.include('hello')

          await docker(['network', 'create', 'further'], at(engine.host))
          const other = await serve(engine.host, 'named', 'hello from the further network', 'further')
          expect(await (await fetch(other)).text()).to.equal('hello from the further network\n')
          const inFurther = ['run', '--rm', '--network', 'further', image, ...get, 'http://named/']
          expect(await docker(inFurther, at(engine.host))).to.include('hello')
        } finally {
          await engine.stop()
        }
      })

      it("starts again on the same data after it was killed, and leaves other engines' bridges alone", async () => {
        const bridges = (await readdir('/sys/class/net')).filter((name) => name.startsWith('docker'))
        const engine = await startOwnEngine({kind, folder})
        try {
          await makeImage(engine.host)
          await docker(['volume', 'create', 'kept'], at(engine.host))
          await engine.kill()
          const refusal = await docker(['version'], at(engine.host)).catch((error: unknown) => error)
          expect(refusal).to.be.instanceOf(DockerError)
          await engine.start()
          expect(
            await docker(['run', '--rm', '--volume', 'kept:/kept', image, 'echo', 'again'], at(engine.host)),
          ).to.equal('again')
          expect(await docker(['volume', 'ls', '--quiet'], at(engine.host))).to.equal('kept')
          expect(await readdir('/sys/class/net'), 'bridges of other engines').to.include.members(bridges)
        } finally {
          await engine.stop()
        }
      })

      it('leaves nothing, whatever runs in it', async () => {
        const engine = await startOwnEngine({kind, folder})
        const own = join(engine.log, '..')
        const interfacesBefore = await readdir('/sys/class/net')
        let bridge: string
        try {
          await makeImage(engine.host)
          await serve(engine.host, 'serving', 'hello')
          const network = await docker(['network', 'create', 'kept'], at(engine.host))
          bridge = `br-${network.slice(0, 12)}`
          expect(await readdir('/sys/class/net')).to.include(bridge)
          await serve(engine.host, 'elsewhere', 'hello', 'kept')
          await docker(['run', '--detach', '--name', 'paused', image, 'sleep', '1000'], at(engine.host))
          await docker(['pause', 'paused'], at(engine.host))
          expect(await tracesOf(own)).not.to.deep.equal([])
        } finally {
          await engine.stop()
        }
        expect(await tracesOf(own)).to.deep.equal([])
        expect(interfacesBefore).not.to.include(bridge)
        expect(await readdir('/sys/class/net')).not.to.include(bridge)
      })
    })
  }

  it('listens on a port for clients with its certificate', async () => {
    const engine = await startOwnEngine({kind: 'containerd', folder, tls: true})
    try {
      const {host, certificates} = engine.tls!
      expect(host).to.match(/^tcp:\/\/127\.0\.0\.1:\d+$/)
      expect(await readdir(certificates)).to.have.members(['ca.pem', 'cert.pem', 'key.pem'])
      const environment = {DOCKER_HOST: host, DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: certificates}
      expect(await docker(['version', '--format', '{{.Server.Version}}'], {environment})).to.include(engine.version)

      const none = {...environment, DOCKER_CERT_PATH: '', DOCKER_TLS_VERIFY: ''}
      const refusal = await docker(['--tls', 'version'], {environment: none}).catch((error: unknown) => error)
      expect(refusal).to.be.instanceOf(DockerError)
    } finally {
      await engine.stop()
    }
  })

  it("takes further settings, and shows dockerd's message about wrong ones", async () => {
    const engine = await startOwnEngine({kind: 'classic', folder, settings: {labels: ['for=a-test']}})
    try {
      expect((await informationOf(engine.host)).Labels).to.deep.equal(['for=a-test'])
    } finally {
      await engine.stop()
    }
    const wrong = startOwnEngine({kind: 'classic', folder, settings: {'storage-driver': 'none-such'}})
    const refusal = await wrong.catch((error: unknown) => error)
    expect(String(refusal)).to.match(
      /^SetupError: The Docker engine of its own does not start \(dockerd\):\n(.*\n)*.*none-such/,
    )
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGKILL', undefined] as const) {
    it(`ends with its process, ${signal === undefined ? 'when that is done' : `on ${signal}`}`, async () => {
      const program = `
        import {startOwnEngine} from ${JSON.stringify(module)}
        console.log((await startOwnEngine({kind: 'classic', folder: ${JSON.stringify(folder)}})).log)
        ${signal === undefined ? '' : 'setInterval(() => {}, 1000)'}`
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'close')
      const own = join(String(await once(child.stdout, 'data')).trim(), '..')
      if (signal !== undefined) child.kill(signal)
      expect(await ended).to.deep.equal(signal === undefined ? [0, null] : [null, signal])
      // Another process cleans up.
      const deadline = Date.now() + 60_000
      while ((await tracesOf(own)).length > 0 && Date.now() < deadline) await sleep(100)
      expect(await tracesOf(own)).to.deep.equal([])
    })
  }
})
