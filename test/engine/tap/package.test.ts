import {expect} from 'chai'
import {join} from 'node:path'
import {Engine} from '../../../src/lib/engine/engine.js'
import {branchTag} from '../../../src/lib/branch/branch-tag.js'
import {findTarget} from '../../../src/lib/container/target/find-target.js'
import {missingInput, type Prompt} from '../../../src/lib/terminal/prompt.js'
import {baseImage, docker, uniqueName} from '../../support/docker.js'
import {thrown} from '../../support/thrown.js'
import {PlainTap, WAITING} from './plain-tap.js'
import {nameOf} from '../../../src/lib/container/container-name.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const branch = 'feature/x'
const tag = branchTag(branch)

/** Without a terminal. */
const NOBODY: Prompt = {
  isInteractive: false,
  confirm: (question, {flag}) => Promise.reject(missingInput(question, flag)),
  choose: (question, _choices, {flag}) => Promise.reject(missingInput(question, flag)),
  text: (question, {flag}) => Promise.reject(missingInput(question, flag)),
}

describe('keg tap package @containerd', function () {
  this.timeout(180_000)

  const image = uniqueName('storefront').toLowerCase()
  let tap: PlainTap
  let engine: Engine
  let container: string
  let store: string
  /** What was packaged. */
  let reference: string

  before(async () => {
    engine = await Engine.connect(process.env)
    tap = new PlainTap(`
env:
  KEG_IMAGE_FROM: ${openRegistry}/keg-test/other:develop
  KEG_PROXY_PORT: 8080
  IMAGE: ${image}
actions:
  tap:
    build: {cmds: ["echo building >&2; echo built >>/built; test ! -e /broken"]}
`)
    const setting = ['--env', 'KEG_EXEC_CMD=start', '--env', 'KEG_PROXY_PORT=8080', '--label', 'traefik.enable=true']
    const project = ['--label', `com.docker.compose.project=${tap.name}`]
    container = await tap.container([...setting, ...project, baseImage, ...WAITING])
    store = await tap.container([...project, baseImage, ...WAITING], {service: 'store'})
  })

  after(async () => {
    await engine[Symbol.asyncDispose]()
    await tap.stop()
  })

  describe('creates an image', () => {
    it("named like the tap's, in its registry, of its branch, after its action", async () => {
      const {code, json, stderr} = await tap.keg(['tap', 'package', tap.name, '--json'])
      expect(code, stderr).to.equal(0)
      const result = json()
      reference = tap.sandbox.addImage(String(result.reference))
      tap.sandbox.addImage(String(result.pinned))
      expect(result).to.deep.include({
        container,
        name: `${openRegistry}/keg-test/${image}`,
        pushed: true,
        via: 'registry',
        reference: `${openRegistry}/keg-test/${image}:${tag}`,
        branch,
      })
      expect(stderr).to.include('building')
      await docker(['pull', '--quiet', reference])
      expect(await docker(['run', '--rm', '--pull', 'never', reference, 'cat', '/built'])).to.equal('built')
    })

    it('not at all if the action fails, unless it is skipped', async () => {
      await docker(['exec', container, 'touch', '/broken'])
      const failed = await tap.keg(['tap', 'package', tap.name, '--json'])
      expect(failed.code).to.equal(1)
      expect(failed.json().error).to.deep.include({
        code: 'action-failed',
        data: {
          action: 'tap:build',
          command: 'echo building >&2; echo built >>/built; test ! -e /broken',
          exitCode: 1,
        },
      })
      const words = ['tap', 'package', '--no-action', '--no-push', '--name', 'mine', '--registry', 'r.example', '-q']
      const {code, stderr, stdout} = await tap.keg(words, {cwd: tap.folder})
      expect(code, stderr).to.equal(0)
      expect(stdout).to.equal(`${tap.sandbox.addImage(`r.example/mine:${tag}`)}\n`)
      await docker(['exec', container, 'rm', '/broken'])
    })

    it("of another service under its own name, without the app's action", async () => {
      const words = ['tap', 'package', tap.name, '--service', 'store', '--dry-run', '--json']
      const {code, json, stderr} = await tap.keg(words)
      expect(code, stderr).to.equal(0)
      const name = `${openRegistry}/keg-test/${image}-store`
      expect(json()).to.deep.include({container: store, name, reference: `${name}:${tag}`, branch})
      expect(stderr).not.to.include('tap:build')
      const unknown = await tap.keg(['tap', 'package', tap.name, '--service', 'stor', '--json'])
      expect(unknown.json().error).to.deep.include({code: 'service-unknown', data: {services: ['app', 'store']}})
    })

    it('of all its services together under a name of their own, after its action', async () => {
      const words = ['tap', 'package', tap.name, '--project', '--json']
      const {code, json, stderr} = await tap.keg(words)
      expect(code, stderr).to.equal(0)
      const name = `${openRegistry}/keg-test/${image}-project`
      expect(json()).to.deep.include({name, reference: `${name}:${tag}`, branch, pushed: true})
      const {services} = json() as {
        readonly services: readonly {readonly service: string; readonly container: string}[]
      }
      expect(services.map((each) => [each.service, each.container])).to.deep.equal([
        ['app', container],
        ['store', store],
      ])
      expect(stderr).to.include('building')
      const alone = await tap.keg([...words, '--service', 'store'])
      expect(alone.json().error).to.include({exitCode: 2})
    })

    it('of no container that was not started', async () => {
      tap.git.git(tap.name, 'switch', '--quiet', '--create', 'other')
      try {
        const {code, json} = await tap.keg(['tap', 'package', tap.name, '--json'])
        expect(code).to.equal(1)
        expect(json().error).to.have.property('code', 'tap-not-started')
      } finally {
        tap.git.git(tap.name, 'switch', '--quiet', branch)
      }
    })
  })

  describe('as the target of other commands', () => {
    it("is the tap's own container of the current branch, by its name or from its folder", async () => {
      const found = async (target: string | undefined, checkedOut = branch) =>
        nameOf(
          await findTarget(
            {engine, environment: {...process.env, ...tap.environment}, folder: tap.folder, prompt: NOBODY},
            {target, top: tap.folder, branch: checkedOut, usage: 'keg x CONTAINER'},
          ),
        )
      expect(await found(tap.name)).to.equal(container)
      expect(await found(undefined)).to.equal(container)
      expect(await found('store')).to.equal(store)
      const other = await tap.container([baseImage, ...WAITING], {branch: 'other'})
      expect(await found(tap.name)).to.equal(container)
      expect(await found(undefined, 'other')).to.equal(other)
      // A container with exactly that name takes precedence over the tap.
      const same = await tap.sandbox.create(['--name', tap.name, baseImage, 'true'])
      expect(await found(tap.name)).to.equal(tap.name)
      await docker(['rm', same])
      tap.git.git(tap.name, 'switch', '--quiet', '--create', 'unstarted')
      try {
        expect(await thrown(found(tap.name))).to.have.property('code', 'tap-not-started')
      } finally {
        tap.git.git(tap.name, 'switch', '--quiet', branch)
      }
    })

    it("gives a package of keg docker package the tap's name, and another if the tap cannot be read", async () => {
      const words = ['docker', 'package', '--dry-run', '--json', '--no-push']
      expect((await tap.keg([...words, tap.name])).json()).to.include({container, name: image})
      tap.git.write(`${tap.name}/container/values.yml`, 'env: [\n')
      try {
        const broken = await tap.keg([...words, container, '-t', 'x'])
        expect(broken.json(), broken.stderr).to.include({container, name: `${tap.name}-app`})
        expect(JSON.stringify(broken.json().warnings)).to.include('The image is not named after its tap')
      } finally {
        tap.git.git(tap.name, 'checkout', '--quiet', '.')
      }
    })
  })

  describe('run', () => {
    it('runs a package by its short name, as a start would', async () => {
      const words = ['tap', 'package', 'run', tap.name, `${image}:${tag}`, '--pull', 'never']
      const print = ['--', 'sh', '-c', 'echo "$KEG_DOCKER_EXEC $KEG_EXEC_CMD"; exit 3']
      const {code, stderr, stdout} = await tap.keg([...words, ...print])
      expect({code, stdout}, stderr).to.deep.equal({code: 3, stdout: 'package-run start\n'})
    })

    it('runs one from a file that was written beside the user, not in the tap', async () => {
      const cwd = await tap.sandbox.temporaryFolder('beside')
      const words = ['tap', 'package', tap.name, '--no-action', '-t', `${image}:file`, '-o', 'shop.tar']
      const written = await tap.keg([...words, '--json'], {cwd})
      expect(written.json(), written.stderr).to.include({file: join(cwd, 'shop.tar'), image: null, pushed: false})
      tap.sandbox.addImage(`${String(written.json().name)}:file`)
      const run = ['tap', 'package', 'run', tap.name, 'shop.tar', '--', 'sh', '-c', 'echo "$KEG_DOCKER_EXEC"']
      const {code, stderr, stdout} = await tap.keg(run, {cwd})
      expect({code, stdout}, stderr).to.deep.equal({code: 0, stdout: 'package-run\n'})
    })

    it('is served through a proxy, on a network that is removed with the last container', async () => {
      const network = uniqueName('proxy')
      const words = ['docker', 'package', 'run', reference, '--pull', 'never', '--proxy', '--proxy-network', network]
      const more = ['--proxy-host', 'local.example.com', '--rm', '--json']
      const running = await tap.startKeg([...words, ...more, '--name', uniqueName('served')])
      await running.said(/"url"[^}]*}/, 'stdout')
      const [id = ''] = (await docker(['ps', '--quiet', '--filter', `network=${network}`])).split('\n')
      const labels = JSON.parse(await docker(['inspect', '--format', '{{json .Config.Labels}}', id])) as object
      const name = (await docker(['inspect', '--format', '{{.Name}}', id])).slice(1)
      const ports = await docker(['port', id])
      running.kill('SIGINT')
      const {code, json, stderr} = await running.ended
      expect(code, stderr).to.equal(130)
      const url = String(json().url)
      expect(url).to.match(new RegExp(`^http://${image}-feature-x\\.local\\.example\\.com$`))
      expect(labels).to.include({
        'traefik.enable': 'true',
        'traefik.docker.network': network,
        [`traefik.http.routers.${name}.rule`]: `Host(\`${new URL(url).host}\`)`,
        [`traefik.http.services.${name}.loadbalancer.server.port`]: '8080',
      })
      expect(ports).to.equal('')
      expect(await docker(['network', 'ls', '--quiet', '--filter', `name=${network}`])).to.equal('')
    })
  })
})
