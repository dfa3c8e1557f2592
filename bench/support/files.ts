/** Makes files in containers: bytes, folders that the machine has, and many files at once. */
import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {docker} from '../../test/support/docker.js'
import {writeTar} from '../../test/support/tar.js'

export const megabyte = 1_000_000

/** How much is sent to the engine in one archive: it is held in memory. */
const MAX_ARCHIVE_BYTES = 100 * megabyte

export interface NewFile {
  /** Relative to the folder they are made in. */
  readonly path: string
  readonly bytes: number
}

/** Bytes of which every second half kilobyte cannot be compressed. */
export function halfRandom(length: number): Buffer {
  const part = 512
  const bytes = Buffer.alloc(length, 'const application = createApplication();\n')
  for (let start = 0; start < length; start += 2 * part) randomBytes(Math.min(part, length - start)).copy(bytes, start)
  return bytes
}

/** As small as files of source code: 200 to 3,200 bytes, 1.7 kB on average. */
export function smallFiles(count: number): NewFile[] {
  return Array.from({length: count}, (_, index) => ({
    path: `modules/${Math.floor(index / 100)}/${index}.js`,
    bytes: 200 + ((index * 37) % 3000),
  }))
}

/** A number of files of the same size. */
export function sameFiles(folder: string, count: number, bytes: number): NewFile[] {
  return Array.from({length: count}, (_, index) => ({path: `${folder}/${index}.bin`, bytes}))
}

/** Makes files below a folder of a container; half of their bytes cannot be compressed. */
export async function makeFiles(container: string, folder: string, files: readonly NewFile[]): Promise<void> {
  await docker(['exec', '--user', '0', container, 'mkdir', '-p', folder])
  let batch: NewFile[] = []
  let size = 0
  const send = async (): Promise<void> => {
    const entries = batch.map(({bytes, path}) => ({path, content: halfRandom(bytes)}))
    await docker(['cp', '-', `${container}:${folder}`], {input: writeTar(entries)})
    batch = []
    size = 0
  }
  for (const file of files) {
    if (batch.length > 0 && size + file.bytes > MAX_ARCHIVE_BYTES) await send()
    batch.push(file)
    size += file.bytes
  }
  await send()
}

/** Copies a folder of this machine into a folder of a container. */
export async function copyFolder(parent: string, name: string, container: string, folder: string): Promise<void> {
  await docker(['exec', '--user', '0', container, 'mkdir', '-p', folder])
  const tar = spawn('tar', ['-c', '-C', parent, '--exclude=.cache', name], {stdio: ['ignore', 'pipe', 'inherit']})
  const copy = spawn('docker', ['cp', '-', `${container}:${folder}`], {stdio: [tar.stdout, 'ignore', 'inherit']})
  // The copy has it; an open end here would keep tar from noticing that the copy is gone.
  tar.stdout.destroy()
  const codes = await Promise.all([tar, copy].map(async (child) => (await once(child, 'close')) as [number | null]))
  if (codes.some(([code]) => code !== 0)) throw new Error(`${name} could not be copied into a container`)
}
