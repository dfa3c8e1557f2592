import {realpath} from 'node:fs/promises'
import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {FailedError, RefusedError} from '../../error/keg-error.js'
import {readCheckedOutBranch} from '../../git/checked-out-branch.js'
import {readRepository} from '../../git/repository.js'
import {branchOf, findTarget, folderOf, nameOf} from '../../target/find-target.js'
import {imageOf} from '../../target/image-of.js'
import {printable} from '../../terminal/text.js'
import {ContainerFiles} from './container-files.js'
import {execUser, readUserDatabase} from './container-user.js'
import type {AgentFacts} from './create-error.js'
import type {SyncPlace} from './existing-sessions.js'
import {checkIgnores, defaultIgnores} from '../ignore/ignores.js'
import {below, findLocalFolder, localPermissions} from './local-folder.js'
import {mutagenFolder} from '../mutagen-folder.js'
import {WATCH_POLLING_SECONDS, type NewSession, type WatchMode} from '../mutagen.js'
import {checkRemotePath, findRemotePath, refuseItself} from './remote-path.js'
import {findRemoteRoot, remotePermissions, type PermissionWishes} from './remote-permissions.js'
import type {SyncMode} from '../session.js'

/** What is said of a sync that is to be made. */
export interface SyncWishes {
  /** Container, linked tap, service of this folder, or id; without, the container of this folder. */
  readonly target: string | undefined
  /** The container itself, where it is known: nothing is looked for then. */
  readonly container?: ContainerDetails
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  /** Folder of this machine, and folder in the container. */
  readonly local: string | undefined
  readonly remote: string | undefined
  readonly mode: SyncMode
  /** In place of what is left out by default, in Mutagen's syntax. */
  readonly ignores?: readonly string[]
  /** What is left out besides. */
  readonly ignore: readonly string[]
  readonly ignoresVersionControl: boolean
  readonly watchMode: WatchMode
  readonly permissions: PermissionWishes
  /** Sync with the container of another branch than the one checked out; the sync is that branch's then. */
  readonly force: boolean
  /**
   * The sync belongs to no branch: the folder is not the one that the container is for, such as that of a dependency, and whatever
   * is checked out there may be synced.
   */
  readonly isOfNoBranch?: boolean
  readonly questions: Questions
  readonly signal: AbortSignal
}

/** A sync as it is going to be. */
export interface SyncPlan extends SyncPlace {
  /** All that makes it what it is, but its name. */
  readonly settings: Omit<NewSession, 'name' | 'labels'>
  /** Whether the folder in the container is there. */
  readonly hasRemote: boolean
  readonly files: ContainerFiles
  readonly agent: AgentFacts
}

/**
 * Finds everything that can be wrong without touching anything.
 * @throws the errors of its parts; FailedError `container-stopped`; RefusedError `branch-guard`
 */
export async function planSync(engine: Engine, wishes: SyncWishes, run: string): Promise<SyncPlan> {
  const {environment, folder, questions, signal} = wishes
  checkIgnores([...(wishes.ignores ?? []), ...wishes.ignore])
  const container = await findContainer(engine, wishes)
  const image = await imageOf(engine, container)
  const ofContainer = folderOf(container, image)
  const local = await findLocalFolder({given: wishes.local, ofContainer, folder, environment, questions})
  const files = new ContainerFiles(engine, container, signal)
  // Each look into a container takes an engine a while: what is needed in any case is asked for at once.
  const readingUsers = readUserDatabase(files)
  readingUsers.catch(() => undefined)
  const named = await findRemotePath({given: wishes.remote, container, questions})
  // Mutagen takes no symlink for a root.
  const {path, stat} = await files.follow(named)
  const remote = checkRemotePath(path)
  refuseItself(engine, container, local, remote)
  const branch =
    wishes.isOfNoBranch === true ? undefined : await guardedBranch(branchOf(container, image), local, container, wishes)

  const [root, database, own, defaults] = await Promise.all([
    stat && findRemoteRoot({engine, container, image, files, path: remote, run, signal}),
    readingUsers,
    localPermissions(local),
    wishes.ignores ?? defaultIgnores(local),
  ])
  const user = execUser(container, database)
  const settings = {
    local,
    container: container.Id,
    remote,
    mode: wishes.mode,
    ignores: [...defaults, ...wishes.ignore, ...(await ownData(local, remote, user.home, environment))],
    ignoresVersionControl: wishes.ignoresVersionControl,
    watchMode: wishes.watchMode,
    pollingInterval: WATCH_POLLING_SECONDS,
    localPermissions: own,
    remotePermissions: remotePermissions({container, user, database, path: remote, root}, wishes.permissions),
  }
  const agent = {container, user, database, files}
  return {container, local, remote, branch, settings, hasRemote: root !== undefined, files, agent}
}

async function findContainer(engine: Engine, wishes: SyncWishes): Promise<ContainerDetails> {
  const container = wishes.container ?? (await lookForContainer(engine, wishes))
  const {Paused, Running} = container.State
  if (Running && !Paused) return container
  const name = printable(nameOf(container))
  throw new FailedError(
    `The container ${name} ${Paused ? 'is paused' : 'does not run'}, and a sync needs one that does.`,
    {
      code: 'container-stopped',
      hint: `Start it: docker ${Paused ? 'unpause' : 'start'} ${name}`,
    },
  )
}

async function lookForContainer(
  engine: Engine,
  {environment, folder, questions, target}: SyncWishes,
): Promise<ContainerDetails> {
  // A repository that cannot be read only keeps containers of the folders above it from being found.
  const repository = await readRepository(folder, {environment}).catch(() => undefined)
  return findTarget({
    engine,
    target,
    environment,
    folder,
    top: repository?.folder,
    branch: repository?.branch,
    questions,
    usage: 'keg sync create CONTAINER',
  })
}

/** The branch that the sync is for. @throws RefusedError `branch-guard` where the container is another's */
async function guardedBranch(
  ofContainer: string | undefined,
  local: string,
  container: ContainerDetails,
  {environment, force}: SyncWishes,
): Promise<string | undefined> {
  const checkedOut = await readCheckedOutBranch(local, {environment})
  if (ofContainer === undefined || checkedOut === undefined || ofContainer === checkedOut || force)
    return checkedOut ?? ofContainer
  throw new RefusedError(
    `The container ${printable(nameOf(container))} is for branch ${printable(ofContainer)}, and in ${printable(local)} ${printable(checkedOut)} is checked out.`,
    {
      code: 'branch-guard',
      hint: `Check out ${printable(ofContainer)} there, or sync with the container of ${printable(checkedOut)}. With --force it is synced all the same.`,
      data: {folder: local, branch: ofContainer, checkedOut},
    },
  )
}

/** Mutagen's data, on either side, where it lies in what is synced: it changes with every sync. */
async function ownData(local: string, remote: string, home: string, environment: NodeJS.ProcessEnv): Promise<string[]> {
  const there = below(remote, home)
  const data = mutagenFolder(environment)
  const here = below(local, await realpath(data).catch(() => data))
  const agent = there === undefined ? [] : [`/${literal(there)}${there === '' ? '' : '/'}.mutagen*`]
  return [...agent, ...(here === undefined || here === '' ? [] : [`/${literal(here)}`])]
}

function literal(path: string): string {
  return path.replace(/[*?[\]{}\\]/g, '\\$&')
}
