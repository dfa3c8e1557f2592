/** What the benchmarks of packages share: a container like a developer's, and the procedure that teams used before. */
import {baseImage, docker, uniqueName, type Sandbox} from '../../test/support/docker.js'
import {makeFiles, megabyte, smallFiles} from './files.js'

export const mount = '/app'
const command = ['sleep', '100000']

/** What the container holds, in words. */
export const contents = '20,000 small files and one of 100 MB in a volume, 50 MB in the container’s own layer.'

/** Where the files that are in the mount go. */
export type Place = 'volume' | 'own layer'

export interface ContainerOptions {
  /** Where most of it is. */
  readonly place?: Place
  /** What it runs (default: nothing that matters). */
  readonly program?: readonly string[]
  /** More flags of docker run. */
  readonly flags?: readonly string[]
}

/** A running container without files of its own. */
export async function startContainer(
  sandbox: Sandbox,
  {flags = [], place = 'volume', program = command}: ContainerOptions = {},
): Promise<string> {
  const volume = place === 'volume' ? ['--volume', `${await sandbox.volume('bench')}:${mount}`] : []
  return sandbox.run([...volume, ...flags, baseImage, ...program])
}

/** A running container like a developer's: many small files, some large ones, half of it not compressible. */
export async function makeContainer(sandbox: Sandbox, options: ContainerOptions = {}): Promise<string> {
  const container = await startContainer(sandbox, options)
  await makeFiles(container, mount, [...smallFiles(20_000), {path: 'data.bin', bytes: 100 * megabyte}])
  await makeFiles(container, '/cache', [{path: 'packages.bin', bytes: 50 * megabyte}])
  return container
}

/**
 * The procedure that teams used before: an archive of the mount inside the container, commit, a second container that extracts it
 * without mounts, commit again, push.
 */
export async function commitTwice(
  container: string,
  reference: string,
  {folder = mount, gzip}: {readonly folder?: string; readonly gzip: boolean},
): Promise<void> {
  const temporary = uniqueName('unpacked')
  const archive = '/keg.tar'
  const flags = gzip ? 'z' : ''
  const asRoot = ['--user', '0']
  await docker(['exec', ...asRoot, container, 'tar', `-c${flags}f`, archive, '-C', '/', folder.slice(1)])
  try {
    await docker(['commit', container, temporary])
  } finally {
    await docker(['exec', ...asRoot, container, 'rm', archive])
  }
  try {
    const unpack = ['sh', '-c', `tar -x${flags}f ${archive} -C / && rm ${archive}`]
    await docker(['run', ...asRoot, '--name', temporary, temporary, ...unpack])
    await docker(['commit', '--change', `CMD ${JSON.stringify(command)}`, temporary, reference])
  } finally {
    await docker(['rm', '--force', temporary])
    await docker(['rmi', temporary])
  }
  await docker(['push', '--quiet', reference])
}

/** Commits a container, and has the engine push it. */
export async function commitAndPush(container: string, reference: string): Promise<void> {
  await docker(['commit', container, reference])
  await docker(['push', '--quiet', reference])
}

/** The layers in a registry, from the manifest (OCI image-spec, manifest.md): their size together. */
export async function layerBytes(address: string, repository: string, tag = 'packaged'): Promise<number> {
  const accept = [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ].join(', ')
  const response = await fetch(`http://${address}/v2/${repository}/manifests/${tag}`, {headers: {accept}})
  const {layers} = (await response.json()) as {layers: {size: number}[]}
  return layers.reduce((sum, {size}) => sum + size, 0)
}
