import {expect} from 'chai'
import {execFile} from 'node:child_process'
import {mkdtemp, readdir, rm, stat, statfs, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {baseImage, docker, uniqueName} from '../../support/docker.js'
import {keg} from '../../support/keg.js'
import {runAdvice} from '../../support/run-advice.js'
import {watchEngine} from '../package/watched-engine.js'
import {expectClearError, OwnBed} from './own-bed.js'

const run = promisify(execFile)
const MEGABYTE = 1024 * 1024
/** What an engine and keg itself say about a registry that cannot write. */
const ENGINE_FULL = /^Error: The push of \S+ failed\. \(.*unexpected (?:HTTP )?status.*\)$/m
const KEG_FULL = /^Error: The push of \S+ failed\. \(.+\)$/m

/** A folder on a small file system in memory. */
async function smallFolder(megabytes: number): Promise<{readonly path: string; readonly remove: () => Promise<void>}> {
  const path = await mkdtemp(join(tmpdir(), 'keg-test-small-'))
  await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path])
  return {
    path,
    remove: async () => {
      await run('umount', ['--lazy', path])
      await rm(path, {force: true, recursive: true})
    },
  }
}

/** Fills a file system up to some megabytes. */
async function fill(folder: string, leaving: number): Promise<{readonly empty: () => Promise<void>}> {
  const {bavail, bsize} = await statfs(folder)
  const path = join(folder, 'filler')
  await writeFile(path, Buffer.alloc(Math.max(0, bavail * bsize - leaving * MEGABYTE)))
  return {empty: () => rm(path, {force: true})}
}

/**
 * Removes links to blobs that a registry could not write to a full disk: it left empty files, and responds to requests for such a
 * blob with 500, forever (distribution 2.8).
 */
async function removeEmptyLinks(folder: string): Promise<void> {
  const files = await readdir(folder, {recursive: true, withFileTypes: true})
  for (const {name, parentPath} of files.filter((file) => file.name === 'link'))
    if ((await stat(join(parentPath, name))).size === 0) await rm(join(parentPath, name))
}

describe('a full disk @containerd', function () {
  this.timeout(120_000)

  let bed: OwnBed
  let reference: string
  let earlier: string
  let undo: (() => Promise<void>)[]

  before(async () => {
    bed = await OwnBed.start({dataBytes: 160 * MEGABYTE, megabytes: 16})
    reference = `${uniqueName('full')}:dev`
    earlier = await bed.earlier(reference)
  })

  beforeEach(() => {
    undo = []
  })

  afterEach(async () => {
    for (const step of undo.reverse()) await step()
  })

  after(() => bed.stop())

  const line = (...more: string[]): string[] => [
    'docker',
    'package',
    bed.container,
    '-t',
    reference,
    '--replace-tag',
    ...more,
  ]

  async function expectPackaged(): Promise<void> {
    const {code, stderr} = await keg(line())
    expect(code, stderr).to.equal(0)
    expect(await bed.settleName(reference, earlier, 'with room')).to.equal('package')
    await bed.expectMended('with room')
  }

  it("of keg's temporary files is noticed before the container is paused", async () => {
    const folder = await smallFolder(8)
    undo.push(folder.remove)
    const result = await keg(line(), {env: {TMPDIR: folder.path}})
    expectClearError(result, 1, 'TMPDIR')
    expect(result.stderr).to.match(
      /^Error: The mounts take about [\d.]+ MB to be recorded, and 8\.\d+ MB are free in /m,
    )
    expect(result.stderr).to.contain(folder.path)
    expect(result.stderr).to.contain('Nothing was paused.')
    await bed.expectClean('TMPDIR')
  })

  it("of keg's temporary files is named, if it only becomes full then, and nothing is left", async () => {
    const folder = await smallFolder(40)
    undo.push(folder.remove)
    const watched = await watchEngine({
      async answered({line: request}) {
        if (request.endsWith('/pause')) await fill(folder.path, 2)
      },
    })
    undo.push(() => watched.close())
    const result = await keg(line(), {env: {DOCKER_HOST: watched.host, TMPDIR: folder.path}})
    await rm(join(folder.path, 'filler'), {force: true})
    expectClearError(result, 1, 'TMPDIR')
    expect(result.stderr).to.contain(`Error: No space left in ${folder.path} `)
    expect(result.stderr).to.contain('TMPDIR')
    expect(await bed.settleName(reference, earlier, 'TMPDIR')).to.equal('earlier')
    await bed.expectClean('TMPDIR')
    await expectPackaged()
  })

  const stages: readonly (readonly [string, RegExp, number])[] = [
    ['commits', /^POST \/commit$/, 0],
    ['takes in the image', /^POST \/images\/load$/, 4],
  ]
  for (const [stage, place, leaving] of stages)
    it(`of the engine's data, when it ${stage}, is named, and nothing is left`, async () => {
      await bed.execute('dd if=/dev/urandom of=/own-large bs=1M count=8 2>/dev/null')
      let [isCommitting, isFull] = [false, false]
      const watched = await watchEngine({
        async arriving({line: request}) {
          isCommitting ||= request === 'POST /commit'
          if (isFull || !isCommitting || !place.test(request)) return
          isFull = true
          undo.push((await fill(bed.engine.data, leaving)).empty)
        },
      })
      undo.push(() => watched.close())
      const result = await keg(line(), {env: {DOCKER_HOST: watched.host}})
      expect(isFull, result.stderr).to.equal(true)
      expectClearError(result, 1, stage)
      expect(result.stderr, `${stage} <<${result.stderr}>>`).to.match(
        /^Error: The engine has no space left: .*no space left on device/m,
      )
      expect(result.stderr, stage).to.match(/^Free some space where it keeps its data: docker system df /m)
      expect(await bed.settleName(reference, earlier, stage)).to.equal('earlier')
      for (const step of undo.splice(0).reverse()) await step()
      await bed.expectClean(stage)
      await bed.execute('rm /own-large')
      await expectPackaged()
    })

  it("of the engine's data, when it pulls, is named, and the same command works after removing what is unused", async () => {
    const registry = await startRegistry()
    undo.push(registry.stop)
    const shared = `${registry.address}/keg/${uniqueName('shared')}:one`
    expect((await keg(['docker', 'package', bed.container, '-t', shared, '--replace-tag'])).code).to.equal(0)
    const large = ['dd', 'if=/dev/urandom', 'of=/large', 'bs=1M', 'count=48']
    await docker(['run', '--pull', 'never', '--network', 'none', baseImage, ...large])
    const filler = await fill(bed.engine.data, 4)
    undo.push(filler.empty)
    const runLine = ['docker', 'package', 'run', shared, '--', 'cat', '/own']
    const result = await keg(runLine)
    expectClearError(result, 125, 'pulling')
    expect(result.stderr, result.stderr).to.match(/^Error: The engine has no space left: .*no space left on device/m)
    await runAdvice(result, 'docker system df')
    await runAdvice(result, 'docker system prune', {add: ['--force']})
    await bed.expectClean('pulling')
    const again = await keg(runLine)
    expect(again.stdout, again.stderr).to.equal('own\n')
    await filler.empty()
    await docker(['image', 'rm', shared])
  })

  for (const via of ['registry', 'engine'] as const)
    it(`of a registry (via ${via}) leaves the tag unchanged, and the next try works once there is room`, async () => {
      const folder = await smallFolder(64)
      undo.push(folder.remove)
      const registry = await startRegistry({directory: folder.path})
      undo.push(registry.stop)
      const shared = `${registry.address}/keg/${uniqueName('shared')}:one`
      await docker(['tag', earlier, shared])
      await docker(['push', '--quiet', shared])
      const filler = await fill(folder.path, 1)
      const packageLine = ['docker', 'package', bed.container, '-t', shared, '--replace-tag', '--via', via]
      // Engine 20.10 and keg itself retry for almost a minute before they say the same.
      const result = await keg(packageLine)
      expectClearError(result, 1, 'pushing')
      expect(result.stderr, result.stderr).to.match(via === 'engine' ? ENGINE_FULL : KEG_FULL)
      expect(result.stderr).to.contain('see the log of the registry: its storage may be full')
      if (via === 'engine') await docker(['tag', shared, 'kept:package'])
      await docker(['pull', '--quiet', shared])
      expect(await docker(['image', 'inspect', '--format', '{{.Id}}', shared])).to.equal(earlier)
      await filler.empty()
      await removeEmptyLinks(folder.path)
      if (via === 'engine') {
        await docker(['tag', 'kept:package', shared])
        const [again = ''] = /(?<=\(or docker )push \S+(?=\))/m.exec(result.stderr) ?? []
        await docker(again.split(' '))
        await docker(['image', 'rm', shared, 'kept:package'])
      } else {
        expect(result.stderr).to.match(/Then package it again: layers that have arrived are not sent again\.$/m)
        const again = await keg(packageLine)
        expect(again.code, again.stderr).to.equal(0)
      }
      await docker(['pull', '--quiet', shared])
      await bed.expectWhole(shared, 'pushed again')
      await docker(['image', 'rm', shared])
    })
})
