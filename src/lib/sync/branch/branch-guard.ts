import {RefusedError} from '../../error/keg-error.js'
import {readCheckedOutBranch} from '../../git/checked-out-branch.js'
import {printable} from '../../terminal/text.js'
import {readBinding, removeBinding, writeBinding} from './branch-binding.js'
import {labelValue, SYNC_LABELS} from '../session-labels.js'
import type {SyncSession} from '../session.js'

/** A session of one branch in whose folder another is checked out. */
export interface BranchMismatch {
  readonly session: SyncSession
  /** The branch of the session, as {@link sessionBranch} shows it. */
  readonly branch: string
  /** The branch checked out in its folder; `sha-` and the digits of the commit where HEAD is detached. */
  readonly checkedOut: string
}

export interface RefuseOptions {
  readonly environment: NodeJS.ProcessEnv
  /** `--force`: the sessions are bound to the branch checked out, instead of being refused. */
  readonly force: boolean
}

/**
 * The branch that a session belongs to: the one that it was bound to later, else that of its label, whose text is the whole
 * name only where a label can hold that.
 * @returns undefined for a session that belongs to none
 */
export async function sessionBranch(session: SyncSession, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return (await ownBranch(session, environment))?.shown
}

/**
 * The sessions in whose folders another branch is checked out than they belong to. A folder that is gone, in no repository
 * or not readable by git has no branch, and a branch that is being rebased or bisected counts as checked out.
 */
export async function findBranchMismatches(
  sessions: readonly SyncSession[],
  environment: NodeJS.ProcessEnv,
): Promise<BranchMismatch[]> {
  return compareBranches(sessions, environment, async (folder) =>
    readCheckedOutBranch(folder, {environment}).catch(() => undefined),
  )
}

/**
 * Refuses sessions in whose folders another branch is checked out, or binds them to it by force.
 * @throws RefusedError `branch-guard`, and what reading the repositories does: a guard that cannot see lets nothing pass
 */
export async function refuseOtherBranch(
  sessions: readonly SyncSession[],
  {environment, force}: RefuseOptions,
): Promise<void> {
  const mismatches = await compareBranches(sessions, environment, async (folder) =>
    readCheckedOutBranch(folder, {environment}),
  )
  if (mismatches.length === 0) return
  if (!force) throw otherBranch(mismatches)
  for (const {checkedOut, session} of mismatches) await bindBranch(session, checkedOut, environment)
}

/** Has a session belong to a branch from now on. @throws FailedError `state-unwritable` */
export async function bindBranch(session: SyncSession, branch: string, environment: NodeJS.ProcessEnv): Promise<void> {
  // A label that is the whole name says it already.
  if (branch === session.labels[SYNC_LABELS.branch]) await removeBinding(session.id, environment)
  else await writeBinding(session.id, branch, environment)
}

/** What is wrong, as a sentence for people. */
export function mismatchText({branch, checkedOut, session}: BranchMismatch): string {
  const name = session.name ?? session.id
  return printable(
    `The sync ${name} is of branch ${branch}, and in ${session.alpha.path} ${checkedOut} is checked out.`,
  )
}

function otherBranch(mismatches: readonly BranchMismatch[]): RefusedError {
  const [first] = mismatches
  const [branch, checkedOut] = [printable(first?.branch ?? ''), printable(first?.checkedOut ?? '')]
  return new RefusedError(mismatches.map(mismatchText).join('\n'), {
    code: 'branch-guard',
    hint:
      `Check out ${branch} there again, or sync with the container of ${checkedOut}. ` +
      `With --force the sync goes on with ${checkedOut}, into the same container.`,
    data: {
      mismatches: mismatches.map((mismatch) => ({
        session: mismatch.session.id,
        name: mismatch.session.name ?? null,
        folder: mismatch.session.alpha.path,
        branch: mismatch.branch,
        checkedOut: mismatch.checkedOut,
      })),
    },
  })
}

async function compareBranches(
  sessions: readonly SyncSession[],
  environment: NodeJS.ProcessEnv,
  readBranch: (folder: string) => Promise<string | undefined>,
): Promise<BranchMismatch[]> {
  const branches = new Map<string, Promise<string | undefined>>()
  const compare = async (session: SyncSession): Promise<BranchMismatch[]> => {
    const own = await ownBranch(session, environment)
    if (own === undefined || session.alpha.protocol !== 'local') return []
    const folder = session.alpha.path
    const reading = branches.get(folder) ?? readBranch(folder)
    branches.set(folder, reading)
    const checkedOut = await reading
    if (checkedOut === undefined || labelValue(checkedOut) === own.label) return []
    return [{session, branch: own.shown, checkedOut}]
  }
  return (await Promise.all(sessions.map(compare))).flat()
}

/** The branch of a session: its label, and what of it can be shown. */
async function ownBranch(
  session: SyncSession,
  environment: NodeJS.ProcessEnv,
): Promise<{readonly label: string; readonly shown: string} | undefined> {
  const bound = (await readBinding(session.id, environment))?.branch
  if (bound !== undefined) return {label: labelValue(bound), shown: bound}
  const label = session.labels[SYNC_LABELS.branch]
  return label === undefined ? undefined : {label, shown: label}
}
