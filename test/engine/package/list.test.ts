import {expect} from 'chai'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {keg, type KegOptions} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {watchRegistry} from '../registry/watched-registry.js'
import {packageJson, waitingContainer, type PackageJson} from './packaging.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'
const privateRegistry = process.env.KEG_TEST_PRIVATE_REGISTRY ?? '127.0.0.1:5443'
const nowhere = {DOCKER_HOST: 'unix:///nowhere/docker.sock'}

interface Listed {
  readonly [field: string]: unknown
  readonly reference: string
}

describe('keg docker package list @each-store', function () {
  this.timeout(180_000)
  const sandbox = new Sandbox()
  const name = uniqueName('listed')
  const repository = `${openRegistry}/team/${name}`
  let container: string
  /** The older one, without uncommitted changes that keg would know of. */
  let first: PackageJson
  let second: PackageJson

  before(async () => {
    container = await waitingContainer(sandbox, ['-v', '/data', baseImage], 'echo one > /data/one')
    first = await packaged('first', ['--branch', 'feature/x'])
    second = await packaged('second', ['--branch', 'other'])
    await docker(['tag', baseImage, sandbox.addImage(`${repository}:base`)])
    await docker(['push', '--quiet', `${repository}:base`])
  })

  after(() => sandbox.clean())

  /** In the engine and in the registry. */
  async function packaged(tag: string, flags: readonly string[]): Promise<PackageJson> {
    const reference = sandbox.addImage(`${repository}:${tag}`)
    const line = ['docker', 'package', container, '-t', reference, '--push', '--load', ...flags, '--json']
    return packageJson(await keg(line))
  }

  async function list(words: readonly string[], options: KegOptions = {}): Promise<readonly Listed[]> {
    const {code, json, stderr, stdout} = await keg(['docker', 'package', 'list', ...words, '--json'], options)
    expect(code, stdout + stderr).to.equal(0)
    return json() as unknown as readonly Listed[]
  }

  it('has the packages in the engine, newest first, with where they come from', async () => {
    const listed = await list([name])
    expect(listed.map(({reference}) => reference)).to.deep.equal([second.reference, first.reference])
    const ofDocker = await docker(['image', 'ls', '--format', '{{.Size}}', first.reference])
    const table = (await keg(['docker', 'package', 'list', first.reference])).stdout
    expect(table.replace(/(\d) (?=[kM]?B )/, '$1')).to.include(` ${ofDocker} `)
    expect(listed[1]).to.include({
      ...{readFrom: 'engine', image: first.image, branch: 'feature/x', commit: null, compressedBytes: null},
      ...{container: first.container, dirty: null, message: null},
    })
    expect(Date.parse(String(listed[0]?.created))).to.be.at.least(Date.parse(String(listed[1]?.created)))
    expect((await list([])).map(({reference}) => reference)).to.include.members([first.reference, second.reference])
  })

  it('has those of a name: the end of a path, a repository, a tag, a digest @classic', async () => {
    const references = async (word: string): Promise<readonly string[]> =>
      (await list([word])).map(({reference}) => reference)
    const both = [second.reference, first.reference]
    expect(await references(`team/${name}`)).to.deep.equal(both)
    expect(await references(repository)).to.deep.equal(both)
    expect(await references(`${name}:first`)).to.deep.equal([first.reference])
    expect(await references(`other.example.com/team/${name}`)).to.deep.equal([])
    expect(await references(name.slice(0, -1))).to.deep.equal([])
  })

  it('is a table for people, and one name a line with --quiet @classic', async () => {
    const table = await keg(['docker', 'package', 'list', name])
    expect(table.code, table.stderr).to.equal(0)
    expect(table.stdout.split('\n')[0]).to.match(/^PACKAGE +BRANCH +COMMIT +AUTHOR +CREATED +SIZE +DIGEST$/)
    expect(table.stdout).to.match(
      new RegExp(`${first.reference} +feature/x +- .* (?:just now|minutes? ago) +\\d.* [kM]B `),
    )
    expect((await keg(['docker', 'package', 'ls', name, '--quiet'])).stdout).to.equal(
      `${second.reference}\n${first.reference}\n`,
    )
  })

  it('says so if there is none, and how to look in the registry @classic', async () => {
    const none = await keg(['docker', 'package', 'list', `${repository}-none`])
    expect([none.code, none.stdout]).to.deep.equal([0, ''])
    expect(none.stderr).to.equal(
      `The engine has no package ${repository}-none. List those in its registry with: keg docker package list ${repository}-none --remote\n`,
    )
    const remote = await runAdvice(none.stderr, 'keg docker package list')
    expect([remote.code, remote.stdout, remote.stderr]).to.deep.equal([
      ...[0, '', `The registry has no package ${repository}-none.\n`],
    ])
  })

  it('has the packages of a repository in its registry, without pulling them', async () => {
    const registry = await watchRegistry(openRegistry)
    try {
      const there = `${registry.registry}/team/${name}`
      for (const env of [{}, nowhere]) {
        const listed = await list([there, '--remote'], {env})
        expect(listed.map(({reference}) => reference)).to.deep.equal([`${there}:second`, `${there}:first`])
        expect(listed[1]).to.include({readFrom: 'registry', branch: 'feature/x', bytes: null, digest: first.digest})
        expect(Number(listed[1]?.compressedBytes)).to.be.within(1000, first.bytes)
      }
      // Nothing but documents: manifests, and configurations.
      const {stderr} = await keg(['docker', 'package', 'list', there, '--remote'])
      expect(stderr).to.equal(`${there} also has 1 tag of something else.\n`)
      expect(registry.bytes()).to.equal(0)
      const asked = registry.lines(/^GET .*\/blobs\//).length
      expect(asked).to.equal(9)
    } finally {
      await registry.close()
    }
  })

  it('is an error if the registry wants a login, or does not have the tag, or no repository is named @containerd', async () => {
    const failure = async (...words: string[]): Promise<unknown> => {
      const {code, json} = await keg(['docker', 'package', 'list', ...words, '--json'])
      return {exit: code, code: (json().error as {code: string}).code}
    }
    expect(await failure(`${privateRegistry}/team/${name}`, '--remote')).to.deep.equal({
      ...{exit: 1, code: 'registry-unauthorized'},
    })
    expect(await failure(`${repository}:missing`, '--remote')).to.deep.equal({exit: 1, code: 'image-not-found'})
    expect(await failure('--remote')).to.deep.equal({exit: 2, code: 'input-missing'})
    expect(await failure('Not/A/Name')).to.deep.equal({exit: 2, code: 'reference-invalid'})
  })
})
