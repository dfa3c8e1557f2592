import {
  GrammarProblem,
  isHostPart,
  isRepositoryPath,
  orUsageError,
  readRepositoryPath,
  type RepositoryPath,
} from './grammar.js'

/** Cleaned names leave room for registry namespaces within the 255 characters of a path. */
const longestCleanedName = 128

/**
 * A valid single-part image name for any text, such as the name of a folder or service: `My App!` becomes `my-app`. Removes
 * accents, keeps valid separators, and replaces everything else by `-`; `app` if nothing is left. Cleaning a cleaned name does
 * not change it.
 */
export function cleanImageName(text: string): RepositoryPath {
  const name = text
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, (run) => (/^(?:[._]|__|-+)$/.test(run) ? run : '-'))
    .replace(/^[^a-z0-9]+/, '')
    .slice(0, longestCleanedName)
    .replace(/[^a-z0-9]+$/, '')
  const cleaned = name === '' ? 'app' : name
  if (!isRepositoryPath(cleaned)) throw new Error(`keg made an image name that is none: ${cleaned}`)
  return cleaned
}

/**
 * Parses the value of `--name`: one or more path parts, without registry, tag and digest.
 * Throws UsageError `name-invalid` with the 1-based `position`.
 */
export function parseImageName(text: string): RepositoryPath {
  const hint = 'A name has lower-case letters and digits with ".", "_" or "-" between them, and "/" between its parts.'
  return orUsageError(text, {code: 'name-invalid', noun: 'an image name', hint}, () => readImageName(text))
}

function readImageName(text: string): RepositoryPath {
  const slash = text.indexOf('/')
  // `ghcr.io/app` is a valid path too, but as a reference it would name another registry.
  if (slash > 0 && isHostPart(text.slice(0, slash))) {
    const problem = /^[A-Z]/.test(text)
      ? 'it starts like the name of a registry or in upper case'
      : 'it starts with a registry'
    throw new GrammarProblem(0, problem, 'Give the registry with --registry, and only the name here.')
  }
  const tagged = /^[^:@]+[:@]/.test(text)
  try {
    return readRepositoryPath(text)
  } catch (error) {
    if (!(error instanceof GrammarProblem) || !tagged) throw error
    throw new GrammarProblem(
      error.index,
      error.problem,
      'Give only the name here; -t takes a tag or a whole reference.',
    )
  }
}
