/** Shared by the tests of `keg docker package`: containers to be packaged, packages of them, and the comparison of both. */
import {expect} from 'chai'

import type {CompareOptions} from '../../support/compare.js'
import {compareSnapshots} from '../../support/compare.js'
import type {Sandbox} from '../../support/docker.js'
import {docker, uniqueName} from '../../support/docker.js'
import type {KegOptions, KegResult} from '../../support/keg.js'
import {keg} from '../../support/keg.js'
import type {Snapshot} from '../../support/snapshot.js'
import {snapshotContainer, snapshotImage, snapshotImageFiles} from '../../support/snapshot.js'

/** `package --json` as promised to scripts. */
export interface PackageJson {
  branch: string | null
  bytes: number
  commit: string | null
  container: string
  digest: string | null
  dirty: boolean | null
  entries: number
  folder: string | null
  image: string | null
  layers: number
  mounts: MountJson[]
  name: string
  pause: string
  pausedMilliseconds: number
  pinned: string | null
  pushed: boolean
  reference: string
  run: string
  settings: unknown
  tags: string[]
  verification: {differences: unknown; entries: number; notCompared?: string[]} | null
  warnings: string[]
  writers: {container: string; mounts: string[]; paused: boolean}[]
}

export interface MountJson {
  bytes: number | null
  content: string | null
  destination: string
  flag: string | null
  included: boolean
  reason: string | null
  type: string
}

const promisedKeys = [
  ...['reference', 'pinned', 'digest', 'image', 'name', 'tags', 'container', 'folder', 'branch', 'commit', 'dirty'],
  ...['mounts', 'layers', 'bytes', 'entries', 'pausedMilliseconds', 'pause', 'verification', 'pushed', 'run'],
]

/** The JSON of a run that must have succeeded, with every promised field. */
export function packageJson(run: KegResult): PackageJson {
  expect(run.code, run.stdout + run.stderr).to.equal(0)
  const result = run.json()
  expect(result).to.include.all.keys(promisedKeys)
  return result as unknown as PackageJson
}

/** Runs shell lines in a running container as root; throws if one of them fails. */
export async function inContainer(container: string, script: string): Promise<string> {
  return docker(['exec', '--interactive', '--user', '0', container, 'sh', '-e'], {input: script})
}

/** Starts a container that only waits, and runs shell lines in it. Returns its id. */
export async function waitingContainer(
  sandbox: Sandbox,
  runArguments: readonly string[],
  script: string,
): Promise<string> {
  const container = await sandbox.run([...runArguments, 'sleep', '3600'])
  await inContainer(container, script)
  return container
}

/** Everything temporary of one run of keg: helper containers, and images that are not its package. */
export async function temporaryThings(run: string, image: string | null): Promise<string[]> {
  const label = ['--filter', `label=com.keg.run=${run}`]
  const helpers = await docker(['ps', '--all', '--quiet', ...label, '--filter', 'label=com.keg.role=helper'])
  const images = await docker(['images', '--all', '--quiet', '--no-trunc', ...label])
  return [...helpers.split('\n'), ...images.split('\n')].filter((id) => id !== '' && id !== image)
}

export interface Labels {
  [name: string]: string | undefined
}

export async function labelsOf(image: string): Promise<Labels> {
  return JSON.parse(await docker(['image', 'inspect', '--format', '{{json .Config.Labels}}', image])) as Labels
}

/** With KEG_TEST_VIA=registry, packages go straight into the registry, and are pulled from there. */
const wayFlags =
  process.env.KEG_TEST_VIA === 'registry'
    ? ['--via', 'registry', '--registry', `${process.env.KEG_TEST_REGISTRY ?? '127.0.0.1:5010'}/via`]
    : []

/**
 * Packages a container under a unique name and the tag `one`, and expects that nothing temporary of this run is left: neither
 * containers and images in the engine, nor files. The sandbox removes the package.
 */
export async function packageOf(
  sandbox: Sandbox,
  container: string,
  flags: readonly string[] = [],
  options: KegOptions = {},
): Promise<PackageJson> {
  const names = ['--name', uniqueName('package'), '-t', 'one', ...wayFlags]
  const run = await keg(['docker', 'package', container, ...names, '--json', ...flags], options)
  const result = packageJson(run)
  sandbox.addImage(result.reference)
  if (result.pushed && result.image === null) {
    await docker(['pull', '--quiet', result.reference])
    result.image = await docker(['image', 'inspect', '--format', '{{.Id}}', result.reference])
  }
  const id = (await labelsOf(result.reference))['com.keg.run'] ?? ''
  expect(id, 'the id of the run').to.match(/^[\w-]{8,}$/)
  expect(await temporaryThings(id, result.image), 'left in the engine').to.deep.equal([])
  expect(run.leftovers, 'left in the folder for temporary files').to.deep.equal([])
  return result
}

/** Expects the package to hold what the container holds, mounts included, entry by entry. Returns the package's files. */
export async function expectSameFiles(
  container: string,
  reference: string,
  options: CompareOptions = {},
): Promise<Snapshot> {
  const files = await snapshotImageFiles(reference)
  expect(compareSnapshots(await snapshotContainer(container), files, options)).to.deep.equal([])
  return files
}

/** Expects a reviewer's container to hold, before its first process runs, what the container holds, new volumes included. */
export async function expectSameContainer(
  container: string,
  reference: string,
  options: CompareOptions = {},
): Promise<void> {
  expect(compareSnapshots(await snapshotContainer(container), await snapshotImage(reference), options)).to.deep.equal(
    [],
  )
}

/** Paths below a folder, without the folder. */
export function pathsBelow(files: Snapshot, folder: string): string[] {
  return [...files.keys()].filter((path) => path.startsWith(`${folder}/`)).sort()
}

/** The mount with this destination; throws if the result has none. */
export function mountAt(result: PackageJson, destination: string): MountJson {
  const mount = result.mounts.find((each) => each.destination === destination)
  if (mount === undefined) throw new Error(`no mount ${destination} in ${JSON.stringify(result.mounts)}`)
  return mount
}

/** One value of `docker inspect` of a container. */
export async function inspected(container: string, format: string): Promise<string> {
  return docker(['container', 'inspect', '--format', format, container])
}
