import {posix} from 'node:path'
import {buffer} from 'node:stream/consumers'
import {LookAhead, once} from '../../async/look-ahead.js'
import {parseJson} from '../../json/json.js'
import {sha256Digest} from '../../tar/bytes.js'
import {readTar} from '../../tar/read-tar.js'

/** The maximum size of a JSON file in an image archive: a manifest, an index or a configuration. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024

/** A part of an image archive. */
export type ArchivePart =
  /** A manifest, an index or a configuration. */
  | {readonly kind: 'document'; readonly path: string; readonly digest: string; readonly value: unknown}
  /** A layer, as stored; skipped if nobody reads it. */
  | {
      readonly kind: 'layer'
      readonly path: string
      /** Its digest, if its path contains it. */
      readonly digest: string | undefined
      /** Bytes, as stored. */
      readonly size: number
      readonly content: AsyncIterable<Buffer>
    }
  /** A path that links to another: engines up to 24 write a layer once and link to it. */
  | {readonly kind: 'link'; readonly path: string; readonly target: string}

/** `ID/layer.tar` of docker save up to Engine 24, and blobs of an OCI image layout (OCI image-spec, image-layout.md). */
const LAYER_PATH = /(?:\/layer\.tar|^blobs\/sha256\/([0-9a-f]{64}))$/

/**
 * Reads an image archive of any store as a stream. Releases the engine when the reader stops.
 * @throws FailedError `tar-invalid`
 */
export async function* readArchive(archive: AsyncIterable<Buffer>): AsyncGenerator<ArchivePart> {
  for await (const {content, header} of readTar(archive)) {
    const {path, size, type} = header
    if (type === 'symlink') yield {kind: 'link', path, target: posix.join(posix.dirname(path), header.link)}
    if (type !== 'file') continue
    const bytes = new LookAhead(content)
    const [first] = size <= MAX_DOCUMENT_BYTES ? await bytes.peek(1) : []
    const document = first === 0x7b || first === 0x5b ? await buffer(bytes) : undefined
    const value = document && parseJson(document.toString('utf8'))
    if (document !== undefined && value !== undefined) {
      yield {kind: 'document', path, digest: sha256Digest(document), value}
      continue
    }
    const name = LAYER_PATH.exec(path)
    if (name === null) continue
    const digest = name[1] === undefined ? undefined : `sha256:${name[1]}`
    // A layer may happen to begin like JSON.
    yield {kind: 'layer', path, digest, size, content: document === undefined ? bytes : once(document)}
  }
}
