import {execFile} from 'node:child_process'
import {open} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'

import {expect} from 'chai'

import {baseImage, buildImage, docker, Sandbox, uniqueName} from '../../support/docker.js'
import type {KegResult} from '../../support/keg.js'
import {keg} from '../../support/keg.js'
import {imageLayers} from '../../support/layers.js'
import {alteredImage, changed} from './altered-tar.js'
import type {PackageJson} from './packaging.js'
import {inContainer, packageOf, waitingContainer} from './packaging.js'
import {watchEngine} from './watched-engine.js'

const registry = process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'

interface Checked {
  differenceCount: number
  differences: {
    keywords: {expected: string; found: string; keyword: string}[]
    layer: string | null
    path: string | null
    what: string
  }[]
  entries: number
}

async function verify(reference: string, flags: readonly string[] = [], host?: string): Promise<KegResult> {
  const options = host === undefined ? {} : {env: {DOCKER_HOST: host}}
  const run = await keg(['docker', 'package', 'verify', reference, '--json', ...flags], options)
  expect(run.leftovers, 'left in the folder for temporary files').to.deep.equal([])
  return run
}

function errorOf(run: KegResult, code: number): {code: string; data: Checked; message: string} {
  expect(run.code, run.stdout + run.stderr).to.equal(code)
  return (run.json() as {error: {code: string; data: Checked; message: string}}).error
}

/** `added /path`, or the keywords of differences of the whole image. */
async function refused(reference: string, host?: string): Promise<string[]> {
  const {code, data} = errorOf(await verify(reference, [], host), 3)
  expect(code).to.equal('verification-failed')
  const about = (keywords: {keyword: string}[]) => keywords.map(({keyword}) => keyword).join(' ')
  return data.differences.map(({keywords, path, what}) => `${what} ${path ?? about(keywords)}`.trim()).sort()
}

describe('keg docker package verify @each-store', function () {
  this.timeout(120_000)
  const sandbox = new Sandbox()
  let made: PackageJson

  before(async () => {
    const container = await waitingContainer(
      sandbox,
      ['-v', '/data', baseImage],
      `mkdir /own; echo one > /own/one; echo 'a text that is found again' > /own/text; rm /bin/ls
      mkdir /data/sub; echo two > /data/sub/two; echo 'another text of the same sort' > /data/text`,
    )
    made = await packageOf(sandbox, container)
  })

  after(() => sandbox.clean())

  it('finds a package unchanged', async () => {
    const run = await verify(made.reference)
    expect(run.code, run.stdout).to.equal(0)
    const {layers} = await imageLayers(made.reference)
    expect(run.json()).to.deep.include({
      reference: made.reference,
      image: made.image,
      layers: layers.length,
      differences: [],
      differenceCount: 0,
      unchangedLayers: layers.length - 2,
      // /own, one and text, /bin and the deletion in it, the mount point; the mount's own folder, sub, two and text.
      entries: 10,
    })
  })

  it('says so to a person in two lines, and with --quiet in one word @classic', async () => {
    const run = await keg(['docker', 'package', 'verify', made.reference])
    expect(run.code, run.stderr).to.equal(0)
    expect(run.stdout).to.match(
      /^\S+:one\nVerified: 10 entries, 0 differences, \d+ layers? below unchanged\nNot compared: /,
    )
    const quiet = await keg(['docker', 'package', 'verify', '-q', made.reference])
    expect([quiet.stdout, quiet.stderr]).to.deep.equal([`${made.reference}\n`, ''])
  })

  it('lists what was built on top of it', async () => {
    const derived = await sandbox.imageFromFiles(
      uniqueName('derived'),
      [
        {path: 'data/added', content: 'new'},
        {path: 'own/one', content: 'another'},
      ],
      {from: made.reference, instructions: ['RUN rm /own/text']},
    )
    const lines = await refused(derived)
    expect(lines).to.include.members(['added /data/added', 'added /own/one', 'missing /own/text'])
    // The package did not have the builder's own label.
    expect(lines).to.include('changed configuration')
  })

  it('lists the committed changes of a container of it', async () => {
    const container = await waitingContainer(sandbox, [made.reference], 'echo evil > /own/one; rm /bin/cat')
    const committed = sandbox.addImage(uniqueName('committed'))
    await docker(['commit', container, committed])
    expect(await refused(committed)).to.include.members(['added /own/one', 'missing /bin/cat'])
  })

  it('finds a changed configuration, though every file is the same @containerd', async () => {
    for (const instruction of [
      'ENTRYPOINT ["/own/text"]',
      'ENV PATH=/own',
      'USER 0',
      'LABEL com.keg.package.branch=main',
    ]) {
      const name = sandbox.addImage(uniqueName('configured'))
      await buildImage(['--tag', name, '-'], `FROM ${made.reference}\n${instruction}\n`)
      expect(await refused(name), instruction).to.deep.equal(['changed configuration'])
    }
  })

  it('finds forged labels: another list, other mounts, and mounts that do not exist', async () => {
    const digest = `sha256:${'0'.repeat(64)}`
    const forged: [label: string, value: string, expected: string[]][] = [
      ['entries', digest, ['changed configuration', 'changed entries']],
      ['entries', 'nothing', ['changed configuration', 'changed entries']],
      ['mounts', '[]', ['changed configuration', 'changed entries']],
      ['mounts', 'no JSON', ['changed configuration', 'changed entries']],
      [
        'mounts',
        JSON.stringify([{path: '/data', type: 'volume', layer: digest}]),
        ['changed configuration', 'changed entries', 'missing mount'],
      ],
      ['config', digest, ['changed configuration']],
    ]
    for (const [label, value, expected] of forged) {
      const name = sandbox.addImage(uniqueName('forged'))
      await buildImage(['--tag', name, '-'], `FROM ${made.reference}\nLABEL com.keg.package.${label}='${value}'\n`)
      expect(await refused(name), `${label} ${value}`).to.deep.equal(expected)
    }
  })

  it('is an error for an image that is no package, and for a package of a newer keg @classic', async () => {
    expect(errorOf(await verify(baseImage), 1).code).to.equal('not-a-package')
    const newer = sandbox.addImage(uniqueName('newer'))
    await buildImage(['--tag', newer, '-'], `FROM ${made.reference}\nLABEL com.keg.package.schema="2\\u001b[31m"\n`)
    const {code, message} = errorOf(await verify(newer), 1)
    expect(code).to.equal('package-schema-unknown')
    expect(message).to.match(/^[ -~]+$/)
  })

  it('finds layers whose content does not match their digest', async () => {
    const alter = (body: Buffer) =>
      alteredImage(body, changed('data/text', {content: 'another text of the same kind\n'}))
    const engine = await watchEngine({altered: ({line}) => (line.endsWith('/get') ? alter : undefined)})
    try {
      const lines = await refused(made.reference, engine.host)
      expect(lines).to.include('changed digest')
      expect(lines).to.include('changed entries')
    } finally {
      await engine.close()
    }
  })

  it('finds it unchanged in the registry, and after it was pulled again', async () => {
    const name = sandbox.addImage(`${registry}/${uniqueName('pushed')}:one`)
    await docker(['tag', made.reference, name])
    await docker(['push', '--quiet', name])
    await docker(['image', 'rm', name])
    expect(errorOf(await verify(name, ['--pull', 'never']), 1).code).to.equal('image-missing')
    const run = await verify(name)
    expect(run.code, run.stdout).to.equal(0)
    const result = run.json()
    expect(result).to.deep.include({differenceCount: 0, entries: 10})
    expect(result.digest).to.match(/^sha256:/)
    expect(await docker(['images', '--quiet', name]), 'it is not pulled').to.equal('')
    const pinned = await verify(`docker pull ${name}@${String(result.digest)}`, ['--pull', 'always'])
    expect(pinned.code, pinned.stdout).to.equal(0)
  })

  // Only root can write to the engine's own disk.
  if (process.getuid?.() === 0)
    it("finds a file that was changed on the engine's own disk", async () => {
      const container = await waitingContainer(
        sandbox,
        ['-v', '/data', baseImage],
        'head -c 200000 /dev/urandom > /data/random; echo "a text" > /data/text',
      )
      const victim = await packageOf(sandbox, container)
      await damage(victim.reference)
      const lines = await refused(victim.reference)
      expect(lines.join('; ')).to.match(/changed (?:\/?data\/random|digest)/)
      await inContainer(container, 'true')
    })
})

/** Changes one byte in the middle of the topmost layer, where the engine stores it. */
async function damage(reference: string): Promise<void> {
  const inspected = await docker(['image', 'inspect', '--format', '{{json .GraphDriver.Data}}', reference])
  const folder = (JSON.parse(inspected) as {UpperDir?: string} | null)?.UpperDir
  const path = folder === undefined ? await blobOf(reference) : join(folder, 'data/random')
  const file = await open(path, 'r+')
  try {
    const {size} = await file.stat()
    const byte = Buffer.alloc(1)
    await file.read(byte, 0, 1, Math.floor(size / 2))
    byte.writeUInt8(byte.readUInt8() ^ 0xff)
    await file.write(byte, 0, 1, Math.floor(size / 2))
  } finally {
    await file.close()
  }
}

/** Where a containerd store has the topmost layer: the largest file in the image's manifest. */
async function blobOf(reference: string): Promise<string> {
  const root = await docker(['info', '--format', '{{.DockerRootDir}}'])
  const run = promisify(execFile)
  const id = (await docker(['image', 'inspect', '--format', '{{.Id}}', reference])).replace('sha256:', '')
  // It fails if another test removes a folder that it is in.
  const find = async (name: string): Promise<string> => {
    const {stdout} = await run('find', [root, '-name', name]).catch((error: unknown) => error as {stdout: string})
    return stdout.trim()
  }
  const manifest = JSON.parse((await run('cat', [await find(id)])).stdout) as {layers: {digest: string}[]}
  return find(manifest.layers.at(-1)?.digest.replace('sha256:', '') ?? '')
}
