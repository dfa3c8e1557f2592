/** What the benchmarks of packages share: a container like a developer's, and the procedure that teams used before. */
import {randomBytes} from 'node:crypto'
import {baseImage, docker, uniqueName, type Sandbox} from '../../test/support/docker.js'
import {writeTar} from '../../test/support/tar.js'

export const megabyte = 1_000_000
export const smallFiles = 20_000
export const mount = '/app'
const command = ['sleep', '100000']

/** What the container holds, in words. */
export const contents = `${smallFiles} small files and one of 100 MB in a volume, 50 MB in the container's own layer.`

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

/** A running container like a developer's: many small files, some large ones, half of it not compressible. */
export async function makeContainer(
  sandbox: Sandbox,
  {flags = [], place = 'volume', program = command}: ContainerOptions = {},
): Promise<string> {
  const volume = place === 'volume' ? ['--volume', `${await sandbox.volume('bench')}:${mount}`] : []
  const container = await sandbox.run([...volume, ...flags, baseImage, ...program])
  await docker(['exec', container, 'mkdir', '-p', mount])
  const files = Array.from({length: smallFiles}, (_, index) => ({
    path: `modules/${Math.floor(index / 100)}/${index}.js`,
    content: halfRandom(200 + ((index * 37) % 3000)),
  }))
  await docker(['cp', '-', `${container}:${mount}`], {
    input: writeTar([...files, {path: 'data.bin', content: halfRandom(100 * megabyte)}]),
  })
  await docker(['cp', '-', `${container}:/`], {
    input: writeTar([{path: 'cache/packages.bin', content: halfRandom(50 * megabyte)}]),
  })
  return container
}

/** Bytes of which every second half kilobyte cannot be compressed. */
function halfRandom(length: number): Buffer {
  const part = 512
  const bytes = Buffer.alloc(length, 'const application = createApplication();\n')
  for (let start = 0; start < length; start += 2 * part) randomBytes(Math.min(part, length - start)).copy(bytes, start)
  return bytes
}

/**
 * The procedure that teams used before: an archive of the mount inside the container, commit, a second container that extracts it
 * without mounts, commit again, push.
 */
export async function commitTwice(container: string, reference: string, {gzip}: {gzip: boolean}): Promise<void> {
  const temporary = uniqueName('unpacked')
  const archive = '/keg.tar'
  const flags = gzip ? 'z' : ''
  await docker(['exec', container, 'tar', `-c${flags}f`, archive, '-C', '/', mount.slice(1)])
  await docker(['commit', container, temporary])
  const unpack = ['sh', '-c', `tar -x${flags}f ${archive} -C / && rm ${archive}`]
  await docker(['run', '--name', temporary, temporary, ...unpack])
  await docker(['commit', '--change', `CMD ${JSON.stringify(command)}`, temporary, reference])
  await docker(['rm', temporary])
  await docker(['rmi', temporary])
  await docker(['exec', container, 'rm', archive])
  await docker(['push', '--quiet', reference])
}

/** Total size of the layers in a registry, from the manifest (OCI image-spec, manifest.md). */
export async function layerBytes(address: string, repository: string, tag = 'packaged'): Promise<number> {
  const accept = [
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.docker.distribution.manifest.v2+json',
  ].join(', ')
  const response = await fetch(`http://${address}/v2/${repository}/manifests/${tag}`, {headers: {accept}})
  const {layers} = (await response.json()) as {layers: {size: number}[]}
  return layers.reduce((sum, {size}) => sum + size, 0)
}
