import {isResolved} from '../process/resolved.js'
import {UsageError} from '../error/keg-error.js'
import {branchTag, detachedTag} from './branch-tag.js'
import type {Tag} from '../reference/reference.js'
import type {Head} from '../git/repository.js'
import type {Work} from '../work/work.js'

/** A branch, or the commit of a detached HEAD, and where it comes from: a flag, a variable's name, or `git`. */
export type FoundBranch =
  | {readonly branch: string; readonly origin: string}
  | {readonly commit: string; readonly origin: string}

/** Where to look, in this order. */
export interface FindBranchOptions {
  /** `--branch`. */
  readonly flag?: string | undefined
  /** The folder's state in git, if any. */
  readonly repository?: Pick<Head, 'branch' | 'commit'> | undefined
}

interface BuildService {
  /** A variable that only this service sets. */
  readonly marker: string
  /** Variables with a branch, the most specific first: a pull request's own branch before the merge that is built. */
  readonly branches: readonly string[]
  /** Whether the values are full refs, of which only `refs/heads/` are branches. */
  readonly wholeReferences?: true
  /** Whether a tag is built: then the same variables hold the tag, or nothing. */
  readonly buildsTag: (environment: NodeJS.ProcessEnv) => boolean
}

/** From each service's documentation of its predefined variables. */
const buildServices: readonly BuildService[] = [
  {
    marker: 'GITHUB_ACTIONS',
    branches: ['GITHUB_HEAD_REF', 'GITHUB_REF_NAME'],
    buildsTag: ({GITHUB_REF_TYPE}) => GITHUB_REF_TYPE === 'tag',
  },
  {
    marker: 'GITLAB_CI',
    branches: ['CI_MERGE_REQUEST_SOURCE_BRANCH_NAME', 'CI_COMMIT_REF_NAME'],
    buildsTag: ({CI_COMMIT_TAG}) => isGiven(CI_COMMIT_TAG),
  },
  {
    marker: 'BITBUCKET_BUILD_NUMBER',
    branches: ['BITBUCKET_BRANCH'],
    buildsTag: ({BITBUCKET_TAG}) => isGiven(BITBUCKET_TAG),
  },
  {marker: 'CIRCLECI', branches: ['CIRCLE_BRANCH'], buildsTag: ({CIRCLE_TAG}) => isGiven(CIRCLE_TAG)},
  {marker: 'BUILDKITE', branches: ['BUILDKITE_BRANCH'], buildsTag: ({BUILDKITE_TAG}) => isGiven(BUILDKITE_TAG)},
  {
    marker: 'TRAVIS',
    branches: ['TRAVIS_PULL_REQUEST_BRANCH', 'TRAVIS_BRANCH'],
    buildsTag: ({TRAVIS_TAG}) => isGiven(TRAVIS_TAG),
  },
  {
    marker: 'TF_BUILD',
    branches: ['SYSTEM_PULLREQUEST_SOURCEBRANCH', 'BUILD_SOURCEBRANCH'],
    wholeReferences: true,
    buildsTag: () => false,
  },
  {marker: 'JENKINS_URL', branches: ['CHANGE_BRANCH', 'BRANCH_NAME'], buildsTag: ({TAG_NAME}) => isGiven(TAG_NAME)},
]

/**
 * The current branch: `--branch`, or KEG_BRANCH set by the user, or the branch from the build service whose marker is set,
 * or from git, a commit if HEAD is detached; undefined if unknown. Empty variables count as not set.
 * @throws UsageError `branch-empty` for an empty flag.
 */
export function findBranch(
  {environment}: Pick<Work, 'environment'>,
  {flag, repository}: FindBranchOptions,
): FoundBranch | undefined {
  if (flag === '') {
    throw new UsageError('The name of the branch is empty.', {
      code: 'branch-empty',
      hint: 'Name a branch with --branch, or leave the flag out.',
    })
  }
  if (flag !== undefined) return {branch: flag, origin: '--branch'}
  const own = environment.KEG_BRANCH
  if (isGiven(own) && !isResolved(environment, 'KEG_BRANCH')) return {branch: own, origin: 'KEG_BRANCH'}
  const built = builtBranch(environment)
  if (built !== undefined) return built
  if (repository?.branch !== undefined) return {branch: repository.branch, origin: 'git'}
  if (repository?.commit !== undefined) return {commit: repository.commit, origin: 'git'}
  return undefined
}

/** The tag for a result of findBranch. */
export function tagOf(found: FoundBranch): Tag {
  return 'branch' in found ? branchTag(found.branch) : detachedTag(found.commit)
}

function builtBranch(environment: NodeJS.ProcessEnv): FoundBranch | undefined {
  for (const {marker, branches, wholeReferences, buildsTag} of buildServices) {
    if (!isGiven(environment[marker]) || buildsTag(environment)) continue
    for (const origin of branches) {
      const value = environment[origin]
      if (!isGiven(value)) continue
      const branch = wholeReferences ? /^refs\/heads\/(.+)$/.exec(value)?.[1] : value
      if (branch !== undefined) return {branch, origin}
    }
  }
  return undefined
}

function isGiven(value: string | undefined): value is string {
  return value !== undefined && value !== ''
}
