/**
 * Usual prefixes before the `/` of a branch (git-flow, https://conventional-branch.github.io): of `feature-a` and
 * `feature/a`, which would get the same name, the latter is far more likely.
 */
const CONVENTIONAL_PREFIX = /^(bugfix|chore|feat|feature|fix|hotfix|release|support)-(?=.)/i

/**
 * The branch that gets a cleaned name without a hash, of all that have it: `feature/a` for `feature-a`, otherwise the one
 * with exactly that name.
 */
export function likeliestBranch(cleaned: string): string {
  return cleaned.replace(CONVENTIONAL_PREFIX, '$1/')
}
