import {expect} from 'chai'
import {EngineError} from '../../../../src/lib/engine/engine-error.js'
import {FailedError} from '../../../../src/lib/error/keg-error.js'
import {pathTooLongOr} from '../../../../src/lib/package/capture/path-too-long.js'

const long = `/deep/${'0'.repeat(4000)}/end`
const id = 'f'.repeat(64)

/** Messages that engines gave for a list of changes and for a commit. */
const sayings: Record<string, string> = {
  'a list of 20.10': `lstat /var/lib/docker/overlay2/${id}/merged${long}: file name too long`,
  'a list of 26.1': `mount callback failed on /tmp/containerd-mount1393034493: lstat /x/rootfs/overlayfs/${id}${long}: file name too long`,
  'a commit of 28.5': `failed to export layer: CreateDiff: mount callback failed on /x/tmpmounts/containerd-mount92: failed to create diff tar stream: lstat /x/tmpmounts/containerd-mount24${long}: file name too long`,
  'the usage of 28.5': `snapshotter.Usage failed for ${id}: lstat /x/io.containerd.snapshotter.v1.overlayfs/snapshots/5/fs${long}: file name too long`,
}

describe('pathTooLongOr', () => {
  for (const [what, said] of Object.entries(sayings))
    it(`understands ${what}`, () => {
      const error = pathTooLongOr(new EngineError(500, said))
      expect(error).to.be.instanceOf(FailedError).and.to.include({code: 'path-too-long', exitCode: 1})
      expect((error as Error).message).to.match(/^The path \/deep\/0+…0+\/end is too long for the engine/)
    })

  it('returns any other error unchanged', () => {
    for (const error of [new EngineError(500, 'no such file'), new Error('file name too long'), undefined])
      expect(pathTooLongOr(error)).to.equal(error)
  })
})
