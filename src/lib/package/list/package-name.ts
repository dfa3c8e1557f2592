import {UsageError} from '../../error/keg-error.js'
import {formatReference, parseReference, type Reference} from '../../reference/reference.js'

/** Which packages are listed. */
export interface PackageName {
  readonly reference: Reference
  /** The path as it was typed: `acme/shop`. */
  readonly path: string
}

/**
 * Reads a name of packages: a repository with or without its registry, or the last words of its path; perhaps with a tag or a digest.
 * @throws UsageError `reference-invalid` with the position in its data
 */
export function parsePackageName(text: string): PackageName {
  const reference = parseReference(text)
  // `shop` alone is docker's short form of docker.io/library/shop.
  const path = reference.hostWritten
    ? reference.repository
    : formatReference({...reference, tag: undefined, digest: undefined})
  return {reference, path}
}

/** Whether a name means a package. @param listed as an engine writes it */
export function isNamed({path, reference}: PackageName, listed: string): boolean {
  const other = parsed(listed)
  if (other === undefined) return false
  const isTag = reference.tag === undefined || reference.tag === other.tag
  const isDigest = reference.digest === undefined || reference.digest === other.digest
  if (!isTag || !isDigest) return false
  if (reference.hostWritten) return other.registry === reference.registry && other.repository === path
  return other.repository === path || other.repository.endsWith(`/${path}`)
}

function parsed(text: string): Reference | undefined {
  try {
    return parseReference(text)
  } catch (error) {
    if (error instanceof UsageError) return undefined
    throw error
  }
}
