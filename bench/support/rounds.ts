/** One data set, round by round: each way of its container into an empty registry, in turns. */
import {startRegistry} from '../../scripts/setup/registry.js'
import {docker, dockerStream, uniqueName, type Sandbox} from '../../test/support/docker.js'
import {watchRegistry} from '../../test/engine/registry/watched-registry.js'
import {editLine, type DataSet} from './data-sets.js'
import {commitAndPush, commitTwice, layerBytes} from './developer-container.js'
import {packageWithKeg, type KegPackage} from './keg-package.js'
import {timed} from './measure.js'
import {isFailure, type Again, type Failure, type Pause, type Round, type Run, type Way} from './results.js'
import {skopeoCopy, skopeoObstacle} from './skopeo.js'

export interface Containers {
  readonly sandbox: Sandbox
  readonly dataSet: DataSet
  /** Its files are in a volume. */
  readonly mounted: string
  /** Its files are in its own layer; paused while it is not measured. */
  readonly flat: string
}

/** What a round has measured, and what keg counted in the package. */
export interface MeasuredRound {
  readonly round: Round
  readonly counted?: {readonly bytes: number; readonly entries: number}
}

type OwnRegistry = Awaited<ReturnType<typeof startRegistry>>

/** Measures each way once. @param turn which of them is the first: otherwise the same one would always find the engine just cleaned */
export async function measureRound(containers: Containers, turn: number): Promise<MeasuredRound> {
  const {dataSet, flat, mounted, sandbox} = containers
  const ways: Partial<Record<Way, Run | Failure>> = {}
  let kegs: Awaited<ReturnType<typeof measureKeg>> | undefined
  const units = [
    async () => {
      kegs = await measureKeg(containers)
      Object.assign(ways, kegs.ways)
    },
    async () => {
      if (!dataSet.isThroughEngine) return
      ways.kegThroughEngine = await attempt('keg through the engine', () =>
        withReference(sandbox, async ({pid}, reference) => {
          const state = await sandbox.temporaryFolder('state')
          return packageWithKeg(sandbox, mounted, reference, {via: 'engine', state, registryPid: pid()})
        }),
      )
    },
    async () => {
      ways.archiveTwice = await attempt('archive, commit twice, push', () =>
        withReference(sandbox, (_, reference) =>
          measured(() => commitTwice(mounted, reference, {folder: dataSet.mount, gzip: true})),
        ),
      )
    },
    async () => {
      await docker(['unpause', flat])
      ways.commitAndPush = await attempt('docker commit, docker push', () =>
        withReference(sandbox, (_, reference) => measured(() => commitAndPush(flat, reference))),
      )
      await docker(['pause', flat])
    },
  ]
  for (let index = 0; index < units.length; index++) await units[(index + turn) % units.length]?.()
  const {again, counted, pause} = kegs ?? {}
  return {round: {ways, ...(again && {again}), ...(pause && {pause})}, counted}
}

/** keg straight into the registry, then the second package, a plain read, and the copy of the finished image by skopeo. */
async function measureKeg({dataSet, mounted, sandbox}: Containers) {
  const registry = await startRegistry()
  const repository = uniqueName('bench')
  const reference = `${registry.address}/${repository}:packaged`
  const options = {via: 'registry', state: await sandbox.temporaryFolder('state')} as const
  try {
    const first = await attempt('keg', async () => {
      const made = await packageWithKeg(sandbox, mounted, reference, {...options, registryPid: registry.pid()})
      return {...made, registryBytes: await layerBytes(registry.address, repository)}
    })
    if (isFailure(first)) return {ways: {keg: first}}
    await editLine(dataSet, mounted, `// ${repository}`)
    const {address, value} = await watched(registry, (sentBytes) =>
      attempt('keg, again', async (): Promise<Again> => {
        const {milliseconds} = await packageWithKeg(sandbox, mounted, reference, options)
        return {milliseconds, sentBytes: sentBytes(), firstBytes: first.registryBytes}
      }),
    )
    const pause = await attempt('plain read', () => readPlainly(dataSet, mounted, first.pausedMilliseconds))
    const obstacle = skopeoObstacle()
    const skopeo =
      obstacle === undefined
        ? await attempt('skopeo copy', () => measureSkopeo(sandbox, `${address}/${repository}:packaged`))
        : {failure: obstacle}
    return {ways: {keg: runOf(first), skopeo}, again: value, pause, counted: first}
  } finally {
    await registry.stop()
  }
}

/** Has a proxy count what an action sends to a registry; at the address that it had, since keg remembers packages by their reference. */
async function watched<T>(
  registry: OwnRegistry,
  action: (sentBytes: () => number) => Promise<T>,
): Promise<{readonly address: string; readonly value: T}> {
  const address = await registry.move()
  const proxy = await watchRegistry(address, {}, Number(registry.address.split(':')[1]))
  try {
    return {address, value: await action(() => proxy.bytes())}
  } finally {
    await proxy.close()
  }
}

/** What a package reads, without keg: a commit, and then the archive of the mount, into nothing. */
async function readPlainly({mount}: DataSet, container: string, pausedMilliseconds: number): Promise<Pause> {
  const image = uniqueName('plain')
  const commitMilliseconds = await timed(() => docker(['commit', container, image]))
  await docker(['rmi', image])
  // As keg does it: while it is read, nothing writes.
  await docker(['pause', container])
  try {
    const readMilliseconds = await timed(async () => {
      for await (const chunk of dockerStream(['cp', `${container}:${mount}`, '-'])) chunk.fill(0, 0, 1)
    })
    return {pausedMilliseconds, commitMilliseconds, readMilliseconds}
  } finally {
    await docker(['unpause', container])
  }
}

/** @param image in a registry; it is pulled before the clock starts */
async function measureSkopeo(sandbox: Sandbox, image: string): Promise<Run> {
  await docker(['pull', '--quiet', sandbox.addImage(image)])
  const folder = await sandbox.temporaryFolder('skopeo')
  try {
    return await withReference(sandbox, (_, reference) => measured(() => skopeoCopy(image, reference, folder)))
  } finally {
    await sandbox.removeImage(image)
  }
}

/** Gives an action a reference in an empty registry, and removes both afterwards: nothing can skip what already exists. */
async function withReference(
  sandbox: Sandbox,
  action: (registry: OwnRegistry, reference: string) => Promise<KegPackage | {readonly milliseconds: number}>,
): Promise<Run> {
  const registry = await startRegistry()
  const repository = uniqueName('bench')
  const reference = sandbox.addImage(`${registry.address}/${repository}:packaged`)
  try {
    const made = await action(registry, reference)
    return runOf({...made, registryBytes: await layerBytes(registry.address, repository)})
  } finally {
    await sandbox.removeImage(reference)
    await registry.stop()
  }
}

async function measured(action: () => Promise<unknown>): Promise<{readonly milliseconds: number}> {
  return {milliseconds: await timed(action)}
}

/** Only what a run is known by. */
function runOf({memoryBytes, milliseconds, processorTime, registryBytes}: Run): Run {
  return {milliseconds, registryBytes, ...(memoryBytes !== undefined && {memoryBytes, processorTime})}
}

/** A way that fails is no reason to measure nothing else. */
export async function attempt<T extends object>(title: string, action: () => Promise<T>): Promise<T | Failure> {
  try {
    return await action()
  } catch (error) {
    console.log(`${title}: ${error instanceof Error ? error.message : String(error)}`)
    // The message may have paths of this machine.
    return {failure: 'failed'}
  }
}
