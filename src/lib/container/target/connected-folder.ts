import {lstat, realpath} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ContainerRow} from '../../engine/types.js'
import {KegError} from '../../error/keg-error.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'
import {COMPOSE_FOLDER, running} from './match-rows.js'
import type {Work} from '../../work/work.js'

/** What finding syncs and binds needs. */
export type ConnectedWork = Pick<Work, 'environment'> & {readonly engine: Pick<Engine, 'container' | 'endpoint'>}

/** Where to look among connected folders. */
export interface ConnectedOptions {
  /** The current folder and its parents that count, as given and as real paths. */
  readonly folders: readonly string[]
  /** The checked-out branch. */
  readonly branch: string | undefined
}

/**
 * The containers without a folder label that are connected with one of these folders: by a sync, this branch's first, or
 * else by a bind mount. Running ones come first.
 * @param rows of all containers
 */
export async function connectedRows(
  work: ConnectedWork,
  rows: readonly ContainerRow[],
  options: ConnectedOptions,
): Promise<readonly ContainerRow[]> {
  const unlabelled = rows.filter(({Labels}) => NAMING_LABELS.every((label) => Labels?.[label] === undefined))
  if (unlabelled.length === 0) return []
  const synced = await syncedContainers(work, options)
  const bySync = unlabelled.filter(({Id}) => synced.includes(Id))
  if (bySync.length > 0) return preferRunning(bySync)
  const isBound = async ({Mounts = []}: ContainerRow): Promise<boolean> => {
    const sources = await realFolders(bindSources(Mounts, work))
    return sources.some((source) => options.folders.includes(source))
  }
  const bound = await Promise.all(unlabelled.map(isBound))
  return preferRunning(unlabelled.filter((_, index) => bound[index]))
}

/** Labels that name a container's folder or role; then no other connection counts. */
const NAMING_LABELS = [CONTAINER_LABELS.folder, CONTAINER_LABELS.role, COMPOSE_FOLDER]

/**
 * The folder of a container without a folder label: the current one if it is synced or mounted, or else the synced one, or
 * else the mounted git work tree. If there are several, none.
 * @param synced folders of this machine that are synced with it
 * @param current the current folder; its parents count up to `top`, the top of its repository
 */
export async function connectedFolder(
  container: Pick<ContainerDetails, 'Mounts'>,
  {
    current,
    engine,
    synced,
    top,
  }: {
    readonly current: string
    readonly engine: Pick<Engine, 'endpoint'>
    readonly synced: readonly string[]
    readonly top: string | undefined
  },
): Promise<string | undefined> {
  const here = await foldersUpTo(current, top)
  const ofSyncs = await realFolders(synced)
  const ofBinds = await realFolders(bindSources(container.Mounts, {engine}))
  const own = [...ofSyncs, ...ofBinds].find((folder) => here.includes(folder))
  if (own !== undefined) return own
  if (ofSyncs.length > 0) return ofSyncs.length === 1 ? ofSyncs[0] : undefined
  const trees = await Promise.all(ofBinds.map(async (folder) => ((await isWorkTree(folder)) ? [folder] : [])))
  const [tree, ...others] = trees.flat()
  return others.length === 0 ? tree : undefined
}

/** A folder and its parents up to `top`, as given and as real paths. */
export async function foldersUpTo(folder: string, top: string | undefined): Promise<string[]> {
  const folders = new Set([folder])
  const last = top ?? folder
  for (let path = await realpath(folder).catch(() => folder); ; path = dirname(path)) {
    folders.add(path)
    if (path === last || !path.startsWith(last) || path === dirname(path)) return [...folders]
  }
}

/** Ids of the containers that one of the folders is synced with; none if Mutagen cannot be asked. */
async function syncedContainers(
  {engine, environment}: ConnectedWork,
  {branch, folders}: ConnectedOptions,
): Promise<readonly string[]> {
  try {
    const {sessionsOfFolders} = await import('../sync/sessions-of-folders.js')
    return await sessionsOfFolders(folders, {branch, engine, environment})
  } catch (error) {
    if (!(error instanceof KegError)) throw error
    return []
  }
}

/** The folders of this machine that are mounted into a container; on a remote engine, the paths mean other folders. */
function bindSources(
  mounts: readonly {readonly Type: string; readonly Source: string}[],
  {engine}: {readonly engine: Pick<Engine, 'endpoint'>},
): string[] {
  if (engine.endpoint.kind !== 'socket') return []
  return mounts.flatMap(({Source, Type}) => (Type === 'bind' && Source !== '' ? [Source] : []))
}

function preferRunning(rows: readonly ContainerRow[]): readonly ContainerRow[] {
  return running(rows).length > 0 ? running(rows) : rows
}

async function realFolders(folders: readonly string[]): Promise<readonly string[]> {
  return [...new Set(await Promise.all(folders.map(async (folder) => realpath(folder).catch(() => folder))))]
}

async function isWorkTree(folder: string): Promise<boolean> {
  return (await lstat(join(folder, '.git')).catch(() => undefined)) !== undefined
}
