import type {Questions} from '../../command/ask.js'
import {FailedError, KegError, RefusedError} from '../../error/keg-error.js'
import {settleAll} from '../../package/settle.js'
import {count, printable} from '../../terminal/text.js'
import {findBranchMismatches, mismatchText, sessionBranch} from '../branch/branch-guard.js'
import {Mutagen} from '../mutagen.js'
import {observed, type ObservedSync} from '../observe-syncs.js'
import {selectSessions} from '../select-sessions.js'
import type {SyncSession} from '../session.js'

/** Which syncs are to be changed, and how much keg may do by itself. */
export interface ChangeOptions {
  readonly targets: readonly string[]
  /** All that keg made. */
  readonly all: boolean
  /** The current folder: where nothing is named, its sync is meant. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** Only say what would be done. */
  readonly dryRun: boolean
  readonly questions: Questions
  /** Takes a line for the person at the terminal. */
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What has a sync go on though another branch is checked out in its folder: it is that branch's from then on. */
export interface ForcedChangeOptions extends ChangeOptions {
  readonly force: boolean
}

/**
 * What became of a sync: `done`; `unchanged`, because it was so already; `planned`, with a dry run; `failed`, because of the
 * error that comes with it.
 */
export type Outcome = 'done' | 'unchanged' | 'planned' | 'failed'

/** A sync after a change, as `--json` prints it; of one that was ended, as it was before. */
export interface ChangedSync extends ObservedSync {
  readonly outcome: Outcome
  readonly error: {readonly code: string; readonly message: string; readonly hint: string | null} | null
}

/** What became of all of them. */
export interface ChangeReport {
  readonly syncs: readonly ChangedSync[]
  /** To be thrown once the rest is shown; undefined where nothing failed. */
  readonly failure: KegError | undefined
}

/** How a change is made. */
export interface Change {
  /** One line, after what has to be known for an answer was said; undefined where nobody has to be asked. */
  readonly question?: (sessions: readonly SyncSession[]) => Promise<string | undefined>
  /** What says no before anything is done; called with a dry run as well. @throws KegError */
  readonly check?: (session: SyncSession, mutagen: Mutagen) => Promise<void>
  /** @returns undefined where the change would change nothing. @throws KegError */
  readonly apply: (session: SyncSession, mutagen: Mutagen) => Promise<'done' | 'unchanged'>
}

/**
 * Makes a change to all syncs that are meant, side by side. Each is tried, whatever becomes of the others.
 * @throws what selectSessions and Mutagen do; UsageError `input-missing` and FailedError `cancelled` where it asks; the reason
 * of the signal
 */
export async function changeSyncs(change: Change, options: ChangeOptions): Promise<ChangeReport> {
  const {dryRun, environment, questions, signal} = options
  const mutagen = await Mutagen.ifUsed(environment)
  const sessions = (await mutagen?.list(signal)) ?? []
  const selected = await selectSessions({...options, sessions, several: 'ask'})
  if (mutagen === undefined || selected.length === 0) return {syncs: [], failure: undefined}

  const question = dryRun ? undefined : await change.question?.(selected)
  if (question !== undefined && !(await questions.confirm(question, {flag: '--yes'}))) throw cancelled()

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
  const attempts = await settleAll(selected.map(attempt))
  const states = dryRun ? selected : await mutagen.list(signal)
  const current = attempts.map(({session}) => states.find(({id}) => id === session.id) ?? session)
  // By force a sync may have another branch by now.
  const mismatches = await findBranchMismatches(current, environment)
  if (dryRun) for (const mismatch of mismatches) options.say(`Warning: ${mismatchText(mismatch)}`)
  const syncs = await Promise.all(
    current.map(async (session, index) => {
      const checkedOut = mismatches.find((mismatch) => mismatch.session === session)?.checkedOut ?? null
      const branch = await sessionBranch(session, environment)
      return changed(observed(session, branch, checkedOut), attempts[index])
    }),
  )
  return {syncs, failure: failureOf(attempts, syncs)}
}

/** One try: an error comes with `failed` only. */
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
    error: error === undefined ? null : {code: error.code, message: error.message, hint: error.hint ?? null},
  }
}

/** One error for all that failed: of a single sync its own, and of several the branch guard's where it alone said no. */
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
    hint: 'Each says what to do.',
    data,
  })
}

function cancelled(): FailedError {
  return new FailedError('Nothing was changed.', {code: 'cancelled', hint: 'With --yes keg does not ask.'})
}
