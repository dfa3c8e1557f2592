import {randomUUID} from 'node:crypto'
import {FailedError, type KegError} from '../../error/keg-error.js'
import {silent} from '../../terminal/progress.js'
import {count, printable} from '../../terminal/text.js'
import {changeSyncs, type ChangedSync, type ChangeReport, type ForcedChangeOptions} from '../change/change-syncs.js'
import {connectSession, errorOf} from '../change/connect-session.js'
import {guardBranch} from '../change/resume-syncs.js'
import {endRun} from '../end-run.js'
import {flushSession} from '../../mutagen/flush-session.js'
import {Mutagen, type NewSession, type SyncPermissions} from '../../mutagen/mutagen.js'
import {changesText, commandFor, isConnected, troublesOf} from '../../mutagen/session-health.js'
import {SYNC_LABELS} from '../../mutagen/session-labels.js'
import type {EndpointPermissions, SyncConflict, SyncSession} from '../../mutagen/session.js'
import {conflictsAt, refuseUnknown} from './find-conflicts.js'
import {onlyPaths} from './only-paths.js'
import type {Work} from '../../work/work.js'

/** The side whose files are kept. */
export type KeptSide = 'container' | 'folder'

export interface ResolveOptions extends ForcedChangeOptions {
  /** Paths of the conflicts to resolve; without any, all of the sync. */
  readonly paths: readonly string[]
  /** Asked for once it is known that there are conflicts. */
  readonly side: () => Promise<KeptSide>
}

/** A conflict that was resolved, or would be with a dry run. */
export interface ResolvedConflict {
  /** Below the folder. */
  readonly path: string
  /** The side whose version both sides have now. */
  readonly kept: KeptSide
  /** The other side's changes there, which are lost: paths below the synced folder, each with its change. */
  readonly lost: readonly string[]
}

/** A sync after its conflicts were resolved, as `--json` prints it; scripts can rely on these fields. */
export interface ResolvedSync extends ChangedSync {
  /** The conflicts that were resolved, or would be. */
  readonly resolved: readonly ResolvedConflict[]
}

/**
 * Resolves conflicts of syncs: a temporary one-way sync of these paths copies one side to the other, while the sync itself
 * is paused. Lists what is overwritten first, and asks. Each can fail with RefusedError `branch-guard`; FailedError
 * `sync-paused`, `sync-conflicts`, `sync-problems` and as connectSession does.
 * @throws what changeSyncs does; UsageError `conflict-unknown`
 */
export async function resolveSyncs(
  work: Work,
  options: ResolveOptions,
): Promise<Omit<ChangeReport, 'syncs'> & {readonly syncs: readonly ResolvedSync[]}> {
  const {folder, notice} = work
  const {paths} = options
  let choosing: Promise<KeptSide> | undefined
  const side = (): Promise<KeptSide> => (choosing ??= options.side())
  const resolved = new Map<string, readonly ResolvedConflict[]>()
  const report = await changeSyncs(
    work,
    {
      async question(sessions) {
        await refuseUnknown(sessions, paths, folder)
        const found = await Promise.all(sessions.map(async (session) => conflictsAt(session, paths, folder)))
        if (found.flat().length === 0) return undefined
        const keep = await side()
        const lines = found.flatMap((conflicts, index) => lossLines(conflicts, sessions[index], keep))
        const [from, to] = keep === 'folder' ? ['the folder', 'the container'] : ['the container', 'the folder']
        notice(`These paths in ${to} get what ${from} has:`)
        for (const line of lines) notice(line)
        return `Overwrite ${count(found.flat().length, 'path')} in ${to}?`
      },
      async check(session) {
        const conflicts = await conflictsAt(session, paths, folder)
        if (conflicts.length > 0) {
          const keep = await side()
          resolved.set(
            session.id,
            conflicts.map((each) => resolvedConflict(each, keep)),
          )
        }
        await guardBranch(work, session, options)
        if (session.isPaused) throw pausedError(session)
      },
      apply: async (session, mutagen) => resolveAll({...work, mutagen}, session, {paths, side}),
    },
    options,
  )
  const syncs = report.syncs.map((sync) => ({
    ...sync,
    resolved: sync.outcome === 'failed' ? [] : (resolved.get(sync.id) ?? []),
  }))
  return {...report, syncs}
}

interface MutagenWork extends Work {
  readonly mutagen: Mutagen
}

/** Mutagen lists ten conflicts at most: the others appear after those. */
async function resolveAll(
  work: MutagenWork,
  session: SyncSession,
  {paths, side}: Pick<ResolveOptions, 'paths' | 'side'>,
): Promise<'done' | 'unchanged'> {
  const {folder, mutagen, signal} = work
  if (!isConnected(session)) await connectSession(session, {mutagen, signal})
  let current: SyncSession | undefined = session
  for (let round = 0; current !== undefined; round++) {
    const conflicts = await conflictsAt(current, paths, folder)
    if (conflicts.length === 0) return round === 0 ? 'unchanged' : 'done'
    const before: number = current.conflicts.length + current.excludedConflicts
    await carryOver(work, current, conflicts, await side())
    const flushed = await flushSession({progress: silent, signal}, {mutagen, session: current, stage: 'Resolving'})
    current = flushed.session
    const left: number = current === undefined ? 0 : current.conflicts.length + current.excludedConflicts
    if (current === undefined || left < before) continue
    const failure: KegError = errorOf(current) ?? flushed.failure ?? unresolved(current)
    throw failure
  }
  return 'done'
}

/** Copies the kept side's paths to the other. Whatever happens, the session is resumed and nothing else is left. */
async function carryOver(
  {environment, mutagen, signal}: MutagenWork,
  session: SyncSession,
  conflicts: readonly SyncConflict[],
  keep: KeptSide,
): Promise<void> {
  const run = randomUUID()
  // The session's own engine, whatever the environment says.
  const sides = await Mutagen.find({...environment, ...session.beta.environment})
  try {
    await mutagen.pause(session.id, signal)
    await sides.create(temporarySession(session, conflicts, keep, run), signal)
    const made = (await mutagen.list(signal)).find(({labels}) => labels[SYNC_LABELS.run] === run)
    if (made === undefined) throw unresolved(session)
    const flushed = await flushSession({progress: silent, signal}, {mutagen, session: made, stage: 'Resolving'})
    const troubles = flushed.session === undefined ? [] : troublesOf(flushed.session)
    if (flushed.session !== undefined && troubles.length > 0) throw errorOf(flushed.session) ?? unresolved(session)
    if (flushed.failure !== undefined) throw flushed.failure
  } finally {
    await endRun(mutagen, run)
    await mutagen.resume(session.id)
  }
}

/** One way, from the kept side, and only when flushed. */
function temporarySession(
  {alpha, beta, id, name, settings}: SyncSession,
  conflicts: readonly SyncConflict[],
  keep: KeptSide,
  run: string,
): NewSession {
  const paths = conflicts.map(({root}) => root)
  return {
    name: `${name ?? id.replaceAll('_', '-')}-resolve`,
    labels: {[SYNC_LABELS.own]: '1', [SYNC_LABELS.run]: run},
    local: alpha.path,
    container: beta.host ?? '',
    remote: beta.path,
    mode: 'one-way-replica',
    isFromContainer: keep === 'container',
    ignores: onlyPaths(paths, settings.ignores),
    ignoresVersionControl: settings.ignoresVersionControl,
    watchMode: 'no-watch',
    pollingInterval: 1,
    localPermissions: permissionsOf(alpha.permissions),
    remotePermissions: permissionsOf(beta.permissions),
  }
}

function permissionsOf({directoryMode, fileMode, group, owner}: EndpointPermissions): SyncPermissions {
  // Mutagen's default modes if the session has none.
  return {
    owner,
    group,
    fileMode: Number.parseInt(fileMode ?? '600', 8),
    directoryMode: Number.parseInt(directoryMode ?? '700', 8),
  }
}

function resolvedConflict({alpha, beta, root}: SyncConflict, kept: KeptSide): ResolvedConflict {
  const lost = kept === 'folder' ? beta : alpha
  return {path: root, kept, lost: lost.map(({path}) => path)}
}

function lossLines(conflicts: readonly SyncConflict[], session: SyncSession | undefined, keep: KeptSide): string[] {
  const {alpha, beta} = session ?? {}
  return conflicts.map((conflict) => {
    const [place, changes] = keep === 'folder' ? [beta?.path, conflict.beta] : [alpha?.path, conflict.alpha]
    return printable(
      `  ${place ?? ''}${conflict.root === '' ? '' : `/${conflict.root}`}: ${changesText(changes, conflict.root)}`,
    )
  })
}

function pausedError(session: SyncSession): FailedError {
  return new FailedError(`The sync ${printable(session.name ?? session.id)} is paused.`, {
    code: 'sync-paused',
    hint: `Resume it with: ${commandFor(session, 'resume')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}

function unresolved(session: SyncSession): FailedError {
  return new FailedError(`The conflicts of the sync ${printable(session.name ?? session.id)} could not be resolved.`, {
    code: 'sync-conflicts',
    hint: `Show its state with: ${commandFor(session, 'status')}`,
    data: {id: session.id, name: session.name ?? null},
  })
}
