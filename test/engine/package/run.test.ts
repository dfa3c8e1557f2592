import {execFile} from 'node:child_process'
import {createHash, randomBytes} from 'node:crypto'
import {writeFile} from 'node:fs/promises'
import {get} from 'node:http'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {promisify} from 'node:util'
import {expect} from 'chai'
import type {Choice, Prompt} from '../../../src/lib/terminal/prompt.js'
import {runPackage} from '../../../src/lib/package/run/run-package.js'
import type {RunResult} from '../../../src/lib/package/run/run-context.js'
import {baseImage, docker, dockerStream, filesOf, Sandbox, uniqueName} from '../../support/docker.js'
import {writeTar, type FileEntry} from '../../support/tar.js'
import {keg, startKeg, type KegResult, type RunningKeg} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {proxy} from '../registry/misbehaving-registry.js'
import {occupy, unusedPort} from './occupied-port.js'
import {ctrlC, kegOnTerminal} from './terminal.js'
import {watchEngine} from './watched-engine.js'
import {testWork} from '../../support/work.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'

/** A page with this text, and what it prints when it is stopped. */
const page = 'the page of the package'
const serve = (port: number): string =>
  `trap 'echo asked to stop; exit 0' TERM; echo serving; httpd -f -p ${port} -h /www & wait`

/** A web server that exits at once when it is stopped. */
const server = (port: number): string[] => [`EXPOSE ${port}`, `CMD ["sh", "-c", ${JSON.stringify(serve(port))}]`]

function fetchPage(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get(url, {agent: false}, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve(text))
    }).on('error', reject)
  })
}

const command = ['docker', 'package', 'run'] as const

/** Runs `keg docker package run` until it exits. */
function run(runArguments: readonly string[], env: Record<string, string | undefined> = {}): Promise<KegResult> {
  return keg([...command, ...runArguments], {env})
}

/** Starts it in the background. */
function startRun(runArguments: readonly string[], env: Record<string, string> = {}): Promise<RunningKeg> {
  return startKeg([...command, ...runArguments], {env})
}

describe('keg docker package run @each-store', function () {
  this.timeout(120_000)

  let sandbox: Sandbox
  let open: {close(): Promise<void>}[]
  /** What the images hold: the programs of the base image and the page, in one layer, which is much faster than adding one. */
  let files: FileEntry[]

  before(async () => {
    files = [...(await filesOf(baseImage)), {path: 'www/index.html', content: page}]
  })

  beforeEach(() => {
    sandbox = new Sandbox()
    open = []
  })

  afterEach(async () => {
    await Promise.all(open.map((each) => each.close()))
    await sandbox.clean()
  })

  function closing<T extends {close(): Promise<void>}>(resource: T): T {
    open.push(resource)
    return resource
  }

  /** An image in a registry and no longer in the engine, made with these instructions. */
  async function pushed(
    instructions: readonly string[],
    {registry = openRegistry, keep = false}: {registry?: string; keep?: boolean} = {},
  ): Promise<string> {
    const reference = `${registry}/${uniqueName('run')}:feature-x`
    await sandbox.imageFromFiles(reference, files, {instructions})
    await docker(['push', '--quiet', reference])
    if (!keep) await docker(['image', 'rm', '--force', reference])
    return reference
  }

  /** An image that is only in the engine. */
  function local(instructions: readonly string[]): Promise<string> {
    return sandbox.imageFromFiles(`${uniqueName('run')}:feature-x`, files, {instructions})
  }

  /** The ids of the sandbox's containers: keg's have the label of their image. */
  async function containers(): Promise<string[]> {
    const ids = await docker(['ps', '--all', '--quiet', '--no-trunc', '--filter', `label=${sandbox.label}`])
    return ids.split('\n').filter((id) => id !== '')
  }

  async function container(): Promise<string> {
    for (;;) {
      const [id] = await containers()
      if (id !== undefined) return id
      await sleep(20)
    }
  }

  function inspect(id: string, format: string): Promise<string> {
    return docker(['inspect', '--type', 'container', '--format', format, id])
  }

  async function volumesOf(id: string): Promise<string[]> {
    const names = await inspect(id, '{{range .Mounts}}{{println .Name}}{{end}}')
    return names.split('\n').filter((name) => name !== '')
  }

  async function volumeExists(name: string): Promise<boolean> {
    return docker(['volume', 'inspect', name]).then(
      () => true,
      () => false,
    )
  }

  describe('a server', () => {
    it('is pulled, published on 127.0.0.1, waited for and shown, and stays in the background until it is removed', async () => {
      const port = await unusedPort()
      const reference = await pushed([`EXPOSE ${port}`, `CMD ["sh", "-c", "sleep 2; httpd -f -p ${port} -h /www"]`])
      const {code, stderr, stdout} = await run([reference, '--detach'])
      expect(code, stderr).to.equal(0)
      expect(stdout).to.equal(`http://127.0.0.1:${port}\n`)
      expect(await fetchPage(stdout.trim())).to.equal(page)
      expect(stderr).to.include('tag feature-x').and.include('Without keg: docker run --detach')
      const id = await container()
      expect(stderr).to.match(/Stop it: docker stop keg-/)
      expect(await inspect(id, '{{.State.Running}} {{.HostConfig.AutoRemove}}')).to.equal('true false')
      await runAdvice(stderr, 'docker stop')
      expect(await inspect(id, '{{.State.Running}}')).to.equal('false')
      await runAdvice(stderr, 'docker rm')
      expect(await containers()).to.deep.equal([])
    })

    it('is followed in the foreground, stopped by Ctrl-C within its stop timeout, and removed with its anonymous volumes', async () => {
      const port = await unusedPort()
      const reference = await pushed([...server(port), 'VOLUME /data'])
      const running = await startRun([reference])
      await running.said(/^http:.*\n/, 'stdout')
      expect(await fetchPage(`http://127.0.0.1:${port}`)).to.equal(page)
      const volumes = await volumesOf(await container())
      expect(volumes).to.have.length(1)
      running.kill('SIGINT')
      const {code, stderr, stdout} = await running.ended
      expect(code, stderr).to.equal(130)
      expect(stdout).to.equal(`http://127.0.0.1:${port}\n`)
      expect(stderr).to.include('serving').and.include('asked to stop').and.include('removed')
      expect(await containers()).to.deep.equal([])
      for (const volume of volumes) expect(await volumeExists(volume)).to.equal(false)
    })

    it('is stopped by SIGTERM as well, with exit code 143 @classic', async () => {
      const running = await startRun([await pushed(server(await unusedPort()))])
      await running.said(/^http:.*\n/, 'stdout')
      running.kill('SIGTERM')
      expect(await running.ended).to.include({code: 143})
      expect(await containers()).to.deep.equal([])
    })

    it('keeps its container with --no-rm, and leaves its removal to the engine with --detach --rm @classic', async () => {
      const kept = await startRun([await local(server(await unusedPort())), '--pull', 'never', '--no-rm'])
      await kept.said(/^http:.*\n/, 'stdout')
      kept.kill('SIGINT')
      expect(await kept.ended).to.include({code: 130})
      const [id = ''] = await containers()
      expect(await inspect(id, '{{.State.Status}}')).to.equal('exited')
      await docker(['rm', id])

      const detached = await run([
        await local(server(await unusedPort())),
        '--pull',
        'never',
        '--detach',
        '--rm',
        '--quiet',
      ])
      expect(detached.code, detached.stderr).to.equal(0)
      expect(await inspect(detached.stdout.trim(), '{{.HostConfig.AutoRemove}}')).to.equal('true')
    })

    it('gives scripts everything with --json, and prints nothing else on standard output @classic', async () => {
      const port = await unusedPort()
      const reference = await pushed(server(port))
      const running = await startRun([reference, '--json'])
      await running.said(/\n\}\n/, 'stdout')
      const id = await container()
      running.kill('SIGINT')
      const {code, json, stderr} = await running.ended
      expect(code, stderr).to.equal(130)
      expect(stderr).to.include('serving')
      const result = json()
      expect(Object.keys(result)).to.deep.equal([
        ...['container', 'name', 'reference', 'digest', 'ports', 'url', 'understood', 'notGranted'],
      ])
      expect(result).to.include({container: id, reference, url: `http://127.0.0.1:${port}`})
      expect(result.digest).to.match(/^sha256:[0-9a-f]{64}$/)
      expect(result.ports).to.deep.equal([{container: `${port}/tcp`, host: `127.0.0.1:${port}`}])
    })

    it('prints only the id with --quiet @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const {code, stderr, stdout} = await run([reference, '--detach', '--quiet', '--pull', 'never'])
      expect(code).to.equal(0)
      expect(stdout).to.equal(`${await container()}\n`)
      expect(stderr).to.equal('')
    })

    it('is pulled by digest when the reference has tag and digest, and shows both', async () => {
      const reference = await pushed(server(await unusedPort()))
      const {container: first, digest} = (await run([reference, '--detach', '--json'])).json()
      await docker(['rm', '--force', String(first)])
      await docker(['image', 'rm', '--force', reference])
      // The tag moves; the digest does not.
      await sandbox.imageFromFiles(reference, [{path: 'www/index.html', content: 'newer'}], {
        from: baseImage,
        instructions: server(await unusedPort()),
      })
      await docker(['push', '--quiet', reference])
      await sandbox.removeImage(reference)
      const pinned = sandbox.addImage(`${reference}@${String(digest)}`)
      const again = await run([pinned, '--detach', '--json'])
      expect(again.code, again.stderr).to.equal(0)
      const result = again.json()
      expect(result).to.include({reference: pinned, digest})
      expect(await fetchPage(String(result.url))).to.equal(page)
      expect(await inspect(String(result.container), '{{.Config.Image}}')).to.equal(pinned)
    })

    it('runs the same way with the printed docker run command, for those without keg @classic', async () => {
      const port = await unusedPort()
      const reference = await pushed(server(port))
      const flags = ['--detach', '--env', `WORDS=it's "two" $HOME`, '--name', uniqueName('line')]
      const {code, stderr} = await run([reference, ...flags])
      expect(code, stderr).to.equal(0)
      const line = /Without keg: (docker run .*)/.exec(stderr)?.[1] ?? ''
      expect(line).to.match(/@sha256:[0-9a-f]{64}$/)
      await docker(['rm', '--force', await container()])
      await docker(['image', 'rm', '--force', reference])
      const {stdout} = await runAdvice(line, 'docker run')
      const id = sandbox.addContainer(stdout.trim())
      expect(await inspect(id, '{{index .Config.Env 0}}')).to.equal(`WORDS=it's "two" $HOME`)
      for (let attempt = 0; ; attempt++) {
        const text = await fetchPage(`http://127.0.0.1:${port}`).catch(() => undefined)
        if (text === page) break
        expect(attempt, 'attempts').to.be.below(50)
        await sleep(100)
      }
    })

    it('takes a pasted docker pull line without quotes, with options around it @classic', async () => {
      const reference = await pushed(server(await unusedPort()))
      const {code, stderr} = await run(['docker', 'pull', reference, '-d'])
      expect(code, stderr).to.equal(0)
      expect(stderr).to.include('Understood: the docker pull line')
    })

    it('takes a pasted address of the registry @classic', async () => {
      const reference = await pushed(server(await unusedPort()))
      const {code, stderr} = await run([`https://${reference}`, '-d'])
      expect(code, stderr).to.equal(0)
      expect(stderr).to.include('Understood: the registry address of')
    })
  })

  describe('ports', () => {
    it('move when another process has them, on either address family @classic', async () => {
      for (const host of ['127.0.0.1', '0.0.0.0', '::1']) {
        const other = await occupy(0, host).catch((error: unknown) => {
          // A machine without IPv6 has no process there either.
          if (host === '::1') return undefined
          throw error
        })
        if (other === undefined) continue
        try {
          const reference = await local(server(other.port))
          const {code, stderr, stdout} = await run([reference, '-d', '--pull', 'never'])
          expect(code, stderr).to.equal(0)
          expect(stdout).not.to.include(`:${other.port}\n`)
          expect(stderr).to.include(`Port ${other.port} is taken`)
          expect(await fetchPage(stdout.trim())).to.equal(page)
          await docker(['rm', '--force', await container()])
        } finally {
          await other.close()
        }
      }
    })

    it('move when another container has them @classic', async () => {
      const port = await unusedPort()
      await sandbox.run(['--publish', `127.0.0.1:${port}:80`, baseImage, 'sleep', '600'])
      const reference = await local(server(port))
      const {code, json, stderr} = await run([reference, '-d', '--json', '--pull', 'never'])
      expect(code, stderr).to.equal(0)
      const {url} = json()
      expect(url).not.to.equal(`http://127.0.0.1:${port}`)
      expect(await fetchPage(String(url))).to.equal(page)
    })

    it('move when somebody takes them between the check and the start @classic', async () => {
      const port = await unusedPort()
      const reference = await local(server(port))
      let other: Awaited<ReturnType<typeof occupy>> | undefined
      const watched = closing(
        await watchEngine({
          async arriving({line}) {
            if (/\/containers\/\w+\/start/.test(line)) other ??= await occupy(port)
          },
        }),
      )
      try {
        const {code, stderr, stdout} = await run([reference, '-d', '--pull', 'never'], {DOCKER_HOST: watched.host})
        expect(code, stderr).to.equal(0)
        expect(other, 'the port was taken in between').not.to.equal(undefined)
        expect(stdout).not.to.include(`:${port}\n`)
        expect(await fetchPage(stdout.trim())).to.equal(page)
        expect(await containers()).to.have.length(1)
      } finally {
        await other?.close()
      }
    })

    it('are exactly those of -p, which is an error when they are taken @classic', async () => {
      const other = await occupy()
      try {
        const reference = await local(server(await unusedPort()))
        const publish = `127.0.0.1:${other.port}:80`
        const {code, json} = await run([reference, '-d', '--json', '--pull', 'never', '--publish', publish])
        expect(code).to.equal(125)
        expect(json().error).to.include({code: 'port-taken', exitCode: 125})
        expect(await containers()).to.deep.equal([])
      } finally {
        await other.close()
      }
    })

    it('are published in docker’s forms: an address, several, ranges, UDP @classic', async () => {
      const inside = await unusedPort()
      const first = await unusedPort()
      const second = await unusedPort()
      const reference = await local(server(inside))
      const {code, json, stderr} = await run([
        ...['-p', `127.0.0.1:${first}:${inside}`, '-p', `127.0.0.1:${second}:53/udp`, '-p', '127.0.0.1::7000-7001'],
        ...[reference, '-d', '--json', '--pull', 'never'],
      ])
      expect(code, stderr).to.equal(0)
      const {ports, url} = json()
      expect(url).to.equal(`http://127.0.0.1:${first}`)
      expect(ports).to.deep.include.members([
        {container: `${inside}/tcp`, host: `127.0.0.1:${first}`},
        {container: '53/udp', host: `127.0.0.1:${second}`},
      ])
      expect(JSON.stringify(ports)).to.match(/"7000\/tcp".*"7001\/tcp"/)
    })
  })

  describe('readiness', () => {
    it('is decided by the healthcheck if there is one @classic', async () => {
      const port = await unusedPort()
      const health = 'HEALTHCHECK --interval=1s --retries=30 CMD test -f /ready'
      const command = `httpd -p ${port} -h /www; sleep 3; touch /ready; sleep 600`
      const reference = await local([`EXPOSE ${port}`, health, `CMD ["sh", "-c", "${command}"]`])
      const {code, stderr, stdout} = await run([reference, '-d', '--pull', 'never'])
      expect(code, stderr).to.equal(0)
      expect(await inspect(await container(), '{{.State.Health.Status}}')).to.equal('healthy')
      expect(await fetchPage(stdout.trim())).to.equal(page)
    })

    it('fails when the container is unhealthy, with the output of the check, and leaves nothing with --rm @classic', async () => {
      const health = 'HEALTHCHECK --interval=1s --retries=1 CMD echo the database is missing; exit 1'
      const reference = await local([...server(await unusedPort()), health])
      const {code, json} = await run([reference, '-d', '--rm', '--json', '--pull', 'never'])
      expect(code).to.equal(1)
      const {error} = json()
      expect(error).to.include({code: 'unhealthy'})
      expect(JSON.stringify(error)).to.include('the database is missing')
      expect(await containers()).to.deep.equal([])
    })

    it('fails when nothing listens in time, keeps the container, shows its last lines, and can continue to wait @classic', async () => {
      const port = await unusedPort()
      const script = `echo copying the data; sleep 5; ${serve(port)}`
      const labels = [
        ...['com.keg.role=package', 'com.keg.package.schema=1', 'com.keg.package.branch=feature-x'],
        ...[`com.keg.package.folder-commit=${'0123456789'.repeat(4)}`, 'com.keg.package.dirty=true'],
      ]
      const reference = await local([
        ...[`EXPOSE ${port}`, `CMD ["sh", "-c", ${JSON.stringify(script)}]`],
        ...labels.map((label) => `LABEL ${label}`),
      ])
      const {code, stderr, stdout} = await run([reference, '-d', '--pull', 'never', '--wait', '2s'])
      expect(code, stderr).to.equal(1)
      expect(stdout).to.equal('')
      expect(stderr).to.include('branch feature-x, commit 012345678901 with uncommitted changes')
      expect(stderr).not.to.include('Understood')
      expect(stderr).to.match(/Nothing answers at .*\n {2}copying the data\n.* is kept, and still running\.\n/)
      const kept = await container()
      expect(await inspect(kept, '{{.State.Running}}')).to.equal('true')
      // The suggested command is run unchanged; the page of 5 s is ready in its time.
      const line = /Keep waiting: keg docker package run (.*)/.exec(stderr)?.[1]?.split(' ') ?? []
      const waited = await runAdvice(stderr, 'keg docker package run', {add: ['--json']})
      expect(waited.json()).to.include({container: kept})
      await runAdvice(stderr, 'docker logs -f', {until: /copying the data/})

      const replaced = await run(
        line.map((word) => (word === '--reuse' ? '--replace' : word === '5m' ? '0' : word)).concat('--quiet'),
      )
      expect(replaced.code, replaced.stderr).to.equal(0)
      expect(await containers())
        .to.deep.equal([replaced.stdout.trim()])
        .and.not.deep.equal([kept])
    })

    it('is not waited for with --wait 0 @classic', async () => {
      const port = await unusedPort()
      const reference = await local([`EXPOSE ${port}`, 'CMD ["sleep", "600"]'])
      const {code, stderr, stdout} = await run([reference, '-d', '--pull', 'never', '--wait', '0'])
      expect(code, stderr).to.equal(0)
      expect(stdout).to.equal(`http://127.0.0.1:${port}\n`)
    })

    for (const rm of [['--rm'], []])
      it(`fails with the container’s code and last lines when it exits too early, ${rm.join('') || 'kept'} @classic`, async () => {
        const command = 'CMD ["sh", "-c", "echo cannot find my settings; exit 7"]'
        const reference = await local([`EXPOSE ${await unusedPort()}`, command])
        const {code, stderr, stdout} = await run([reference, '-d', '--pull', 'never', ...rm])
        expect(code).to.equal(7)
        expect(stderr).to.include('exit code 7').and.include('cannot find my settings')
        expect(stdout).to.equal('')
        expect(await containers()).to.have.length(rm.length === 0 ? 1 : 0)
        if (rm.length > 0) return
        expect((await runAdvice(stderr, 'docker logs')).stdout).to.equal('cannot find my settings\n')
        await runAdvice(stderr, 'docker rm')
        expect(await containers()).to.have.length(0)
      })

    it('in the foreground shows the output once and passes on the exit code @classic', async () => {
      const command = 'CMD ["sh", "-c", "echo cannot find my settings; exit 7"]'
      const reference = await local([`EXPOSE ${await unusedPort()}`, command])
      const {code, stderr} = await run([reference, '--pull', 'never'])
      expect(code).to.equal(7)
      expect(stderr.match(/cannot find my settings/g)).to.have.length(1)
      expect(stderr).to.include('is kept')
      expect(await containers()).to.have.length(1)
    })
  })

  describe('a custom command', () => {
    it('prints to both outputs and passes on its exit code @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const command = 'cat /www/index.html; echo wrong >&2; exit 42'
      const {code, stderr, stdout} = await run([reference, '--pull', 'never', '--', 'sh', '-c', command])
      expect(code).to.equal(42)
      expect(stdout).to.equal(page)
      expect(stderr).to.match(/^wrong$/m)
      expect(await containers()).to.deep.equal([])
    })

    it('gets every argument unchanged @classic', async () => {
      const reference = await local([])
      const words = ['--json', '-d', '--', 'a b', '', `it's`]
      const {stdout} = await run([reference, '--pull', 'never', '--', 'printf', '[%s]', ...words])
      expect(stdout).to.equal(words.map((word) => `[${word}]`).join(''))
    })

    it('loses nothing of a long output @classic', async () => {
      const reference = await local([])
      const {code, stdout} = await run([reference, '--pull', 'never', '--', 'seq', '1', '200000'])
      expect(code).to.equal(0)
      expect(stdout).to.have.length(1_288_895)
      expect(stdout.endsWith('199999\n200000\n')).to.equal(true)
    })

    it('is stopped when nobody reads its output any more @classic', async () => {
      const reference = await local(['STOPSIGNAL KILL'])
      const script = `"$@" | head -n 1`
      const program = [process.execPath, join(import.meta.dirname, '../../../bin/dev.js')]
      const line = [...program, ...command, reference, '--pull', 'never', '--', 'yes']
      const {stdout} = await promisify(execFile)('sh', ['-c', script, 'sh', ...line])
      expect(stdout).to.equal('y\n')
      expect(await containers()).to.deep.equal([])
    })

    it('exits with 127 if it is missing, with 126 if it cannot be run, with 125 if the engine refuses', async () => {
      const reference = await local([])
      expect(await run([reference, '--pull', 'never', '--', 'no-such-program'])).to.include({code: 127})
      expect(await run([reference, '--pull', 'never', '--', '/www'])).to.include({code: 126})
      const unknown = await run([reference, '--pull', 'never', '--network', uniqueName('no-network'), '--', 'true'])
      expect(unknown.code).to.equal(125)
      expect(unknown.stderr).to.include('There is no network')
      expect(await containers()).to.deep.equal([])
    })

    it('replaces the entrypoint’s arguments; --entrypoint replaces that @classic', async () => {
      const reference = await local(['ENTRYPOINT ["echo", "entrypoint"]', 'CMD ["cmd"]'])
      const printed = async (...more: string[]): Promise<string> =>
        (await run([reference, '--pull', 'never', ...more])).stdout
      expect(await printed('--', 'given')).to.equal('entrypoint given\n')
      expect(await printed('--entrypoint', 'printf', '--', '%s', 'x')).to.equal('x')
      expect(await printed('--entrypoint', '', '--', 'echo', 'none')).to.equal('none\n')
    })
  })

  describe('environment @classic', () => {
    it('is that of the image and what was named, never the host’s', async () => {
      const reference = await local(['ENV FROM_IMAGE=image CHANGED=image UNSET=image'])
      const file = join(await sandbox.temporaryFolder(), 'x.env')
      await writeFile(file, '# comment\nIN_FILE="quoted"\nWINS=file\nNAMED_IN_FILE\n')
      const environment = {HOST_SECRET: 'secret', NAMED: 'from the host', NAMED_IN_FILE: 'host too', UNSET: undefined}
      const flags = ['-e', 'CHANGED=flag', '-e', 'NAMED', '-e', 'UNSET', '-e', 'WINS=flag', '--env-file', file]
      const {code, stderr, stdout} = await run([reference, '--pull', 'never', ...flags, '--', 'env'], environment)
      expect(code, stderr).to.equal(0)
      const lines = stdout.split('\n').filter((line) => !/^(?:HOSTNAME|HOME|PATH|SHLVL|PWD)=|^$/.test(line))
      expect(lines.sort()).to.deep.equal([
        'CHANGED=flag',
        'FROM_IMAGE=image',
        'IN_FILE="quoted"',
        'NAMED=from the host',
        'NAMED_IN_FILE=host too',
        'WINS=flag',
      ])
      expect(stderr).not.to.include('from the host')
    })
  })

  describe('permissions of a container', () => {
    it('are those of any container: the label with the developer’s settings grants none @classic', async () => {
      const settings = {
        ...{privileged: true, capAdd: ['SYS_ADMIN'], groupAdd: ['0'], init: true, shmSize: 2 ** 27},
        ...{devices: ['/dev/null:/dev/x'], pid: 'host', network: 'host', sysctls: {'kernel.core_pattern': '|/x'}},
        ...{extraHosts: ['meta:169.254.169.254'], ulimits: [{name: 'rtprio', soft: 9, hard: 9}]},
      }
      const label = `LABEL com.keg.package.run=${JSON.stringify(JSON.stringify(settings))}`
      const reference = await local([...server(await unusedPort()), label])
      const {code, stderr} = await run([reference, '-d', '--pull', 'never'])
      expect(code, stderr).to.equal(0)
      expect(stderr).to.match(/Not granted.*privileged.*SYS_ADMIN.*group 0.*--cap-add SYS_ADMIN --group-add 0/)
      const format = [
        '{{.HostConfig.Privileged}} {{.HostConfig.CapAdd}} {{.HostConfig.GroupAdd}} {{.HostConfig.Init}} {{.HostConfig.ShmSize}}',
        '{{.HostConfig.Devices}} {{.HostConfig.PidMode}} {{.HostConfig.NetworkMode}} {{len .HostConfig.Sysctls}}',
        '{{len .HostConfig.ExtraHosts}} {{len .HostConfig.Ulimits}}',
      ].join(' ')
      expect(await inspect(await container(), format)).to.match(
        /^false \[\] \[\] true 134217728 \[\] {2}(?:default|bridge) 0 0 0$/,
      )
    })

    it('include what the user grants, as with docker run', async () => {
      const settings = {
        ...{extraHosts: ['db.local:10.1.2.3', 'gateway:host-gateway'], hostname: 'shop', stopTimeout: 3},
        ...{sysctls: {'net.core.somaxconn': '1024'}, ulimits: [{name: 'nofile', soft: 512, hard: 512}]},
        ...{capDrop: ['ALL'], capAdd: ['CHOWN', 'SYS_NICE'], securityOpt: ['no-new-privileges'], cpus: 64},
        ...{memory: 2 ** 27, pidsLimit: 50},
      }
      const label = `LABEL com.keg.package.run=${JSON.stringify(JSON.stringify(settings))}`
      const reference = await local([...server(await unusedPort()), label])
      const flags = ['--cap-add', 'SYS_NICE', '--device', '/dev/null:/dev/x', '--shm-size', '2m', '-w', '/www']
      const {code, json, stderr} = await run([reference, '-d', '--json', '--pull', 'never', ...flags])
      expect(code, stderr).to.equal(0)
      expect(json().notGranted).to.deep.equal([
        {what: 'extra host gateway:host-gateway', flags: [['--add-host', 'gateway:host-gateway']]},
      ])
      const id = await container()
      const script =
        'pwd; hostname; ulimit -n; cat /proc/sys/net/core/somaxconn; grep -c db.local /etc/hosts; test -c /dev/x; ' +
        'grep -E "CapEff|NoNewPrivs" /proc/self/status'
      expect((await docker(['exec', id, 'sh', '-ec', script])).split('\n')).to.deep.equal([
        ...['/www', 'shop', '512', '1024', '1', 'CapEff:\t0000000000800001', 'NoNewPrivs:\t1'],
      ])
      const format =
        '{{.Config.StopTimeout}} {{.HostConfig.Memory}} {{.HostConfig.PidsLimit}} {{.HostConfig.CpuQuota}} {{.HostConfig.ShmSize}}'
      expect(await inspect(id, format)).to.equal('3 134217728 50 6400000 2097152')
    })

    it('include harmless settings of the developer’s container: a terminal, tmpfs, volumes of a read-only one', async () => {
      const settings = {tty: true, readOnly: true, tmpfs: {'/scratch': 'size=1m'}}
      const mounts = [{path: '/www', type: 'volume', layer: `sha256:${'a'.repeat(64)}`}]
      const labels = {
        'com.keg.package.schema': '1',
        'com.keg.package.run': JSON.stringify(settings),
        'com.keg.package.mounts': JSON.stringify(mounts),
      }
      const reference = await local(
        Object.entries(labels).map(([name, value]) => `LABEL ${name}=${JSON.stringify(value)}`),
      )
      const script = 'test -t 1 && cat /www/index.html && touch /scratch/x /www/x && ! touch /x'
      const running = await startRun([reference, '--pull', 'never', '--', 'sh', '-c', script])
      const {code, stderr, stdout} = await running.ended
      expect(code, stdout + stderr).to.equal(0)
      expect(stdout).to.include(page).and.include('/x: Read-only file system')
      expect(await containers()).to.deep.equal([])
    })

    it('do not depend on labels: compose and keg’s folders do not own it @classic', async () => {
      const instruction =
        'LABEL com.docker.compose.project=shop com.keg.folder=/home/me com.keg.role=dev com.keg.protect=true'
      const reference = await local([...server(await unusedPort()), instruction])
      expect(await run([reference, '-d', '--pull', 'never'])).to.include({code: 0})
      const labels = JSON.parse(await inspect(await container(), '{{json .Config.Labels}}')) as Record<string, string>
      const {'com.keg.owner': owner, 'com.keg.run': id, ...others} = labels
      expect(others).to.deep.equal({
        'com.docker.compose.project': '',
        'com.keg.folder': '',
        'com.keg.protect': '',
        'com.keg.role': 'package',
        ...Object.fromEntries([sandbox.label.split('=')]),
      })
      expect(id).to.have.length(36)
      expect(JSON.parse(owner ?? '')).to.have.all.keys(['host', 'pid', 'process', 'since', 'user'])
    })

    it('are refused, with exit code 3, for a working directory that leads to the host @classic', async () => {
      const linked: FileEntry[] = [
        {path: 'app', type: 'symlink', link: 'srv/code'},
        {path: 'srv/code', type: 'symlink', link: '../proc/self/fd/8'},
        // The image's own /proc is hidden by the real one.
        {path: 'proc/self/fd/8', type: 'directory'},
      ]
      for (const [directory, entries] of [
        ['/proc/self/fd/8', []],
        ['/app', linked],
      ] as const) {
        const reference = `${uniqueName('run')}:x`
        await sandbox.imageFromFiles(reference, entries, {instructions: [`WORKDIR ${directory}`, 'CMD ["x"]']})
        const {code, json} = await run([reference, '--json', '--pull', 'never'])
        expect(code, directory).to.equal(3)
        expect(json().error).to.include({code: 'working-directory-refused'})
        expect(await containers()).to.deep.equal([])
      }
    })

    it('are explained for an image of another platform', async () => {
      const reference = sandbox.addImage(`${uniqueName('run')}:x`)
      const other = process.arch === 'arm64' ? 'amd64' : 'arm64'
      const layer: Buffer[] = []
      for await (const chunk of dockerStream(['export', await sandbox.create([baseImage, 'true'])])) layer.push(chunk)
      const content = Buffer.concat(layer)
      const configuration = {
        architecture: other,
        os: 'linux',
        config: {Labels: Object.fromEntries([sandbox.label.split('=')]) as Record<string, string>},
        rootfs: {type: 'layers', diff_ids: [`sha256:${createHash('sha256').update(content).digest('hex')}`]},
      }
      const manifest = [{Config: 'config.json', RepoTags: [reference], Layers: ['layer.tar']}]
      const archive = writeTar([
        {path: 'layer.tar', content},
        {path: 'config.json', content: JSON.stringify(configuration)},
        {path: 'manifest.json', content: JSON.stringify(manifest)},
      ])
      await docker(['load', '--quiet'], {input: archive})
      const {code, stderr} = await run([reference, '--pull', 'never', '--', 'true'])
      expect(stderr).to.include(`The image is for linux/${other}`)
      // Its programs are of this machine, whatever its label.
      expect(code).to.equal(0)
    })
  })

  describe('the name @classic', () => {
    it('is keg-<name>-<tag>, with a number when it is taken and there is no terminal @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const expected = `keg-${reference.replace(':', '-')}`
      for (const suffix of ['', '-2', '-3']) {
        const {code, json, stderr} = await run([reference, '-d', '--json', '--pull', 'never'])
        expect(code, stderr).to.equal(0)
        expect(json().name).to.equal(`${expected}${suffix}`)
      }
    })

    it('is an error when it was given and is taken @classic', async () => {
      const name = uniqueName('taken')
      const holder = await sandbox.create(['--name', name, baseImage, 'true'])
      const reference = await local(server(await unusedPort()))
      const {code, json} = await run([reference, '-d', '--json', '--pull', 'never', '--name', name])
      expect(code).to.equal(2)
      expect(json().error).to.include({code: 'name-taken'})
      expect(await containers()).to.deep.equal([holder])
    })

    it('gets the next number when somebody takes it between the check and the creation @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const expected = `keg-${reference.replace(':', '-')}`
      let isTaken = false
      const watched = closing(
        await watchEngine({
          async arriving({line}) {
            if (line !== 'POST /containers/create' || isTaken) return
            isTaken = true
            await sandbox.create(['--name', expected, baseImage, 'true'])
          },
        }),
      )
      const {code, json, stderr} = await run([reference, '-d', '--json', '--pull', 'never'], {
        DOCKER_HOST: watched.host,
      })
      expect(code, stderr).to.equal(0)
      expect(json().name).to.equal(`${expected}-2`)
    })

    it('is settled by --reuse and by --replace like the question @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const words = [reference, '-d', '--json', '--pull', 'never']
      const first = (await run(words)).json()
      const reused = await run([...words, '--reuse'])
      expect(reused.code, reused.stderr).to.equal(0)
      expect(reused.json()).to.include({container: first.container, name: first.name, url: first.url})
      const replaced = await run([...words, '--replace'])
      expect(replaced.code, replaced.stderr).to.equal(0)
      expect(replaced.json().name).to.equal(first.name)
      expect(replaced.json().container).not.to.equal(first.container)
      expect(await containers()).to.deep.equal([replaced.json().container])
    })

    it('is refused with --reuse if another container has it, and --replace replaces that', async () => {
      const reference = await local(server(await unusedPort()))
      const other = await local(server(await unusedPort()))
      for (const holding of [
        async (name: string) => sandbox.create(['--name', name, baseImage, 'true']),
        // The package's own image, though keg did not start it.
        async (name: string) => sandbox.create(['--name', name, reference]),
        async (name: string) =>
          String((await run([other, '-d', '--json', '--pull', 'never', '--name', name])).json().container),
      ]) {
        const name = uniqueName('held')
        const holder = await holding(name)
        const words = [reference, '-d', '--json', '--pull', 'never', '--name', name]
        const refused = await run([...words, '--reuse'])
        expect(refused.code).to.equal(2)
        expect(refused.json().error).to.include({code: 'name-taken', exitCode: 2})
        expect(await docker(['inspect', '--format', '{{.Id}}', name])).to.equal(holder)
        const replaced = await run([...words, '--replace'])
        expect(replaced.code, replaced.stderr).to.equal(0)
        expect(replaced.json().name).to.equal(name)
        expect(await docker(['inspect', '--format', '{{.Id}}', name])).to.equal(replaced.json().container)
      }
    })

    /** The service itself, with a prompt that answers as given. */
    async function answered(
      reference: string,
      answers: readonly string[],
    ): Promise<{result: RunResult; asked: string[]}> {
      const asked: string[] = []
      const left = [...answers]
      const prompt: Prompt = {
        isInteractive: true,
        confirm: () => Promise.resolve(true),
        choose: <T>(question: string, choices: readonly Choice<T>[]) => {
          asked.push(question)
          const wanted = left.shift() ?? ''
          const choice = choices.find(({name}) => name.startsWith(wanted))
          if (choice === undefined) throw new Error(`${wanted} is not offered: ${JSON.stringify(choices)}`)
          return Promise.resolve(choice.value)
        },
        text: (question) => {
          asked.push(question)
          return Promise.resolve(left.shift() ?? '')
        },
      }
      let result: RunResult | undefined
      await using work = testWork({prompt})
      const code = await runPackage(work, {
        reference,
        command: [],
        detach: true,
        dryRun: false,
        environmentFiles: [],
        output: {stdout: undefined, stderr: undefined},
        publish: [],
        pull: 'never',
        ready: (given) => (result = given as RunResult),
        remove: undefined,
        variables: [],
      })
      expect(code).to.equal(0)
      expect(left).to.deep.equal([])
      if (result === undefined) throw new Error('It was never ready.')
      return {result, asked}
    }

    it('offers to reuse, replace or rename at a terminal @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const {result: first, asked} = await answered(reference, [])
      expect(asked).to.deep.equal([])

      const reused = await answered(reference, ['Use it'])
      expect(reused.result).to.include({container: first.container, url: first.url})
      expect(reused.asked[0]).to.include(first.name)
      await docker(['stop', '--time', '1', String(first.container)])
      const restarted = await answered(reference, ['Use it'])
      expect(restarted.result).to.include({container: first.container})
      expect(await fetchPage(String(restarted.result.url))).to.equal(page)

      const replaced = await answered(reference, ['Replace it'])
      expect(replaced.result.name).to.equal(first.name)
      expect(replaced.result.container).not.to.equal(first.container)
      expect(await containers()).to.deep.equal([replaced.result.container])

      const numbered = await answered(reference, ['Call the new one keg-'])
      expect(numbered.result.name).to.equal(`${first.name}-2`)
      const name = uniqueName('other')
      const renamed = await answered(reference, ['Call the new one something', name])
      expect(renamed.result.name).to.equal(name)
      expect(await containers()).to.have.length(3)
    })

    it('does not offer to reuse a container of another image', async () => {
      const reference = await local(server(await unusedPort()))
      await sandbox.create(['--name', `keg-${reference.replace(':', '-')}`, baseImage, 'true'])
      const error: unknown = await answered(reference, ['Use it']).catch((problem: unknown) => problem)
      expect(String(error)).to.include('is not offered')
    })
  })

  describe('on a terminal @classic', () => {
    it('asks for what is missing, shows no control sequence of the container, and Ctrl-C stops and removes it @classic', async () => {
      const port = await unusedPort()
      const hostile = `printf '\\033]0;title\\007\\033[31mred\\n'; ${serve(port)}`
      const reference = await local([`EXPOSE ${port}`, `CMD ["sh", "-c", ${JSON.stringify(hostile)}]`])
      const terminal = await kegOnTerminal([...command, '--pull', 'never'])
      await terminal.shows(/Which package\?/)
      terminal.press(`${reference}\r`)
      await terminal.shows(new RegExp(`http://127.0.0.1:${port}\\r?\\n`))
      terminal.press(ctrlC)
      const {code, shown} = await terminal.ended
      expect(code, shown).to.equal(130)
      expect(shown).to.include('\u001b[31mred').and.include('asked to stop').and.not.include('\u001b]0;title')
      expect(await containers()).to.deep.equal([])
    })

    it('offers what to do with a name that is taken @classic', async () => {
      const reference = await local(server(await unusedPort()))
      const name = `keg-${reference.replace(':', '-')}`
      const {code} = await run([reference, '--detach', '--pull', 'never'])
      expect(code).to.equal(0)
      const terminal = await kegOnTerminal([...command, reference, '--detach', '--pull', 'never'])
      await terminal.shows(/Replace it/)
      // Down to the second choice, the next free name.
      terminal.press('\u001b[B\r')
      expect(await terminal.ended).to.include({code: 0})
      expect(await docker(['inspect', '--format', '{{.State.Running}}', `${name}-2`])).to.equal('true')
    })
  })

  describe('pulling', () => {
    it('uses the local image, with a warning, when the registry is gone', async () => {
      const way = await proxy({registry: openRegistry})
      const reference = await pushed(server(await unusedPort()), {registry: way.registry, keep: true})
      await way.close()
      const {code, stderr, stdout} = await run([reference, '-d'])
      expect(code, stderr).to.equal(0)
      expect(stderr).to.match(/Warning: the registry .* cannot be reached/)
      expect(await fetchPage(stdout.trim())).to.equal(page)
    })

    it('fails with 125 when the registry is gone and there is no local image', async () => {
      const way = await proxy({registry: openRegistry})
      const reference = await pushed(server(await unusedPort()), {registry: way.registry})
      await way.close()
      const {code, json} = await run([reference, '-d', '--json'])
      expect(code).to.equal(125)
      expect(json().error).to.include({code: 'registry-unreachable'})
    })

    it('fails, and does not use a local image, when the registry requires a login', async () => {
      const reference = `${privateRegistry}/${uniqueName('run')}:x`
      await sandbox.imageFromFiles(reference, [{path: 'x', content: 'x'}], {from: baseImage})
      const environment = {DOCKER_CONFIG: await sandbox.temporaryFolder('docker-config')}
      const {code, json} = await run([reference, '-d', '--json'], environment)
      expect(code).to.equal(125)
      expect(json().error).to.include({code: 'registry-unauthorized'})
      expect(await containers()).to.deep.equal([])
    })

    it('fetches the newer image by default, and not with --pull missing', async () => {
      const reference = await pushed([], {keep: true})
      const older = await docker(['image', 'inspect', '--format', '{{.Id}}', reference])
      await sandbox.imageFromFiles(reference, [{path: 'newer', content: 'newer'}], {from: baseImage})
      await docker(['push', '--quiet', reference])
      await docker(['tag', older, reference])
      const show = ['--', 'ls', '/newer']
      expect((await run([reference, '--pull', 'missing', ...show])).code).to.equal(1)
      expect(await run([reference, ...show])).to.include({code: 0, stdout: '/newer\n'})
    })

    it('is skipped with --pull never, with an error if there is no local image @classic', async () => {
      const {code, json} = await run([await pushed([]), '--pull', 'never', '--json'])
      expect(code).to.equal(125)
      expect(json().error).to.include({code: 'image-missing'})
    })

    it('is skipped for a package that was made here and has no registry in its name @classic', async () => {
      const reference = await local([...server(await unusedPort()), 'LABEL com.keg.role=package'])
      const {code, stderr} = await run([reference, '-d'])
      expect(code, stderr).to.equal(0)
      expect(stderr).to.include('nothing is pulled')
    })
  })

  describe('invalid use @classic', () => {
    const nowhere = {DOCKER_HOST: 'unix:///no/such/engine.sock'}
    const wrong: readonly [string, string[], string][] = [
      ['a text that is no reference', ['not a reference'], 'reference-invalid'],
      ['a port that is none', ['app:x', '-p', '1:2:3:4'], 'port-invalid'],
      ['a variable without a name', ['app:x', '-e', '=x'], 'variable-invalid'],
      ['a duration that is none', ['app:x', '--wait', 'soon'], 'duration-invalid'],
      ['a name that is none', ['app:x', '--name', 'a b'], 'name-invalid'],
      ['no reference', [], 'input-missing'],
      ['a command without a reference', ['--', 'ls'], 'input-missing'],
    ]
    for (const [what, commandArguments, code] of wrong)
      it(`exits with 2 before the engine is called: ${what} @classic`, async () => {
        const split = commandArguments.indexOf('--')
        const place = split === -1 ? commandArguments.length : split
        const line = [...commandArguments.slice(0, place), '--json', ...commandArguments.slice(place)]
        const result = await run(line, nowhere)
        expect(result.code).to.equal(2)
        expect(result.json().error).to.include({code})
      })

    it('shows where a reference becomes invalid @classic', async () => {
      const {stderr} = await run(['ghcr.io/acme/shop:x`reboot`'], nowhere)
      expect(stderr).to.include('position 20')
    })

    it('exits with 4 without an engine @classic', async () => {
      const {code, json} = await run(['app:x', '--json'], nowhere)
      expect(code).to.equal(4)
      expect(json().error).to.include({code: 'engine-unreachable'})
    })
  })

  it('changes nothing with --dry-run @classic', async () => {
    const port = await unusedPort()
    const reference = await local(server(port))
    const {code, json, stderr} = await run([reference, '--dry-run', '--json', '-d'])
    expect(code, stderr).to.equal(0)
    expect(json()).to.include({container: null, name: `keg-${reference.replace(':', '-')}`})
    expect((await run([reference, '--dry-run'])).stderr).to.include(`--publish 127.0.0.1:${port}:${port}`)
    expect(await containers()).to.deep.equal([])
  })

  describe('a signal leaves nothing behind', () => {
    const signals = [
      ['SIGINT', 130, 'containerd'],
      ['SIGTERM', 143, 'classic'],
    ] as const

    for (const [signal, exitCode, store] of signals) {
      it(`${signal} while the image is pulled @${store}`, async () => {
        const reference = `${openRegistry}/${uniqueName('run')}:x`
        await sandbox.imageFromFiles(reference, [{path: 'random', content: randomBytes(8_000_000)}])
        await docker(['push', '--quiet', reference])
        await sandbox.removeImage(reference)
        const way = closing(await proxy({registry: openRegistry, pauseMilliseconds: 500}))
        const running = await startRun([sandbox.addImage(reference.replace(openRegistry, way.registry))])
        // It would take a minute.
        await running.said(/^Pulling \S+ … .* of 8 MB/m)
        const before = Date.now()
        running.kill(signal)
        const {code, stderr} = await running.ended
        expect(code, stderr).to.equal(exitCode)
        expect(Date.now() - before).to.be.below(30_000)
        expect(stderr).not.to.include('Started')
        expect(await containers()).to.deep.equal([])
      })

      for (const request of ['create', 'start'] as const)
        it(`${signal} while the engine works on ${request} @classic`, async () => {
          const reference = await local([...server(await unusedPort()), 'VOLUME /data'])
          let reached: (() => void) | undefined
          const answer = new Promise<void>((resolve) => (reached = resolve))
          let volumes: string[] = []
          const watched = closing(
            await watchEngine({
              async answered({line}) {
                if (!line.startsWith('POST') || !line.endsWith(`/${request}`)) return
                volumes = await volumesOf(await container())
                reached?.()
                await sleep(700)
              },
            }),
          )
          const running = await startRun([reference, '--pull', 'never', '--detach'], {DOCKER_HOST: watched.host})
          await answer
          running.kill(signal)
          expect(await running.ended).to.include({code: exitCode})
          expect(await containers()).to.deep.equal([])
          expect(volumes).to.have.length(1)
          for (const volume of volumes) expect(await volumeExists(volume)).to.equal(false)
        })

      for (const mode of [[], ['--detach'], ['--detach', '--rm']])
        it(`${signal} while it is waited for, ${mode.join(' ') || 'in the foreground'} @classic`, async () => {
          const health = 'HEALTHCHECK --interval=30s CMD true'
          const reference = await local([...server(await unusedPort()), 'VOLUME /data', health])
          const running = await startRun([reference, '--pull', 'never', ...mode])
          await running.said(/Started/)
          const volumes = await volumesOf(await container())
          running.kill(signal)
          expect(await running.ended).to.include({code: exitCode})
          expect(await containers()).to.deep.equal([])
          expect(volumes).to.have.length(1)
          for (const volume of volumes) expect(await volumeExists(volume)).to.equal(false)
        })
    }
  })
})
