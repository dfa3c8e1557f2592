import {readdir, realpath} from 'node:fs/promises'
import {readCheckedOutBranch} from '../../branch/checked-out-branch.js'
import {mountPoints} from '../../container/mount-points.js'
import {shownName} from '../../container/container-name.js'
import {branchOf, findTarget, folderOf} from '../../container/target/find-target.js'
import {imageOf} from '../../container/target/image-of.js'
import type {EngineWork} from '../../engine/engine-work.js'
import {CHANGE, type ContainerDetails} from '../../engine/types.js'
import {FailedError, RefusedError} from '../../error/keg-error.js'
import {checkIgnores, defaultIgnores} from '../../git/ignore/ignores.js'
import {readRepository} from '../../git/repository.js'
import type {Mutagen} from '../../mutagen/mutagen.js'
import {mutagenFolder, sessionIds} from '../../mutagen/mutagen-folder.js'
import {pathPattern} from '../../mutagen/path-pattern.js'
import type {SyncSession} from '../../mutagen/session.js'
import {below, parentPaths} from '../../tar/path.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import {findAgentProblem} from './agent-error.js'
import {ContainerFiles} from './container-files.js'
import {execUser, readUserDatabase} from './container-user.js'
import {sortSessions} from './existing-sessions.js'
import {findLocalFolder, localPermissions} from './local-folder.js'
import type {
  ExistingSessions,
  ObservedFolders,
  SessionPlan,
  SessionSettings,
  SyncObservation,
  SyncOptions,
  SyncPlace,
  SyncWork,
} from './model.js'
import {mountsBelow} from './mounts-below.js'
import {isReplica, planSession, settingsOf} from './plan-sync.js'
import {checkRemotePath, findRemotePath, refuseItself} from './remote-path.js'
import {findRemoteRoot} from './remote-permissions.js'
import {findReplicaLosses, isAnyChanged, NOTHING_LOST, type ReplicaLosses} from './replica-losses.js'

/**
 * Collects everything that decides about a sync, while Mutagen is still being found: the two folders, Mutagen's sessions,
 * and, where that matters, what the container would lose. Changes nothing, and does not start a Mutagen without sessions.
 * @throws the errors of its parts; FailedError `container-stopped`; RefusedError `branch-guard`, `sync-taken`; UsageError
 * `sync-itself`
 */
export async function observeSync(
  work: EngineWork,
  options: SyncOptions,
  finding: Promise<Mutagen>,
): Promise<SyncObservation> {
  const listing = finding.then(async (mutagen) => listSessions({...work, mutagen}))
  listing.catch(() => undefined)
  const folders = await observeFolders(work, options).catch(async (error: unknown) => {
    // A missing Mutagen is reported before anything else.
    await finding
    throw error
  })
  const settings = settingsOf(folders, options)
  const sessions = await sortSessions(work, await listing, folders)
  const plan = planSession(sessions, folders, settings, options)
  return {...folders, sessions, ...(await observeLosses(work, {folders, settings, plan, options, sessions}))}
}

/** The current sessions that matter for a new one. @throws RefusedError `sync-taken` */
export async function observeSessions(work: SyncWork, place: SyncPlace): Promise<ExistingSessions> {
  return sortSessions(work, await listSessions(work), place)
}

async function listSessions({environment, mutagen, signal}: SyncWork): Promise<SyncSession[]> {
  return (await sessionIds(environment)).length > 0 ? mutagen.list(signal) : []
}

async function observeFolders(work: EngineWork, options: SyncOptions): Promise<ObservedFolders> {
  const {engine, environment, prompt, signal} = work
  checkIgnores([...(options.ignores ?? []), ...options.ignore])
  const container = await findContainer(work, options)
  const image = await imageOf(engine, container)
  const ofContainer = folderOf(container, image)
  const local = await findLocalFolder(work, {given: options.local, ofContainer})
  const files = new ContainerFiles(engine, container, signal)
  // Each look into a container takes the engine a while: start what is needed in any case at once.
  const readingUsers = readUserDatabase(files)
  readingUsers.catch(() => undefined)
  const named = await findRemotePath(prompt, {given: options.remote, container})
  // Mutagen does not accept a symlink as root.
  const {path, stat} = await files.follow(named)
  const remote = checkRemotePath(path)
  refuseItself(engine, container, local, remote)
  const branch =
    options.isOfNoBranch === true
      ? undefined
      : await guardedBranch(work, options, {ofContainer: branchOf(container, image), local, container})
  const [root, database, own, defaultPatterns, mounts] = await Promise.all([
    stat && findRemoteRoot(work, {container, image, files, path: remote}),
    readingUsers,
    localPermissions(local),
    options.ignores ?? defaultIgnores(local),
    mountsBelow(container, remote, files),
  ])
  const user = execUser(container, database)
  return {
    container,
    local,
    remote,
    branch,
    root,
    user,
    database,
    // Otherwise a folder that is not synced would be left behind.
    agentProblem: root === undefined ? await findAgentProblem({container, user, database, files}) : undefined,
    localPermissions: own,
    defaultIgnores: defaultPatterns,
    ownData: await ownData(local, remote, user.home, environment),
    mounts,
  }
}

async function findContainer(work: EngineWork, options: SyncOptions): Promise<ContainerDetails> {
  const container = options.container ?? (await lookForContainer(work, options))
  const {Paused, Running} = container.State
  if (Running && !Paused) return container
  const name = shownName(container)
  throw new FailedError(
    `The container ${name} ${Paused ? 'is paused' : 'does not run'}, and a sync needs a running one.`,
    {
      code: 'container-stopped',
      hint: `Start it: docker ${Paused ? 'unpause' : 'start'} ${name}`,
    },
  )
}

async function lookForContainer(
  {engine, environment, folder, prompt}: EngineWork,
  {target}: SyncOptions,
): Promise<ContainerDetails> {
  // With an unreadable repository, only the containers of parent folders are not found.
  const repository = await readRepository(folder, {environment}).catch(() => undefined)
  return findTarget(
    {engine, environment, folder, prompt},
    {target, top: repository?.folder, branch: repository?.branch, usage: commandLine`keg sync create CONTAINER`},
  )
}

/** The branch that the sync is for. @throws RefusedError `branch-guard` if the container is for another */
async function guardedBranch(
  {environment}: EngineWork,
  {force}: SyncOptions,
  {
    container,
    local,
    ofContainer,
  }: {readonly container: ContainerDetails; readonly local: string; readonly ofContainer: string | undefined},
): Promise<string | undefined> {
  const checkedOut = await readCheckedOutBranch(local, {environment})
  if (ofContainer === undefined || checkedOut === undefined || ofContainer === checkedOut || force)
    return checkedOut ?? ofContainer
  throw new RefusedError(
    `The container ${shownName(container)} belongs to the branch ${printable(ofContainer)}, but ${printable(local)} has ${printable(checkedOut)} checked out.`,
    {
      code: 'branch-guard',
      hint: `Check out ${printable(ofContainer)} there, or sync with the container of ${printable(checkedOut)}. With --force it is synced anyway.`,
      data: {folder: local, branch: ofContainer, checkedOut},
    },
  )
}

/** Mutagen's data, on either side, if it is inside the synced folder: it changes with every sync. */
async function ownData(local: string, remote: string, home: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const there = below(remote, home)
  const data = mutagenFolder(environment)
  const here = below(local, await realpath(data).catch(() => data))
  const agent = there === undefined ? [] : [`${there === '' ? '' : pathPattern(there)}/.mutagen*`]
  return [...agent, ...(here === undefined || here === '' ? [] : [pathPattern(here)])]
}

/** What is known of a sync before its losses are computed. */
interface Outline {
  readonly folders: ObservedFolders
  readonly sessions: ExistingSessions
  readonly settings: SessionSettings
  readonly plan: SessionPlan
  readonly options: SyncOptions
}

async function observeLosses(
  work: EngineWork,
  {folders, options, plan, sessions, settings}: Outline,
): Promise<Pick<SyncObservation, 'isReplaceable' | 'losses'>> {
  const {engine, signal} = work
  const look = async (): Promise<ReplicaLosses> => findReplicaLosses(work, settings)
  const {firstSync = 'merge'} = options
  const isFirst =
    firstSync !== 'merge' &&
    folders.root !== undefined &&
    // Their history is known.
    sessions.same.length === 0 &&
    // An empty folder, such as a submodule that is not checked out: nobody wants to have everything deleted.
    (await readdir(folders.local)).length > 0
  if (isFirst && firstSync === 'replace') {
    const files = new ContainerFiles(engine, folders.container, signal)
    const isReplaceable = !(await files.isEmpty(folders.remote))
    return {isReplaceable, losses: isReplaceable && options.dryRun ? await look() : NOTHING_LOST}
  }
  if (isFirst) {
    const losses = await look()
    if (await isReplaceable(work, folders, losses)) return {isReplaceable: true, losses}
    return {isReplaceable: false, losses: isReplica(folders, settings) ? losses : NOTHING_LOST}
  }
  const isAsked = isReplica(folders, settings) && plan.action !== 'keep'
  return {isReplaceable: false, losses: isAsked ? await look() : NOTHING_LOST}
}

/** Whether there is something to replace, and all of it comes unchanged from the container's image. */
async function isReplaceable(
  {engine, signal}: EngineWork,
  {container, remote}: ObservedFolders,
  losses: ReplicaLosses,
): Promise<boolean> {
  if (losses.deleted.length + losses.overwritten.length === 0) return false
  if (await isElsewhere(container, remote, new ContainerFiles(engine, container, signal))) return false
  const changes = await engine.changes(container.Id, signal)
  const changed = changes.filter(({Kind}) => Kind !== CHANGE.deleted).map(({Path}) => Path)
  return !isAnyChanged(losses, remote, changed)
}

/**
 * Whether the folder is outside the engine's list of changes, which leaves out mounts and has no symlinks in its paths.
 * Mounts below the folder are not synced.
 */
async function isElsewhere(container: ContainerDetails, remote: string, files: ContainerFiles): Promise<boolean> {
  if (mountPoints(container).some(({Destination}) => below(Destination, remote) !== undefined)) return true
  for (const way of parentPaths(remote)) if ((await files.follow(way)).path !== way) return true
  return false
}
