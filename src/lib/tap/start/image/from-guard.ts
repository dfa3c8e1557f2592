import type {Questions} from '../../../command/ask.js'
import type {ImageDetails} from '../../../engine/types.js'
import {FailedError, RefusedError} from '../../../error/keg-error.js'
import {printable} from '../../../terminal/text.js'
import type {Tap} from '../../tap.js'
import type {StartContext} from '../start-options.js'

/** Whose code an image holds, against what is checked out. */
export type CodeOrigin =
  /** It says nothing, or the same. */
  | {readonly kind: 'same'}
  | {readonly kind: 'other-branch'; readonly branch: string; readonly checkedOut: string}
  | {readonly kind: 'other-commit'; readonly commit: string; readonly checkedOut: string}

/** What the labels of an image say of the code in it: hints, since anybody can write them. */
export function codeOrigin(
  image: Pick<ImageDetails, 'Config'>,
  {branch, commit}: Pick<Tap, 'branch' | 'commit'>,
): CodeOrigin {
  const labels = image.Config?.Labels ?? {}
  const ofBranch = labels['com.keg.package.branch']
  if (branch !== undefined && ofBranch !== undefined && ofBranch !== '' && ofBranch !== branch)
    return {kind: 'other-branch', branch: ofBranch, checkedOut: branch}
  const ofCommit = labels['com.keg.package.folder-commit'] ?? labels['org.opencontainers.image.revision']
  // Only of a branch that is the same: that of a base image is its own project's.
  const isSameBranch = branch !== undefined && ofBranch === branch
  if (
    isSameBranch &&
    commit !== undefined &&
    ofCommit !== undefined &&
    /^[0-9a-f]{40,64}$/.test(ofCommit) &&
    ofCommit !== commit
  )
    return {kind: 'other-commit', commit: ofCommit, checkedOut: commit}
  return {kind: 'same'}
}

/**
 * Whether the folder is synced, the code of another branch being safe from it where somebody chose the image for its code.
 * @param image undefined where it is not here, with `--dry-run`
 * @throws RefusedError `branch-guard`
 */
export async function guardChosen(
  {opened, options}: StartContext,
  {image, name}: {readonly image: ImageDetails | undefined; readonly name: string},
  isSynced: boolean,
): Promise<boolean> {
  if (image === undefined) return isSynced
  return guardFrom({...options, name: printable(name), origin: codeOrigin(image, opened.tap), isSynced})
}

/** What decides whether code of another branch may be overwritten. */
export interface FromGuardOptions {
  /** As docker shows it. */
  readonly name: string
  readonly origin: CodeOrigin
  /** Whether the folder is to be synced over it. */
  readonly isSynced: boolean
  readonly force: boolean
  readonly questions: Questions
  readonly say: (line: string) => void
}

/**
 * Lets no sync overwrite the code of another branch that somebody asked for by `--from`, unless that is wanted.
 * @returns whether the folder is synced into the container
 * @throws RefusedError `branch-guard`
 */
export async function guardFrom({force, isSynced, name, origin, questions, say}: FromGuardOptions): Promise<boolean> {
  if (origin.kind === 'same') return isSynced
  if (origin.kind === 'other-commit') {
    const [made, here] = [origin.commit, origin.checkedOut].map((commit) => commit.slice(0, 12))
    say(
      isSynced
        ? `Warning: ${name} was made at commit ${made}, and ${here} is checked out: its code becomes that of the folder.`
        : `Warning: ${name} was made at commit ${made}, and ${here} is checked out.`,
    )
    return isSynced
  }
  const what = `${name} was made on branch ${printable(origin.branch)}, and ${printable(origin.checkedOut)} is checked out`
  if (!isSynced || force) {
    say(
      isSynced
        ? `Warning: ${what}: its code becomes that of the folder.`
        : `${what}: it runs as it is, without a sync.`,
    )
    return isSynced
  }
  if (!questions.possible)
    throw new RefusedError(`${what}: a sync would overwrite the code in it.`, {
      code: 'branch-guard',
      hint: 'Run it as it is with --no-sync, or have the folder overwrite it with --force. Or check out its branch.',
      data: {branch: origin.branch, checkedOut: origin.checkedOut},
    })
  const answer = await questions.choose(
    `${what}. A sync would overwrite the code in it.`,
    [
      {name: 'Run it as it is, without a sync', value: 'no-sync'},
      {name: 'Sync: its code becomes that of the folder', value: 'force'},
      {name: 'Do nothing', value: 'cancel'},
    ],
    {flag: '--no-sync or --force'},
  )
  if (answer === 'cancel')
    throw new FailedError('Nothing was started.', {code: 'cancelled', hint: 'Check out the branch of the image.'})
  return answer === 'force'
}
