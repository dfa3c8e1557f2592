import {expect} from 'chai'
import {mkdirSync, symlinkSync} from 'node:fs'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {branchTag} from '../../../src/lib/branch/branch-tag.js'
import {baseImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import {GitSandbox} from '../../support/git.js'
import {keg, type KegOptions} from '../../support/keg.js'
import {manifestOf} from '../../support/registry.js'
import {packageJson, type PackageJson} from './packaging.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

describe('keg docker package: the container and the name @classic', function () {
  this.timeout(120_000)

  let sandbox: Sandbox
  let git: GitSandbox

  beforeEach(() => {
    sandbox = new Sandbox()
    git = new GitSandbox()
  })

  afterEach(async () => {
    git.remove()
    await sandbox.clean()
  })

  /** A container with these labels; returns its name. */
  async function container(labels: Readonly<Record<string, string>> = {}, name = uniqueName('target')) {
    const options = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
    await sandbox.create(['--name', name, ...options, baseImage, 'x'])
    return name
  }

  const idOf = (name: string): Promise<string> => docker(['inspect', '--format', '{{.Id}}', name])

  /** What keg would do, by a dry run. */
  async function plan(words: readonly string[], options: KegOptions = {}): Promise<PackageJson> {
    return packageJson(await keg(['docker', 'package', '--dry-run', '--json', ...words], options))
  }

  const service = (folder: string, name = 'web'): Record<string, string> => ({
    'com.docker.compose.service': name,
    'com.docker.compose.project.working_dir': folder,
  })

  describe('the container', () => {
    it("is the one with exactly that name, even if another's id begins so", async () => {
      const other = await container()
      const prefix = (await idOf(other)).slice(0, 10)
      const own = await container({}, prefix)
      expect((await plan([prefix, '-t', 'dev'])).container).to.equal(own)
    })

    it('is the one with that id or prefix of an id', async () => {
      const own = await container()
      const id = await idOf(own)
      for (const target of [id, id.slice(0, 12)])
        expect((await plan([target, '-t', 'dev'])).container, target).to.equal(own)
    })

    it("is a service of the folder's compose project, also from a subfolder and through a symlink", async () => {
      const repository = git.repository('repository', 'work')
      mkdirSync(join(repository, 'deep', 'down'), {recursive: true})
      symlinkSync(repository, join(git.folder, 'link'))
      const own = await container(service(repository))
      await container(service(join(git.folder, 'elsewhere')))
      for (const cwd of [repository, join(repository, 'deep', 'down'), join(git.folder, 'link')])
        expect((await plan(['web', '-t', 'dev'], {cwd})).container, cwd).to.equal(own)
    })

    it('is a one-off of docker compose run only by its own name', async () => {
      const repository = git.repository()
      const own = await container({...service(repository), 'com.docker.compose.oneoff': 'False'})
      const oneOff = await container({...service(repository), 'com.docker.compose.oneoff': 'True'})
      for (const words of [['web'], []])
        expect((await plan([...words, '-t', 'dev'], {cwd: repository})).container).to.equal(own)
      expect((await plan([oneOff, '-t', 'dev'], {cwd: repository})).container).to.equal(oneOff)
    })

    it('is no service of another folder', async () => {
      const repository = git.repository('repository', 'work')
      await container(service(join(git.folder, 'elsewhere')))
      const {code, stderr} = await keg(['docker', 'package', 'web', '-t', 'dev'], {cwd: repository})
      expect(code).to.equal(2)
      expect(stderr).to.contain('There is no container, linked tap, service of this folder or container id web.')
    })

    it('belongs to the folder if none is named', async () => {
      const repository = git.repository('repository', 'work')
      const own = await container({'com.keg.folder': repository, 'com.keg.branch': 'other'})
      await container({'com.keg.folder': join(git.folder, 'elsewhere')})
      expect((await plan([], {cwd: repository})).container).to.equal(own)
    })

    it('is preferably one of this branch', async () => {
      const repository = git.repository('repository', 'feature')
      await container({'com.keg.folder': repository, 'com.keg.branch': 'main'})
      const own = await container({'com.keg.folder': repository, 'com.keg.branch': 'feature'})
      expect((await plan([], {cwd: repository})).container).to.equal(own)
    })

    it('is one with a bind of the folder, if none has its label, running ones first', async () => {
      const repository = git.repository('bound', 'work')
      mkdirSync(join(repository, 'below'))
      const [own, stopped, other] = [uniqueName('bound'), uniqueName('bound'), uniqueName('bound')]
      const command = [baseImage, 'sleep', '1000']
      await sandbox.run(['--name', own, '--volume', `${repository}:/app`, ...command])
      await sandbox.create(['--name', stopped, '--volume', `${repository}:/app`, ...command])
      await sandbox.create(['--name', other, '--volume', `${git.repository('other', 'side')}:/app`, ...command])
      for (const cwd of [repository, join(repository, 'below')])
        expect(await plan(['--mounts', 'none'], {cwd})).to.include({container: own, branch: 'work', folder: repository})
      expect(await plan([other, '--mounts', 'none'], {cwd: repository})).to.include({
        branch: 'side',
        folder: join(git.folder, 'other'),
      })
      const labelled = await container({'com.keg.folder': repository})
      expect((await plan([], {cwd: repository})).container).to.equal(labelled)
    })

    it('is no package that runs for a review in the same folder', async () => {
      const repository = git.repository('repository', 'work')
      const own = await container({'com.keg.folder': repository})
      await container({'com.keg.folder': repository, 'com.keg.role': 'package'})
      expect((await plan([], {cwd: repository})).container).to.equal(own)
    })
  })

  describe('the git state', () => {
    it("is that of the container's own folder", async () => {
      const own = git.repository('own', 'feature/own')
      git.write('own/new.txt', 'new\n')
      const current = git.repository('current', 'current')
      for (const labels of [{'com.keg.folder': own}, service(own)]) {
        const result = await plan([await container(labels)], {cwd: current})
        expect(result).to.include({
          folder: own,
          branch: 'feature/own',
          commit: git.git('own', 'rev-parse', 'HEAD'),
          dirty: true,
        })
        expect(result.tags).to.deep.equal([branchTag('feature/own')])
      }
    })

    it('is that of the current folder if the container has none, with a notice', async () => {
      const current = git.repository('current', 'current')
      const name = await container()
      expect(await plan([name], {cwd: current})).to.include({
        folder: current,
        branch: 'current',
        commit: git.git('current', 'rev-parse', 'HEAD'),
        dirty: false,
      })
      const shown = await keg(['docker', 'package', name, '--dry-run'], {cwd: current})
      expect(shown.stderr).to.contain(`from current of ${current} (the current folder)`)
    })

    it('is empty without a repository', async () => {
      const result = await plan([await container(), '-t', 'dev'])
      expect(result).to.include({folder: null, branch: null, commit: null, dirty: null})
      expect(result.tags).to.deep.equal(['dev'])
    })

    it('is that of a worktree', async () => {
      git.repository('repository', 'main')
      git.git('repository', 'worktree', 'add', '--quiet', '-b', 'aside', '../aside')
      const folder = join(git.folder, 'aside')
      const own = await container({'com.keg.folder': folder})
      expect(await plan([], {cwd: folder})).to.include({container: own, folder, branch: 'aside'})
    })

    it('is the commit if HEAD is detached', async () => {
      const repository = git.repository('repository', 'work')
      git.git('repository', 'checkout', '--quiet', '--detach')
      const commit = git.git('repository', 'rev-parse', 'HEAD')
      const result = await plan([await container()], {cwd: repository})
      expect(result).to.include({branch: null, commit})
      expect(result.tags).to.deep.equal([`sha-${commit.slice(0, 12)}`])
    })
  })

  describe('the branch', () => {
    const github = {GITHUB_ACTIONS: 'true', GITHUB_HEAD_REF: 'pull', GITHUB_REF_NAME: '12/merge'}
    const ways: Readonly<Record<string, {words?: string[]; env?: Record<string, string>; branch: string}>> = {
      '--branch, before all others': {words: ['--branch', 'flag'], env: {KEG_BRANCH: 'own', ...github}, branch: 'flag'},
      'KEG_BRANCH, before the build service': {env: {KEG_BRANCH: 'own', ...github}, branch: 'own'},
      'the branch of a pull request on GitHub': {env: github, branch: 'pull'},
      'the branch that GitHub builds': {
        env: {...github, GITHUB_HEAD_REF: '', GITHUB_REF_NAME: 'built'},
        branch: 'built',
      },
      'the branch that GitLab builds': {env: {GITLAB_CI: 'true', CI_COMMIT_REF_NAME: 'gitlab'}, branch: 'gitlab'},
      "git's": {branch: 'checked-out'},
    }
    for (const [way, {branch, env = {}, words = []}] of Object.entries(ways)) {
      it(`is ${way}`, async () => {
        const current = git.repository('current', 'checked-out')
        const own = git.repository('own', 'checked-out')
        for (const name of [await container(), await container({'com.keg.folder': own})]) {
          const result = await plan([name, ...words], {cwd: current, env})
          expect(result.branch).to.equal(branch)
          expect(result.tags).to.deep.equal([branch])
        }
      })
    }

    it('gives the tag in the registry, whatever its characters', async () => {
      const name = uniqueName('branches')
      const target = await container()
      const branches = [
        'feature/Ünï cödé!',
        'x'.repeat(128),
        'y'.repeat(129),
        `z/${'a/'.repeat(120)}b`,
        '-dash',
        'Case',
      ]
      for (const branch of branches) {
        const line = ['docker', 'package', target, '--branch', branch, '--name', `keg/${name}`, '--json']
        const {pushed, reference} = packageJson(await keg([...line, '--registry', openRegistry]))
        sandbox.addImage(reference)
        expect(pushed, branch).to.equal(true)
      }
      const answer = await fetch(`http://${openRegistry}/v2/keg/${name}/tags/list`)
      const {tags} = (await answer.json()) as {tags: string[]}
      expect(tags).to.have.members(branches.map((branch) => branchTag(branch)))
      expect(new Set(tags).size).to.equal(branches.length)
      expect(tags).to.include('x'.repeat(128)).and.to.include('Case')
    })
  })

  describe('the name', () => {
    it("is the service's, or the repository's for a container that belongs to it, or the container's own, cleaned", async () => {
      const repository = git.repository('My App', 'work')
      const name = await container({}, uniqueName('Target_X'))
      const cleaned = name.toLowerCase()
      // Packaged from an unrelated folder, it is not named after that.
      expect((await plan([name], {cwd: repository})).name).to.equal(cleaned)
      const labelled = await container({'com.keg.folder': repository})
      expect((await plan([labelled])).name).to.equal('my-app')
      const bound = uniqueName('bound')
      await sandbox.create(['--name', bound, '--volume', `${repository}:/app`, baseImage, 'x'])
      expect((await plan([bound], {cwd: repository})).name).to.equal('my-app')
      const project = {...service(repository, 'Web Front'), 'com.docker.compose.project': 'shop'}
      const ofService = await container(project)
      expect((await plan([ofService], {cwd: repository})).name).to.equal('shop-web-front')
      expect((await plan([ofService, '--name', 'team/app'], {cwd: repository})).reference).to.equal('team/app:work')
    })

    it('stays in the engine without a registry, with a notice', async () => {
      const target = await container()
      const {pushed, reference, run} = await plan([target, '-t', 'dev', '--name', 'app'])
      expect({pushed, reference, run}).to.deep.equal({
        pushed: false,
        reference: 'app:dev',
        run: 'keg docker package run --pull never app:dev',
      })
      const shown = await keg(['docker', 'package', target, '-t', 'dev', '--name', 'app', '--dry-run'])
      expect(shown.stderr).to.contain('as app:dev (only in the local engine: no registry is set)')
    })

    it('has the registry of --registry, else KEG_REGISTRY, else the user configuration', async () => {
      const target = await container()
      // There is no terminal: a push would ask first.
      const words = [target, '-t', 'dev', '--name', 'app', '--no-push']
      const home = join(git.folder, 'configuration')
      await mkdir(join(home, 'keg'), {recursive: true})
      await writeFile(
        join(home, 'keg', 'config.yml'),
        'registry: configured.example.com/team\ndefaultTag: trunk\nprotectedTags: [v1]\n',
      )
      const configured = {XDG_CONFIG_HOME: home}
      const environment = {...configured, KEG_REGISTRY: 'registry.example.com:5000'}
      const named = (env: Record<string, string>, ...more: string[]) => plan([...words, ...more], {env})
      expect((await named(configured)).reference).to.equal('configured.example.com/team/app:dev')
      expect((await named(environment)).reference).to.equal('registry.example.com:5000/app:dev')
      const flagged = await named(environment, '--registry', 'flag.example.com/a/b')
      expect(flagged.reference).to.equal('flag.example.com/a/b/app:dev')
      for (const tag of ['trunk', 'v1']) {
        const refused = await keg(['docker', 'package', target], {cwd: git.repository(tag, tag), env: configured})
        expect(refused.code, refused.stderr).to.equal(3)
      }
      expect(
        (await plan([target, '--no-push'], {cwd: git.repository('free', 'develop'), env: configured})).tags,
      ).to.deep.equal(['develop'])
    })

    it('is given by -t, a tag or a whole reference, also several', async () => {
      const name = uniqueName('several')
      const references = [`${openRegistry}/keg/${name}:one`, `${openRegistry}/keg/${name}/deeper:two`, `${name}:here`]
      references.forEach((reference) => sandbox.addImage(reference))
      const tags = references.flatMap((reference) => ['-t', reference])
      const target = await container()
      const result = packageJson(await keg(['docker', 'package', target, ...tags, '--json']))
      expect(result.tags).to.deep.equal(['one', 'two', 'here'])
      expect(result.reference).to.equal(references[0])
      expect(result.pinned).to.equal(`${references[0] ?? ''}@${result.digest ?? ''}`)
      const held = await docker(['image', 'inspect', '--format', '{{.Id}}', ...references])
      expect(held.split('\n')).to.deep.equal(Array(3).fill(result.image))
      for (const [repository, tag] of [
        [`keg/${name}`, 'one'],
        [`keg/${name}/deeper`, 'two'],
      ] as const)
        expect((await manifestOf(openRegistry, repository, tag)).digest, repository).to.equal(result.digest)
    })

    it('is pushed nowhere with --no-push', async () => {
      const reference = sandbox.addImage(`${openRegistry}/keg/${uniqueName('kept')}:dev`)
      const line = ['docker', 'package', await container(), '-t', reference]
      const result = packageJson(await keg([...line, '--no-push', '--json']))
      expect(result).to.include({pushed: false, digest: null, pinned: null, reference})
      const repository = reference.slice(openRegistry.length + 1, -':dev'.length)
      expect((await manifestOf(openRegistry, repository, 'dev')).status).to.equal(404)
      const quiet = await keg([...line, '--quiet'])
      expect(quiet.stdout).to.match(new RegExp(`^${reference}@sha256:[0-9a-f]{64}\n$`))
      expect(quiet.stderr).to.equal('')
      await docker(['image', 'rm', '--force', result.image ?? ''])
    })
  })
})
