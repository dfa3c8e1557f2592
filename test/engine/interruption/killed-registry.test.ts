import {expect} from 'chai'
import {setTimeout as wait} from 'node:timers/promises'
import {startRegistry} from '../../../scripts/setup/registry.js'
import {docker, DockerError, uniqueName} from '../../support/docker.js'
import {keg, type KegResult} from '../../support/keg.js'
import {watchEngine} from '../package/watched-engine.js'
import {expectClearError, OwnBed} from './own-bed.js'
import {watchRegistry, type RegistryWatchers} from './watched-registry.js'

/** When the registry dies: at a request, before it gets it, after it has done it, or during it. */
type Stage = readonly [stage: string, place: RegExp, moment: keyof RegistryWatchers]

describe('a registry, killed while keg pushes @containerd', function () {
  this.timeout(120_000)

  let bed: OwnBed
  let registry: Awaited<ReturnType<typeof startRegistry>>
  let way: Awaited<ReturnType<typeof watchRegistry>>
  let watchers: RegistryWatchers = {}
  let reference: string
  let earlier: string

  before(async () => {
    registry = await startRegistry()
    way = await watchRegistry(registry.address, () => watchers)
    bed = await OwnBed.start()
    reference = `${way.address}/keg/${uniqueName('pushed')}:dev`
    earlier = await bed.earlier(reference)
  })

  after(async () => {
    await bed.stop()
    await way.close()
    await registry.stop()
  })

  /** The image that a reviewer pulls by the name, whatever this engine had under it. */
  async function pulled(): Promise<string> {
    await docker(['image', 'rm', reference])
    await docker(['pull', '--quiet', reference])
    return docker(['image', 'inspect', '--format', '{{index .Config.Labels "com.keg.run"}}', reference])
  }

  const stages: readonly Stage[] = [
    ['before the first blob', /^POST \/v2\/.*\/blobs\/uploads\/$/, 'arriving'],
    ['in the middle of a blob', /^(?:PATCH|PUT) .*\/blobs\/uploads\//, 'sending'],
    ['before the manifest', /^PUT .*\/manifests\//, 'arriving'],
    ['after the manifest and before its answer', /^PUT .*\/manifests\//, 'answered'],
  ]
  /** Packages the container, with the registry killed at a stage; it restarts a second later. */
  async function pushed([stage, place, moment]: Stage, via: 'engine' | 'registry'): Promise<KegResult> {
    await docker(['tag', earlier, reference])
    await docker(['push', '--quiet', reference])
    await bed.renew(12)
    // It restarts while Engine 20.10 still retries by itself, and after others have given up.
    let back: Promise<void> | undefined
    const kill = async (): Promise<void> => {
      await registry.kill()
      back = wait(1000).then(registry.start)
    }
    let isOver = false
    let isSending = false
    const hit = (request: string): boolean => isSending && !isOver && (isOver = place.test(request))
    const die = async (request: string): Promise<void> => {
      if (!hit(request)) return
      await kill()
      throw new Error('the registry is gone')
    }
    if (moment === 'sending') watchers.sending = (request, bytes) => bytes > 1e6 && hit(request) && void kill()
    else watchers[moment] = die
    // The check before the package begins an upload, too.
    const engine = await watchEngine({
      answered({line}) {
        if (line.endsWith('/unpause')) isSending = true
      },
    })
    const line = ['docker', 'package', bed.container, '-t', reference, '--replace-tag', '--via', via]
    const result = await keg(line, {env: {DOCKER_HOST: engine.host}})
    watchers = {}
    await engine.close()
    expect(back, result.stderr).not.to.equal(undefined)
    await back
    if (result.code === 0) {
      expect(await pulled()).to.match(/^[0-9a-f-]{36}$/)
      await bed.expectWhole(reference, stage)
      return result
    }
    expectClearError(result, 1, stage)
    expect(result.stderr, stage).to.match(
      /^Error: The registry \S+ (?:cannot be reached|interrupted the push of \S+|lost the upload of \S+)\./m,
    )
    return result
  }

  for (const stage of stages)
    it(`${stage[0]} leaves the tag unchanged or complete, and packaging again works`, async () => {
      const result = await pushed(stage, 'registry')
      // keg waits longer than the registry takes.
      if (result.code === 0) return
      expect(result.stderr).to.match(/Then package it again: layers that have arrived are not sent again\.$/m)
      const inRegistry = await pulled()
      if (inRegistry !== '') await bed.expectWhole(reference, stage[0])
      const again = await keg(['docker', 'package', bed.container, '-t', reference, '--replace-tag'])
      // A registry killed while writing may have broken its storage for good; the tag is unchanged.
      if (again.stderr.includes('500 Internal Server Error')) {
        expect(await pulled()).to.equal(inRegistry)
        return
      }
      expect(again.code, again.stderr).to.equal(0)
      expect(await pulled()).to.match(/^[0-9a-f-]{36}$/)
      await bed.expectWhole(reference, stage[0])
    })

  for (const stage of stages)
    it(`${stage[0]}, with the engine pushing, leaves the tag unchanged or complete, and pushing again works`, async () => {
      const result = await pushed(stage, 'engine')
      if (result.code === 0) return
      const run = await docker(['image', 'inspect', '--format', '{{index .Config.Labels "com.keg.run"}}', reference])
      expect(run, 'the package is kept in the engine').to.match(/^[0-9a-f-]{36}$/)
      const [again = ''] = /(?<=\(or docker )push \S+(?=\))/m.exec(result.stderr) ?? []
      expect(again, result.stderr).to.equal(`push ${reference}`)
      // A second name keeps it if the registry has this one.
      await docker(['tag', reference, 'kept:package'])
      const inRegistry = await pulled()
      expect(inRegistry).to.be.oneOf(['', run])
      if (inRegistry === run) await bed.expectWhole(reference, stage[0])

      await docker(['tag', 'kept:package', reference])
      const refusal: unknown = await docker(again.split(' ')).catch((error: unknown) => error)
      // A registry killed while writing may have broken its storage for good; the tag is unchanged.
      if (refusal instanceof DockerError && refusal.stderr.includes('500 Internal Server Error')) {
        expect(inRegistry).to.equal('')
        expect(await pulled()).to.equal('')
        await docker(['image', 'rm', 'kept:package'])
        return
      }
      expect(refusal, String(refusal)).not.to.be.instanceOf(Error)
      expect(await pulled()).to.equal(run)
      await bed.expectWhole(reference, stage[0])
      await docker(['image', 'rm', 'kept:package'])
    })
})
