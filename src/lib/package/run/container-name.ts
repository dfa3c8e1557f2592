import type {Reference} from '../../reference/reference.js'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'

/** Docker's grammar for names of containers (moby, daemon/names). */
const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/

const DIGEST_DIGITS = 12

/**
 * The name a package's container gets: `keg-<last part of the image's name>-<tag>`; without a tag the first digits of the digest take its
 * place. Every such reference gives a legal name.
 */
export function defaultContainerName({
  repository,
  tag,
  digest,
}: Pick<Reference, 'repository' | 'tag' | 'digest'>): string {
  const name = repository.slice(repository.lastIndexOf('/') + 1)
  const version = tag ?? digest?.slice(digest.indexOf(':') + 1).slice(0, DIGEST_DIGITS) ?? 'latest'
  return `keg-${name}-${version}`.replace(/[^a-zA-Z0-9_.-]+/g, '-')
}

/** @throws UsageError `name-invalid` for what docker takes for no name. */
export function checkContainerName(name: string): string {
  if (CONTAINER_NAME.test(name)) return name
  throw new UsageError(`No container can be called ${printable(name)}`, {
    code: 'name-invalid',
    hint: 'A name has letters, digits, "_", "." and "-", at least two, and starts with a letter or digit.',
  })
}

/** The first of `name`, `name-2`, `name-3` ... that is not taken. */
export function freeName(name: string, taken: ReadonlySet<string>): string {
  let candidate = name
  for (let number = 2; taken.has(candidate); number++) candidate = `${name}-${number}`
  return candidate
}
