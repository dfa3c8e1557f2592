import type {Engine} from '../../engine/engine.js'
import {EngineError} from '../../engine/engine-error.js'
import {RunningExec} from '../../engine/exec.js'
import type {ContainerDetails} from '../../engine/types.js'
import {readTar} from '../../tar/read-tar.js'
import {isPassing} from './own-changes.js'

/** Generated names of anonymous volumes. */
export const ANONYMOUS = /^[0-9a-f]{64}$/

/** The folders of a container with non-empty anonymous volumes: they are removed with the container. */
export async function filledVolumes(
  engine: Engine,
  {Id, Mounts}: Pick<ContainerDetails, 'Id' | 'Mounts'>,
  signal: AbortSignal,
): Promise<string[]> {
  const anonymous = Mounts.filter(({Name = '', Type}) => Type === 'volume' && ANONYMOUS.test(Name))
  const filled = await Promise.all(
    anonymous.map(async ({Destination}) => ((await hasEntries(engine, Id, Destination, signal)) ? [Destination] : [])),
  )
  return filled.flat().sort()
}

/** The folders of a running container in memory that are not empty: they are lost as soon as it stops. */
export async function filledMemory(engine: Engine, container: ContainerDetails): Promise<string[]> {
  const {Id, State} = container
  if (!State.Running || State.Paused) return []
  const own = memoryPlaces(container).filter((place) => !isPassing(place))
  const filled = await Promise.all(own.map(async (place) => ((await isFilled(engine, Id, place)) ? [place] : [])))
  return filled.flat().sort()
}

/** The folders of a container that are in memory. */
export function memoryPlaces({HostConfig, Mounts}: Pick<ContainerDetails, 'HostConfig' | 'Mounts'>): string[] {
  const ofMounts = Mounts.flatMap(({Destination, Type}) => (Type === 'tmpfs' ? [Destination] : []))
  const ofRequests = (HostConfig.Mounts ?? []).flatMap(({Target, Type}) => (Type === 'tmpfs' && Target ? [Target] : []))
  return [...new Set([...Object.keys(HostConfig.Tmpfs ?? {}), ...ofMounts, ...ofRequests])]
}

/** The engine's archive starts with the folder itself. */
async function hasEntries(engine: Engine, id: string, folder: string, signal: AbortSignal): Promise<boolean> {
  const entries = readTar(await engine.archive(id, folder, signal))[Symbol.asyncIterator]()
  try {
    await entries.next()
    return (await entries.next()).done !== true
  } finally {
    // An open archive holds its container's lock.
    await entries.return(undefined)
  }
}

/** Only a program in the container can read its memory file systems; if it has none that can, assume there is something. */
async function isFilled(engine: Engine, id: string, folder: string): Promise<boolean> {
  try {
    using exec = await RunningExec.start(engine, id, {
      command: ['ls', '-A', folder],
      tty: false,
      hasInput: false,
      user: '0',
    })
    let bytes = 0
    for await (const part of exec.output()) bytes += part.bytes.length
    return bytes > 0
  } catch (error) {
    if (error instanceof EngineError) return true
    throw error
  }
}
