import {RefusedError} from '../../error/keg-error.js'
import {readCheckedOutBranch} from '../checked-out-branch.js'
import {printable} from '../../terminal/text.js'
import {readBinding, removeBinding, writeBinding} from './branch-binding.js'
import {labelValue, SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {SyncSession} from '../../mutagen/session.js'
import type {Work} from '../../work/work.js'

/** A session whose folder has another branch checked out. */
export interface BranchMismatch {
  readonly session: SyncSession
  /** The branch of the session, as {@link sessionBranch} shows it. */
  readonly branch: string
  /** The branch checked out in its folder; `sha-` and the digits of the commit if HEAD is detached. */
  readonly checkedOut: string
}

export interface RefuseOptions {
  /** `--force`: binds the sessions to the checked-out branch, instead of refusing them. */
  readonly force: boolean
}

/**
 * The branch that a session belongs to: the one it was bound to later, or that of its label, which holds the full name only
 * if that is a valid label.
 * @returns undefined for a session that belongs to none
 */
export async function sessionBranch(session: SyncSession, environment: NodeJS.ProcessEnv): Promise<string | undefined> {
  return (await ownBranch(session, environment))?.shown
}

/**
 * The sessions whose folders have another branch checked out. A folder that is missing, in no repository or not readable by
 * git has no branch, and a branch that is being rebased or bisected counts as checked out.
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
 * Refuses sessions whose folders have another branch checked out, or binds them to it with force.
 * @throws RefusedError `branch-guard`, and what reading the repositories does: if the guard cannot check, it refuses
 */
export async function refuseOtherBranch(
  {environment}: Pick<Work, 'environment'>,
  sessions: readonly SyncSession[],
  {force}: RefuseOptions,
): Promise<void> {
  const mismatches = await compareBranches(sessions, environment, async (folder) =>
    readCheckedOutBranch(folder, {environment}),
  )
  if (mismatches.length === 0) return
  if (!force) throw otherBranch(mismatches)
  for (const {checkedOut, session} of mismatches) await bindBranch(session, checkedOut, environment)
}

/** Binds a session to a branch. @throws FailedError `state-unwritable` */
export async function bindBranch(session: SyncSession, branch: string, environment: NodeJS.ProcessEnv): Promise<void> {
  // Then the label is enough.
  if (branch === session.labels[SYNC_LABELS.branch]) await removeBinding(session.id, environment)
  else await writeBinding(session.id, branch, environment)
}

/** The mismatch in a sentence. */
export function mismatchText({branch, checkedOut, session}: BranchMismatch): string {
  const name = session.name ?? session.id
  return printable(
    `The sync ${name} belongs to the branch ${branch}, but ${session.alpha.path} has ${checkedOut} checked out.`,
  )
}

function otherBranch(mismatches: readonly BranchMismatch[]): RefusedError {
  const [first] = mismatches
  const [branch, checkedOut] = [printable(first?.branch ?? ''), printable(first?.checkedOut ?? '')]
  return new RefusedError(mismatches.map(mismatchText).join('\n'), {
    code: 'branch-guard',
    hint:
      `Check out ${branch} there again, or sync with the container of ${checkedOut}. ` +
      `With --force the sync continues with ${checkedOut}, into the same container.`,
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

/** The branch of a session: its label, and how to show it. */
async function ownBranch(
  session: SyncSession,
  environment: NodeJS.ProcessEnv,
): Promise<{readonly label: string; readonly shown: string} | undefined> {
  const bound = (await readBinding(session.id, environment))?.branch
  if (bound !== undefined) return {label: labelValue(bound), shown: bound}
  const label = session.labels[SYNC_LABELS.branch]
  return label === undefined ? undefined : {label, shown: label}
}
