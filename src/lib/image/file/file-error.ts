import {FailedError, RefusedError, UsageError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'

/** The error for a file that is not an image archive, or not a complete one. @param why `its index.json is missing` */
export function fileInvalid(path: string, why: string): FailedError {
  return new FailedError(`${printable(path)} is not a package file: ${printable(why)}.`, {
    code: 'file-invalid',
    hint: 'Copy or download it again. If that does not help, ask for a new file.',
  })
}

/** The error for a file that is not what its own digests say. @param what `the blob sha256:... has other content` */
export function fileDamaged(path: string, what: string): RefusedError {
  return new RefusedError(`${printable(path)} is damaged: ${printable(what)}. Nothing was loaded.`, {
    code: 'file-damaged',
    hint: 'Copy or download it again. If that does not help, ask for a new file.',
  })
}

/** The error for a file with more than one image. @param images their names, or digests */
export function fileHasSeveral(path: string, images: readonly string[]): FailedError {
  return new FailedError(
    `${printable(path)} holds ${images.length} images: ${images.map((image) => printable(image)).join(', ')}.`,
    {code: 'file-several', hint: 'Write each package to a file of its own.', data: {images}},
  )
}

/** The error for a file that does not exist, or is not a file. */
export function fileMissing(path: string): UsageError {
  return new UsageError(`There is no file ${printable(path)}.`, {
    code: 'file-missing',
    hint: 'Give the path of a file that a package was written to. A path starts with "/", "./" or "../".',
  })
}

/** The error for a file that cannot be opened or read. */
export function fileUnreadable(path: string, cause: unknown): FailedError {
  const code = property(cause, 'code')
  return new FailedError(`${printable(path)} cannot be read${typeof code === 'string' ? ` (${code})` : ''}.`, {
    code: 'file-unreadable',
    hint: 'Check its permissions, and the disk that it is on.',
    cause,
  })
}
