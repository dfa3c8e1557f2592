import type {Cleanup} from '../../async/cleanup.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {fileArchive} from '../../image/file/file-archive.js'
import {OutputFile, shownTarget} from '../../image/file/output-file.js'
import type {Image} from '../../image/model.js'
import type {Reference} from '../../reference/reference.js'
import {tee} from '../../tar/bytes.js'
import {printable} from '../../terminal/text.js'
import type {CapturedParts} from '../exclude/model.js'
import type {PlannedOutput} from '../output/plan-output.js'

/** What goes into a file, and where that is written. */
export interface WritePackageFileOptions extends PlannedOutput {
  readonly image: Image
  /** With a tag. */
  readonly names: readonly Reference[]
  readonly capture: Pick<CapturedParts, 'commit'>
  /** Removes the blobs of its layers. */
  readonly cleanup: Cleanup
}

/**
 * Writes a package into a file, under a temporary name until it is published; the work's cleanup removes it.
 * @throws what reading the layers of the commit throws; FailedError `output-failed`
 */
export async function writePackageFile(
  {cleanup: atEnd, progress, signal}: Pick<EngineWork, 'cleanup' | 'progress' | 'signal'>,
  {capture, cleanup, image, names, since, target}: WritePackageFileOptions,
): Promise<OutputFile> {
  const reading = 'Compressing the layers of its image'
  const blobs = await capture.commit.blobs({
    leftOut: since?.diffIds ?? new Set(),
    onBytes: (done) => progress({stage: reading, state: 'running', done}),
  })
  progress({stage: reading, state: 'done'})
  signal.throwIfAborted()
  const archive = await fileArchive({image, names, blobs, since, cleanup})
  const file = atEnd.use(await OutputFile.create(target))
  const stage = `Writing ${printable(shownTarget(target))}`
  const stoppable = tee(archive.read(), () => signal.throwIfAborted())
  await file.write(stoppable, (done) => progress({stage, state: 'running', done, total: archive.size}))
  progress({stage, state: 'done', done: file.open.size})
  return file
}
