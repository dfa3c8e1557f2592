import {randomUUID} from 'node:crypto'
import {readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {stateFolder, stateUnwritable} from '../process/state-folder.js'
import type {Engine} from '../engine/engine.js'
import type {ContainerDetails} from '../engine/types.js'
import {makeFolder} from '../process/make-folder.js'
import {parseJson, property} from '../json/json.js'
import {nameOf} from './container-name.js'
import type {Work} from '../work/work.js'

/** What keg stores about a container on this machine: labels cannot change after its creation. */
export interface ContainerState {
  /** The engine's own id; empty if it reports none. */
  readonly engine: string
  readonly name: string
  /** Whether the tap's command was last started in the background. */
  readonly detached?: boolean
  /** Whether it was kept for inspection, though `--rm` would have removed it. */
  readonly kept?: boolean
}

/** What container state needs: the environment says where it is, and the engine which containers are gone. */
export type ContainerStateWork = Pick<Work, 'environment'> & {readonly engine: Pick<Engine, 'containers' | 'facts'>}

/** A container that is gone and still has stored state. */
export interface GoneContainer {
  readonly id: string
  readonly name: string
}

const FILE = 'container.json'

/** The folder of a container's state, whether it exists or not. @param id all 64 digits */
export function containerStateFolder(id: string, environment: NodeJS.ProcessEnv): string {
  if (!isId(id)) throw new Error(`no id of a container: ${id}`)
  return join(foldersIn(environment), id)
}

/** The stored state of a container, if any. */
export async function readContainerState(
  id: string,
  environment: NodeJS.ProcessEnv,
): Promise<ContainerState | undefined> {
  const text = await readFile(join(containerStateFolder(id, environment), FILE), 'utf8').catch(() => undefined)
  const value = text === undefined ? undefined : parseJson(text)
  const [engine, name] = [property(value, 'engine'), property(value, 'name')]
  if (typeof engine !== 'string' || typeof name !== 'string') return undefined
  const [detached, kept] = [property(value, 'detached'), property(value, 'kept')]
  return {
    engine,
    name,
    ...(typeof detached === 'boolean' && {detached}),
    ...(typeof kept === 'boolean' && {kept}),
  }
}

/**
 * Stores state of a container, and removes the state of containers that this engine no longer has.
 * @returns the folder of its state. @throws FailedError `state-unwritable`
 */
export async function rememberContainer(
  {engine, environment}: ContainerStateWork,
  container: Pick<ContainerDetails, 'Id' | 'Name'>,
  change: Pick<ContainerState, 'detached' | 'kept'>,
): Promise<string> {
  const folder = containerStateFolder(container.Id, environment)
  const before = await readContainerState(container.Id, environment)
  const state: ContainerState = {engine: engineId(engine), name: nameOf(container), ...before, ...change}
  if (before !== undefined && JSON.stringify(state) === JSON.stringify({...before})) return folder
  const draft = join(folder, `${randomUUID()}.draft`)
  try {
    await makeFolder(folder, 0o700)
    await writeFile(draft, `${JSON.stringify(state)}\n`, {flag: 'wx', mode: 0o600})
    await rename(draft, join(folder, FILE))
  } catch (cause) {
    await rm(draft, {force: true}).catch(() => undefined)
    throw stateUnwritable(folder, cause)
  }
  if (before === undefined)
    for (const {id} of await findGoneContainers(engine, environment).catch(() => []))
      await forgetContainer(id, environment)
  return folder
}

/** Removes the stored state of a container. State that cannot be removed stays: keg doctor shows it. */
export async function forgetContainer(id: string, environment: NodeJS.ProcessEnv): Promise<void> {
  await rm(containerStateFolder(id, environment), {force: true, recursive: true}).catch(() => undefined)
}

/** Containers of this engine that are gone and still have stored state. Those of other engines are ignored. */
export async function findGoneContainers(
  engine: ContainerStateWork['engine'],
  environment: NodeJS.ProcessEnv,
): Promise<GoneContainer[]> {
  const own = engineId(engine)
  if (own === '') return []
  const names = await readdir(foldersIn(environment)).catch(() => [])
  const states = await Promise.all(
    names.filter(isId).map(async (id) => ({id, state: await readContainerState(id, environment)})),
  )
  const known = states.flatMap(({id, state}) => (state?.engine === own ? [{id, name: state.name}] : []))
  if (known.length === 0) return []
  // Only after the states were read, so that a new container with state is in the list.
  const there = new Set((await engine.containers()).map(({Id}) => Id))
  return known.filter(({id}) => !there.has(id))
}

function engineId({facts}: Pick<Engine, 'facts'>): string {
  return facts.info.ID ?? ''
}

function foldersIn(environment: NodeJS.ProcessEnv): string {
  return join(stateFolder(environment), 'containers')
}

/** Anything else could be a path to another folder. */
function isId(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text)
}
