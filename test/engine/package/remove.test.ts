import {expect} from 'chai'
import {docker, Sandbox, uniqueName, baseImage} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {watchEngine} from './watched-engine.js'

const openRegistry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

interface Removed {
  readonly reference: string
  readonly outcome: string
  readonly containers: readonly string[]
}

const DAY = 24 * 3_600_000

describe('old packages in the engine @each-store', function () {
  this.timeout(120_000)
  let sandbox: Sandbox
  let name: string

  beforeEach(() => {
    sandbox = new Sandbox()
    name = uniqueName('old')
  })

  afterEach(() => sandbox.clean())

  /** An image with the labels of a package that was made so many days ago. */
  async function packaged(tag: string, days: number): Promise<string> {
    const created = new Date(Date.now() - days * DAY).toISOString()
    const labels = ['com.keg.role=package', 'com.keg.package.schema=1', `org.opencontainers.image.created=${created}`]
    return sandbox.imageFromFiles(`${name}:${tag}`, [{path: tag, content: tag}], {
      instructions: [...labels.map((label) => `LABEL ${label}`), 'CMD ["none"]'],
    })
  }

  async function exists(reference: string): Promise<boolean> {
    return docker(['image', 'inspect', '--format', '{{.Id}}', reference]).then(
      () => true,
      () => false,
    )
  }

  function run(...words: string[]): Promise<KegResult> {
    return keg(['docker', 'package', ...words])
  }

  function rows(result: KegResult): readonly Removed[] {
    expect(result.code, result.stdout + result.stderr).to.equal(0)
    return result.json() as unknown as readonly Removed[]
  }

  async function failure(...words: string[]): Promise<{readonly code: string; readonly exitCode: number}> {
    return (await run(...words, '--json')).json().error as {code: string; exitCode: number}
  }

  it('are removed by name, and the image with its last name', async () => {
    const one = await packaged('one', 1)
    const id = await docker(['image', 'inspect', '--format', '{{.Id}}', one])
    await docker(['tag', one, sandbox.addImage(`${name}:same`)])
    const planned = rows(await run('remove', one, '--dry-run', '--json'))
    expect(planned.map(({outcome}) => outcome)).to.deep.equal(['planned'])
    const {code, stdout} = await run('remove', one)
    expect([code, stdout]).to.deep.equal([0, `Removed ${one}\n`])
    expect([await exists(one), await exists(`${name}:same`)]).to.deep.equal([false, true])
    expect((await run('rm', `${name}:same`, '--quiet')).stdout).to.equal(`${name}:same\n`)
    expect(await exists(id)).to.equal(false)
  })

  it('are gone also if a registry has them', async () => {
    const one = await packaged('one', 1)
    const id = await docker(['image', 'inspect', '--format', '{{.Id}}', one])
    const pushed = sandbox.addImage(`${openRegistry}/${name}:one`)
    await docker(['tag', one, pushed])
    await docker(['push', '--quiet', pushed])
    expect(rows(await run('remove', pushed, one, '--json'))).to.have.lengthOf(2)
    expect(await exists(id)).to.equal(false)
    expect(await docker(['images', '--all', '--quiet', '--filter', `label=${sandbox.label}`])).to.equal('')
  })

  it('are kept if a container is made from one of them just then @classic', async () => {
    const [one, two] = [await packaged('one', 1), await packaged('two', 2)]
    const engine = await watchEngine({
      async arriving({line}) {
        if (/^DELETE .*two/.test(line)) await sandbox.create([two])
      },
    })
    try {
      const {code, stderr} = await keg(['docker', 'package', 'remove', one, two], {env: {DOCKER_HOST: engine.host}})
      expect(code, stderr).to.equal(3)
      expect(stderr).to.match(new RegExp(`^Error: ${two} is needed by \\w+: `))
      expect([await exists(one), await exists(two)]).to.deep.equal([false, true])
    } finally {
      await engine.close()
    }
  })

  it('are not removed if one of them cannot be, and the advised command helps', async () => {
    const [one, two] = [await packaged('one', 1), await packaged('two', 2)]
    await docker(['tag', one, sandbox.addImage(`${name}:again`)])
    const container = await sandbox.create([two])
    const refused = await run('remove', one, two)
    expect(refused.code, refused.stderr).to.equal(3)
    const user = (await docker(['inspect', '--format', '{{.Name}}', container])).slice(1)
    expect(refused.stderr).to.include(
      `Error: ${two} is needed by ${user}: the engine has its image under no other name.`,
    )
    expect(await exists(one)).to.equal(true)
    expect(await failure('remove', one, two)).to.include({code: 'package-in-use', exitCode: 3})
    // A name that is not the last one is no loss.
    await docker(['tag', two, sandbox.addImage(`${name}:other`)])
    expect(rows(await run('remove', two, '--json'))).to.have.lengthOf(1)
    await runAdvice((await run('remove', `${name}:other`)).stderr, 'docker rm')
    const running = await sandbox.run(['-v', '/data', baseImage, 'sleep', '600'])
    const made = await keg(['docker', 'package', running, '-t', sandbox.addImage(`${name}:runs`), '--yes'])
    expect(made.code, made.stderr).to.equal(0)
    await sandbox.run([`${name}:runs`])
    await runAdvice((await run('remove', `${name}:runs`)).stderr, 'docker rm --force')
    expect(rows(await run('remove', `${name}:runs`, '--json'))).to.have.lengthOf(1)
    expect(rows(await run('remove', `${name}:other`, one, '--json'))).to.have.lengthOf(2)
  })

  it('must be packages of the engine @classic', async () => {
    const one = await packaged('one', 1)
    expect(await failure('remove', one, baseImage)).to.include({code: 'not-a-package', exitCode: 1})
    const missing = await run('remove', one, `${name}:none`)
    expect(missing.code).to.equal(1)
    expect((await runAdvice(missing.stderr, 'keg docker package list')).stdout).to.include(one)
    expect(await failure('remove', one, `${name}:none`)).to.include({code: 'image-missing'})
    expect(await failure('remove')).to.include({code: 'input-missing', exitCode: 2})
    expect(await failure('remove', 'Not/A:Name')).to.include({code: 'reference-invalid', exitCode: 2})
    expect(await exists(one)).to.equal(true)
  })

  it('are pruned by number and by age, with those kept that containers need', async () => {
    const [today, week, month, year] = [
      await packaged('today', 0),
      await packaged('week', 7),
      await packaged('month', 31),
      await packaged('year', 365),
    ]
    const user = await sandbox.create([year])
    const flags = ['--keep', '1', '--older-than', '30d']
    const plan = await run('prune', name, ...flags, '--dry-run')
    expect([plan.code, plan.stdout]).to.deep.equal([0, `Would remove ${month}\n`])
    expect(plan.stderr).to.match(new RegExp(`^${year} is kept for \\S+\\.\n$`))
    const unanswered = await run('prune', name, ...flags)
    expect(unanswered.code, unanswered.stderr).to.equal(2)
    expect(await exists(month)).to.equal(true)

    const pruned = rows(await run('prune', name, ...flags, '--yes', '--json'))
    expect(pruned.map(({outcome, reference}) => [reference, outcome])).to.deep.equal([
      [year, 'kept'],
      [month, 'removed'],
    ])
    expect(await Promise.all([today, week, month, year].map(exists))).to.deep.equal([true, true, false, true])
    await docker(['rm', user])
    const rest = await run('prune', name, '--keep', '1', '--yes')
    expect(rest.stdout).to.equal(`Removed ${week}\nRemoved ${year}\n`)
    const none = await run('prune', name, '--keep', '1', '--yes')
    expect([none.code, none.stdout, none.stderr]).to.deep.equal([0, '', 'There is nothing to remove.\n'])
  })

  it('are kept if a newer package gets their name just then @classic', async () => {
    const [old, newer] = [await packaged('old', 400), await packaged('newer', 0)]
    const engine = await watchEngine({
      async arriving({line}) {
        if (/^GET .*old\/json/.test(line)) await docker(['tag', newer, old])
      },
    })
    try {
      const words = ['docker', 'package', 'prune', name, '--older-than', '30d', '--yes']
      const {code, stderr, stdout} = await keg(words, {env: {DOCKER_HOST: engine.host}})
      expect([code, stdout], stderr).to.deep.equal([0, ''])
      expect(stderr).to.include(`${old} is kept: it is another image by now.`)
      expect(await exists(old)).to.equal(true)
    } finally {
      await engine.close()
    }
  })

  it('are not pruned without a limit, or with one that is none @containerd', async () => {
    const one = await packaged('one', 400)
    expect(await failure('prune', name, '--yes')).to.include({code: 'prune-unlimited', exitCode: 2})
    expect(await failure('prune', name, '--yes', '--older-than', '30')).to.include({code: 'duration-invalid'})
    expect(await failure('prune', name, '--yes', '--keep', '-1')).to.include({code: 'usage-invalid'})
    expect(await exists(one)).to.equal(true)
  })
})
