import type {Cleanup} from '../../async/cleanup.js'
import {findManifest, layerMissing, manifestMissing, type ImageIdentity, type Manifest} from '../archive/manifest.js'
import {readArchive} from '../archive/read-archive.js'
import {Spool} from '../spool.js'

/** What to read from an export. */
export interface WantedBlobs extends ImageIdentity {
  /** diffIDs of layers whose blobs are kept. */
  readonly diffIdsToKeep: ReadonlySet<string>
  /** If known already. */
  readonly manifest?: Manifest
  /** Removes temporary files. */
  readonly cleanup: Cleanup
}

/** What an export had of an image. */
export interface ReadExport {
  readonly manifest: Manifest
  /** Blobs by the diffIDs of their layers. */
  readonly files: ReadonlyMap<string, Spool>
}

/**
 * Reads the manifest of an image and some of its blobs from one export, and stops once it has them all. An export has blobs and
 * documents in the order of their digests: until the manifest is found, any blob may be one of those wanted.
 * @throws FailedError `manifest-missing`, `manifest-invalid`, `layer-missing`
 */
export async function readExport(archive: AsyncIterable<Buffer>, wanted: WantedBlobs): Promise<ReadExport> {
  const {cleanup, diffIds, diffIdsToKeep} = wanted
  const documents = new Map<string, unknown>()
  const blobs = new Map<string, Spool>()
  let {manifest} = wanted
  const digestOf = (diffId: string): string | undefined => manifest?.layers[diffIds.lastIndexOf(diffId)]?.digest
  const isWanted = (digest: string): boolean =>
    manifest === undefined ? diffIdsToKeep.size > 0 : [...diffIdsToKeep].some((diffId) => digestOf(diffId) === digest)
  const files = (): Map<string, Spool> =>
    new Map(
      [...diffIdsToKeep].flatMap((diffId) => {
        const blob = blobs.get(digestOf(diffId) ?? '')
        return blob === undefined ? [] : [[diffId, blob] as const]
      }),
    )
  for await (const part of readArchive(archive)) {
    if (part.kind === 'document') {
      documents.set(part.digest, part.value)
      if (manifest === undefined) {
        manifest = findManifest(documents, wanted)
        if (manifest === undefined) continue
        for (const [digest, blob] of blobs) if (!isWanted(digest)) await blob[Symbol.asyncDispose]()
      }
    } else if (part.kind === 'layer' && part.digest !== undefined && isWanted(part.digest)) {
      const blob = cleanup.use(await Spool.create())
      await blob.writeAll(part.content)
      blobs.set(part.digest, blob)
    }
    if (manifest !== undefined && files().size === diffIdsToKeep.size) return {manifest, files: files()}
  }
  if (manifest === undefined) throw manifestMissing()
  throw layerMissing([...diffIdsToKeep].find((diffId) => !files().has(diffId)) ?? '')
}
