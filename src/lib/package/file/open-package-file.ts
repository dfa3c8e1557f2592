import {basename} from 'node:path'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {openImageFile} from '../../image/file/open-image-file.js'
import type {ImageFile} from '../../image/file/model.js'
import {readPackageFacts, type ReadFacts} from '../../image/read-labels.js'
import {cleanImageName} from '../../reference/image-name.js'
import {parseReference, withTag, type Reference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import type {Work} from '../../work/work.js'

/** A package in a file. */
export interface PackageFile {
  readonly file: ImageFile
  /** Its name in the file; without one, that of the file itself. */
  readonly reference: Reference
  /** Whether the file names it. */
  readonly isNamed: boolean
  readonly facts: ReadFacts
}

/**
 * Opens a file with a package, and checks its digests. The work's cleanup closes it.
 * @throws what openImageFile throws; FailedError `not-a-package`, `package-schema-unknown`
 */
export async function openPackageFile(work: Work, path: string): Promise<PackageFile> {
  const file = work.cleanup.use(await openImageFile(work, path))
  const labels = file.details.Config?.Labels
  if (labels?.['com.keg.role'] !== 'package') throw notAPackage(path)
  const facts = readPackageFacts(path, labels)
  const named = file.names.flatMap(nameIn)[0]
  return {file, facts, isNamed: named !== undefined, reference: named ?? nameOfFile(path, facts)}
}

/** A name in a file, which anybody can write. A tag alone, as skopeo may write it, is none. */
function nameIn(text: string): Reference[] {
  if (!/[/:]/.test(text)) return []
  try {
    const {digest, ...reference} = withTag(parseReference(text))
    return digest === undefined ? [reference] : []
  } catch (error) {
    if (error instanceof UsageError) return []
    throw error
  }
}

function nameOfFile(path: string, {version}: ReadFacts): Reference {
  return parseReference(`${cleanImageName(basename(path).replace(/\.tar$/, ''))}:${version ?? 'latest'}`)
}

function notAPackage(path: string): FailedError {
  return new FailedError(
    `The image in ${printable(path)} is not a package of keg: it does not have the labels of one.`,
    {
      code: 'not-a-package',
      hint: 'Ask whoever made it for a package.',
    },
  )
}
