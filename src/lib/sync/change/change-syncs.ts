import {troubleOf, type RowTrouble} from '../../terminal/row-trouble.js'
import type {Work} from '../../work/work.js'
import {FailedError, KegError, RefusedError} from '../../error/keg-error.js'
import {allSettledOrThrow} from '../../async/all-settled.js'
import {count, printable} from '../../terminal/text.js'
import {findBranchMismatches, mismatchText, sessionBranch} from '../../branch/sync/branch-guard.js'
import {Mutagen} from '../../mutagen/mutagen.js'
import {observed, type ObservedSync} from '../observe-syncs.js'
import {selectSessions} from '../select-sessions.js'
import type {SyncSession} from '../../mutagen/session.js'

/** Which syncs to change; without targets, that of the current folder. */
export interface ChangeOptions {
  readonly targets: readonly string[]
  /** All syncs that keg made. */
  readonly all: boolean
  /** The flag that takes the targets; undefined if they are arguments. */
  readonly targetFlag?: string
  /** Only say what would be done. */
  readonly dryRun: boolean
}

/** Options to resume a sync though another branch is checked out in its folder; it then belongs to that branch. */
export interface ForcedChangeOptions extends ChangeOptions {
  readonly force: boolean
}

/**
 * What happened to a sync: `done`; `unchanged`, because it already was so; `planned`, with a dry run; `failed`, because of
 * the given error.
 */
export type Outcome = 'done' | 'unchanged' | 'planned' | 'failed'

/** A sync after a change, as `--json` prints it; a terminated one as it was before. */
export interface ChangedSync extends ObservedSync {
  /** What happened to it. */
  readonly outcome: Outcome
  /** Why it failed; null if it did not. */
  readonly error: RowTrouble | null
}

/** What happened to all of them. */
export interface ChangeReport {
  readonly syncs: readonly ChangedSync[]
  /** To be thrown after the rest is shown; undefined if nothing failed. */
  readonly failure: KegError | undefined
}

/** How a change is made. */
export interface Change {
  /** One line to ask, after showing what the user needs to know; undefined if no answer is needed. */
  readonly question?: (sessions: readonly SyncSession[]) => Promise<string | undefined>
  /** Checks before anything is done, with a dry run as well. @throws KegError */
  readonly check?: (session: SyncSession, mutagen: Mutagen) => Promise<void>
  /** @returns undefined if the change would change nothing. @throws KegError */
  readonly apply: (session: SyncSession, mutagen: Mutagen) => Promise<'done' | 'unchanged'>
}

/**
 * Applies a change to all selected syncs, side by side. Tries each, even if others fail.
 * @throws what selectSessions and Mutagen do; UsageError `input-missing` and FailedError `cancelled` if it asks; the reason
 * of the signal
 */
export async function changeSyncs(work: Work, change: Change, options: ChangeOptions): Promise<ChangeReport> {
  const {dryRun} = options
  const {environment, prompt, signal, warn} = work
  const mutagen = await Mutagen.ifUsed(environment)
  const sessions = (await mutagen?.list(signal)) ?? []
  const selected = await selectSessions(work, {...options, sessions, several: 'ask'})
  if (mutagen === undefined || selected.length === 0) return {syncs: [], failure: undefined}

  const question = await change.question?.(selected)
  if (question !== undefined && !dryRun && !(await prompt.confirm(question, {flag: '--yes'}))) throw cancelled()

  const attempt = async (session: SyncSession): Promise<Attempt> => {
    try {
      await change.check?.(session, mutagen)
      return {session, outcome: dryRun ? 'planned' : await change.apply(session, mutagen)}
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof KegError)) throw error
      return {session, outcome: 'failed', error}
    }
  }
  const attempts = await allSettledOrThrow(selected.map(attempt))
  const states = dryRun ? selected : await mutagen.list(signal)
  const current = attempts.map(({session}) => states.find(({id}) => id === session.id) ?? session)
  // With force, a sync may belong to another branch now.
  const mismatches = await findBranchMismatches(current, environment)
  if (dryRun) for (const mismatch of mismatches) warn(mismatchText(mismatch))
  const syncs = await Promise.all(
    current.map(async (session, index) => {
      const checkedOut = mismatches.find((mismatch) => mismatch.session === session)?.checkedOut ?? null
      const branch = await sessionBranch(session, environment)
      return changed(observed(session, branch, checkedOut), attempts[index])
    }),
  )
  return {syncs, failure: failureOf(attempts, syncs)}
}

/** One attempt; only `failed` comes with an error. */
interface Attempt {
  readonly session: SyncSession
  readonly outcome: Outcome
  readonly error?: KegError
}

function changed(sync: ObservedSync, attempt: Attempt | undefined): ChangedSync {
  const error = attempt?.error
  return {
    ...sync,
    outcome: attempt?.outcome ?? 'unchanged',
    error: error === undefined ? null : troubleOf(error),
  }
}

/** One error for all failures: a single sync's own, and for several the branch guard's if it refused all of them. */
function failureOf(attempts: readonly Attempt[], syncs: readonly ChangedSync[]): KegError | undefined {
  const failed = attempts.flatMap(({error, session}) => (error === undefined ? [] : [{error, session}]))
  const [first] = failed
  if (first === undefined) return undefined
  if (attempts.length === 1) return first.error
  const data = {syncs}
  if (failed.every(({error}) => error.code === 'branch-guard')) {
    const message = failed.map(({error}) => error.message).join('\n')
    return new RefusedError(message, {code: 'branch-guard', hint: first.error.hint ?? '', data})
  }
  const lines = failed.map(({error, session}) => {
    const name = printable(session.name ?? session.id)
    return `${name}: ${error.message}${error.hint === undefined ? '' : `\n  ${error.hint}`}`
  })
  return new FailedError(`${failed.length} of ${count(attempts.length, 'sync')} failed.\n${lines.join('\n')}`, {
    code: 'syncs-failed',
    hint: 'See what to do in each message.',
    data,
  })
}

function cancelled(): FailedError {
  return new FailedError('Nothing was changed.', {code: 'cancelled', hint: 'Use --yes to skip the question.'})
}
