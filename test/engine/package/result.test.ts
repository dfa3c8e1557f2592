import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'

import {expect} from 'chai'

import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {manifestOf} from '../../support/registry.js'
import {snapshotContainer, snapshotImageFiles} from '../../support/snapshot.js'
import {compareSnapshots} from '../../support/compare.js'
import {inspected, labelsOf, mountAt, packageJson, temporaryThings, waitingContainer} from './packaging.js'

const registry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const privateLogin = process.env.KEG_TEST_PRIVATE_LOGIN ?? 'keg:keg'
const basic = Buffer.from(privateLogin).toString('base64')

describe('keg docker package: result @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox
  let container: string
  let name: string

  beforeEach(async () => {
    sandbox = new Sandbox()
    name = uniqueName('result')
    container = await waitingContainer(
      sandbox,
      ['--name', name, '-v', '/data', '--tmpfs', '/memory', '-e', 'ADDED=value', baseImage],
      'echo content > /data/file; echo own > /own',
    )
  })

  afterEach(() => sandbox.clean())

  it('is everything that scripts can rely on, with --json', async () => {
    const git = new GitSandbox()
    try {
      const cwd = git.repository('shop', 'review')
      const image = uniqueName('shop')
      const line = ['docker', 'package', name, '--name', image, '--registry', `${registry}/team`, '--load', '--json']
      const run = await keg(line, {cwd})
      const result = packageJson(run)
      sandbox.addImage(result.pinned ?? result.reference)
      const repository = `${registry}/team/${image}`
      const {bytes, digest, image: id, layers, mounts, pausedMilliseconds, ...others} = result
      expect(others).to.deep.include({
        branch: 'review',
        commit: git.git('shop', 'rev-parse', 'HEAD'),
        container: name,
        dirty: false,
        entries: 2,
        folder: cwd,
        name: repository,
        pinned: `${repository}:review@${digest}`,
        pushed: true,
        reference: `${repository}:review`,
        run: `keg docker package run ${repository}:review@${digest}`,
        tags: ['review'],
        verification: null,
      })
      expect(digest).to.match(/^sha256:[0-9a-f]{64}$/)
      expect(id).to.equal(await docker(['image', 'inspect', '--format', '{{.Id}}', result.reference]))
      expect(layers).to.equal((await imageLayers(result.reference)).layers.length)
      const history = ['history', '--human=false', '--format', '{{.Size}}', result.reference]
      const uncompressed = (await docker(history)).split('\n').reduce((sum, size) => sum + Number(size), 0)
      expect(bytes).to.be.closeTo(uncompressed, uncompressed / 20)
      expect(pausedMilliseconds).to.be.within(1, 30_000)
      expect(mounts).to.deep.equal([
        {bytes: 8, content: null, destination: '/data', flag: null, included: true, reason: null, type: 'volume'},
        {
          bytes: null,
          destination: '/memory',
          flag: null,
          content: null,
          included: false,
          reason: mountAt(result, '/memory').reason,
          type: 'tmpfs',
        },
      ])
      expect(run.stderr).to.equal('')
    } finally {
      git.remove()
    }
  })

  it('is shown to people: what is included before, the command for a reviewer at the end @classic', async () => {
    const run = await keg(['docker', 'package', name, '-t', 'one'])
    sandbox.addImage(`${name}:one`)
    expect(run.code, run.stderr).to.equal(0)
    const lines = run.stdout.trimEnd().split('\n')
    expect(lines[0]).to.match(new RegExp(`^Made ${name}:one \\(3 layers, .*, paused for \\d`))
    expect(lines.at(-1)?.trim()).to.equal(`keg docker package run --pull never ${name}:one`)
    expect(run.stderr).to.include(`Packaging ${name}`)
    expect(run.stderr).to.match(/volume \/data, 8 B/)
    expect(run.stderr).to.match(/tmpfs \/memory excluded: memory/)
    expect(run.stderr).to.match(/environment beyond its image: ADDED$/m)
    expect(run.stderr).to.not.include('value')
  })

  it('is one line with --quiet, pinned if it was pushed @classic', async () => {
    const local = await keg(['docker', 'package', name, '-t', 'one', '--quiet'])
    sandbox.addImage(`${name}:one`)
    expect([local.stdout, local.stderr, local.code]).to.deep.equal([`${name}:one\n`, '', 0])
    const pushed = await keg(['docker', 'package', name, '-t', 'one', '--quiet', '--registry', registry])
    sandbox.addImage(pushed.stdout.trim())
    const {digest} = await manifestOf(registry, name, 'one')
    expect([pushed.stdout, pushed.stderr, pushed.code]).to.deep.equal([`${registry}/${name}:one@${digest}\n`, '', 0])
  })

  it('has every requested name, all of the same image @classic', async () => {
    const whole = `${registry}/other/${name}:three`
    const tags = ['-t', 'one', '-t', 'two', '-t', whole]
    const result = packageJson(await keg(['docker', 'package', name, ...tags, '--no-push', '--json']))
    for (const reference of [`${name}:one`, `${name}:two`, whole]) {
      sandbox.addImage(reference)
      expect(await docker(['image', 'inspect', '--format', '{{.Id}}', reference]), reference).to.equal(result.image)
    }
    expect(result).to.deep.include({digest: null, pinned: null, pushed: false, tags: ['one', 'two', 'three']})
    expect((await manifestOf(registry, `other/${name}`, 'three')).status).to.equal(404)
  })

  it("is in the registry under all of its tags, with the container's content", async () => {
    const flags = ['-t', 'one', '-t', 'two', '--registry', registry, '--json']
    const result = packageJson(await keg(['docker', 'package', name, ...flags]))
    const expected = await snapshotContainer(container)
    for (const tag of ['one', 'two']) {
      const {digest, manifest, status} = await manifestOf(registry, name, tag)
      expect({digest, status}, tag).to.deep.equal({digest: result.digest, status: 200})
      expect(manifest.layers).to.have.length(result.layers)
    }
    const pinned = sandbox.addImage(result.pinned!)
    await docker(['pull', '--quiet', pinned])
    const isInMemory = (path: string) => path === '/memory'
    const files = await snapshotImageFiles(pinned)
    expect(compareSnapshots(expected, files, {ignore: isInMemory})).to.deep.equal([])
  })

  it("is pushed with the user's docker credentials @classic", async () => {
    const configuration = await sandbox.temporaryFolder('docker-config')
    await writeFile(join(configuration, 'config.json'), JSON.stringify({auths: {[privateRegistry]: {auth: basic}}}))
    const flags = ['-t', 'one', '--registry', `${privateRegistry}/team`, '--json']
    const run = await keg(['docker', 'package', name, ...flags], {env: {DOCKER_CONFIG: configuration}})
    const result = packageJson(run)
    sandbox.addImage(result.pinned!)
    const authorization = {Authorization: `Basic ${basic}`}
    const {digest, status} = await manifestOf(privateRegistry, `team/${name}`, 'one', authorization)
    expect({digest, status}).to.deep.equal({digest: result.digest, status: 200})
    expect((await manifestOf(privateRegistry, `team/${name}`, 'one')).status, 'without credentials').to.equal(401)
  })

  it('is only a plan with --dry-run: nothing is paused, made or left @classic', async () => {
    const state = '{{.State.Status}} {{.State.StartedAt}} {{.State.Pid}}'
    const before = await inspected(container, state)
    const since = Date.now()
    const run = await keg(['docker', 'package', name, '-t', 'one', '--registry', registry, '--dry-run', '--json'])
    const plan = packageJson(run)
    const window = ['--since', (since / 1000).toFixed(3), '--until', (Date.now() / 1000).toFixed(3)]
    const format = ['--format', '{{json .}}']
    const events = (await docker(['events', ...window, ...format])).split('\n').filter((line) => line !== '')

    expect(plan).to.deep.include({digest: null, image: null, pausedMilliseconds: 0, pinned: null, pushed: false})
    expect(plan).to.include({entries: 2, layers: 3, reference: `${registry}/${name}:one`})
    expect(mountAt(plan, '/data')).to.include({bytes: 8, included: true})
    expect(run.leftovers).to.deep.equal([])
    expect(await inspected(container, state)).to.equal(before)
    expect(await docker(['images', '--quiet', '--filter', `reference=*/${name}`])).to.equal('')
    expect((await manifestOf(registry, name, 'one')).status).to.equal(404)

    // Other tests run beside this one: only its container matters, and the helper that has its volume.
    const seen = events.map(
      (line) =>
        JSON.parse(line) as {Action: string; Actor: {Attributes: Record<string, string>; ID: string}; Type: string},
    )
    expect(seen.filter(({Actor}) => Actor.ID === container).map(({Action}) => Action)).to.deep.equal([])
    const volume = await inspected(container, '{{range .Mounts}}{{.Name}}{{end}}')
    const helper = seen.find(({Actor, Type}) => Type === 'volume' && Actor.ID === volume && Actor.Attributes.container)
      ?.Actor.Attributes.container
    const ofHelper = seen.filter(({Actor, Type}) => Type === 'container' && Actor.ID === helper)
    expect(ofHelper.map(({Action}) => Action)).to.include.members(['create', 'destroy'])
    const id = ofHelper[0]?.Actor.Attributes['com.keg.run'] ?? ''
    expect(id).to.match(/^[\w-]{8,}$/)
    expect(await temporaryThings(id, null)).to.deep.equal([])
    expect(
      seen.filter(
        ({Actor}) => Actor.Attributes['com.keg.run'] === id && Actor.Attributes['com.keg.role'] === 'package',
      ),
    ).to.deep.equal([])
  })

  it('says what a dry run would do @classic', async () => {
    const run = await keg(['docker', 'package', name, '-t', 'one', '--dry-run'])
    expect(run.code, run.stderr).to.equal(0)
    expect(run.stdout).to.match(new RegExp(`^Nothing was changed\\. ${name}:one would have 3 layers`))
    expect(run.stderr).to.match(/volume \/data, 8 B/)
  })

  it('is predicted by a dry run: layers, files, and bytes within 5 %, also when the package is packaged again', async () => {
    async function foretold(target: string, tag: string, flags: readonly string[] = []): Promise<void> {
      const line = ['docker', 'package', target, '--name', name, '-t', tag, ...flags, '--json']
      const plan = packageJson(await keg([...line, '--dry-run']))
      const result = packageJson(await keg(line))
      sandbox.addImage(`${name}:${tag}`)
      const {entries, layers, mounts} = plan
      expect({entries, layers, mounts}, tag).to.deep.equal({
        ...{entries: result.entries, layers: result.layers, mounts: result.mounts},
      })
      expect(plan.bytes, tag).to.be.closeTo(result.bytes, result.bytes / 20)
    }
    const mounts = ['-v', '/data', '-v', '/data/inner', '--tmpfs', '/memory', '--tmpfs', '/bin/hidden']
    const one = await waitingContainer(
      sandbox,
      [...mounts, '--tmpfs', '/etc', baseImage],
      `mkdir -p /data/small /srv/small /srv/logs /data/logs
      for file in $(seq 1500); do echo $file > /data/small/$file; echo $file > /srv/small/$file; done
      for file in $(seq 60); do echo $file > /srv/logs/$file.log; done
      head -c 20000000 /dev/urandom > /data/large; head -c 2000000 /dev/zero > /data/inner/file
      head -c 9000000 /dev/zero > /srv/logs/large; head -c 9000000 /dev/zero > /data/logs/large`,
    )
    await foretold(one, 'one', ['--exclude', '/srv/logs/*', '--exclude', '/data/logs'])
    // The large file is only in a layer that is replaced.
    const two = await waitingContainer(
      sandbox,
      ['-v', '/data', `${name}:one`],
      'rm /data/large; echo more > /data/more',
    )
    await foretold(two, 'two')
    await foretold(await sandbox.run([baseImage, 'sleep', '3600']), 'unchanged')
  })

  it('moves the name to the new image when it is packaged again, and leaves none without a name', async () => {
    const one = packageJson(await keg(['docker', 'package', name, '-t', 'one', '--json']))
    // Later, neither a name nor the sandbox's label identifies it.
    sandbox.addImage(one.image ?? '')
    sandbox.addImage(`${name}:one`)
    const two = packageJson(await keg(['docker', 'package', name, '-t', 'one', '--json']))
    expect(two.image).to.not.equal(one.image)
    expect(await docker(['image', 'inspect', '--format', '{{.Id}}', `${name}:one`])).to.equal(two.image)
    const id = (await labelsOf(two.reference))['com.keg.run'] ?? ''
    expect(await temporaryThings(id, two.image)).to.deep.equal([])
  })
})
