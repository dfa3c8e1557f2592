/** The docker command line for the tests: commands, unique names, and a sandbox that removes what a test made. */
import {spawn} from 'node:child_process'
import {randomBytes} from 'node:crypto'
import {once} from 'node:events'
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {buffer, text} from 'node:stream/consumers'

import {isStoreRace} from '../../src/lib/engine/retry.js'
import {listLabelled, remove} from './engine-api.js'
import {readTar, writeTar, type FileEntry} from './tar.js'

/** The image that the tests build on. It is built on the machine, without a hub. */
export const baseImage = process.env.KEG_TEST_IMAGE ?? 'busybox:local'

/** The label of everything that a test makes; its value is the sandbox's id. */
export const testLabel = 'test.keg.sandbox'

export interface DockerOptions {
  /** Added to the environment of the tests (DOCKER_HOST is taken from there). */
  environment?: Record<string, string>
  input?: Buffer | string
}

/** How often a docker command is run at most. */
const MAX_TRIES = 3

/** A docker command that failed. */
export class DockerError extends Error {
  constructor(
    readonly commandArguments: readonly string[],
    readonly exitCode: number | null,
    readonly stderr: string,
    /** The end of its output: `docker exec` says there why a program did not start. */
    stdout = '',
  ) {
    const said = [stderr, stdout].map((part) => part.trim()).filter((part) => part !== '')
    super(`docker ${commandArguments.join(' ')} ended with ${exitCode ?? 'a signal'}: ${said.join('\n')}`)
    this.name = 'DockerError'
  }
}

/**
 * Runs docker and yields its stdout in chunks. Throws a DockerError at the end if it failed; stops it when the caller
 * stops reading.
 */
export async function* dockerStream(
  commandArguments: readonly string[],
  {environment = {}, input}: DockerOptions = {},
): AsyncGenerator<Buffer> {
  const child = spawn('docker', commandArguments, {
    env: {...process.env, ...environment},
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  // A child that fails before it reads its input closes the pipe; its exit code says more than EPIPE.
  child.stdin.on('error', () => undefined)
  child.stdin.end(input)
  const closed = once(child, 'close') as Promise<[number | null]>
  closed.catch(() => undefined)
  let isDone = false
  let last: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of child.stdout) {
      last = chunk as Buffer
      yield last
    }
    const [exitCode] = await closed
    isDone = true
    if (exitCode !== 0) throw new DockerError(commandArguments, exitCode, stderr, last.subarray(-500).toString('utf8'))
  } finally {
    if (!isDone) child.kill()
  }
}

/**
 * Runs docker and returns its stdout without the last newline; again, as keg does, if the engine's image store lost a race with what other
 * tests remove. Throws a DockerError with its stderr if it fails.
 */
export async function docker(commandArguments: readonly string[], options: DockerOptions = {}): Promise<string> {
  for (let tries = 1; ; tries++) {
    try {
      return (await text(dockerStream(commandArguments, options))).replace(/\n$/, '')
    } catch (error) {
      const isRace = error instanceof DockerError && isStoreRace(error.stderr)
      if (!isRace || tries === MAX_TRIES) throw error
    }
  }
}

/**
 * Builds an image with the classic builder: only the engine has the tests' base image. Without its cache, which on a containerd store fails
 * if another test removes one of the images in it meanwhile.
 * @param buildArguments of `docker build`: options and the context
 */
export async function buildImage(buildArguments: readonly string[], input?: DockerOptions['input']): Promise<void> {
  await docker(['build', '--quiet', '--no-cache', '--force-rm', ...buildArguments], {
    environment: {DOCKER_BUILDKIT: '0'},
    input,
  })
}

/** A unique name, valid for containers, volumes, networks and image repositories. */
export function uniqueName(prefix: string): string {
  return `keg-test-${prefix}-${randomBytes(6).toString('hex')}`
}

/** The contents of an image with plain names, for `imageFromFiles`. */
export async function filesOf(image: string): Promise<FileEntry[]> {
  const container = await docker(['create', '--pull', 'never', '--label', testLabel, image, '/never-started'])
  try {
    const entries: FileEntry[] = []
    for await (const {body, gid, link, mode, mtime, name, type, uid} of readTar(dockerStream(['export', container]))) {
      // What the engine creates in each container.
      if (/^(?:\.dockerenv$|dev\/|proc\/|sys\/|etc\/(?:hosts|hostname|mtab|resolv\.conf)$)/.test(name)) continue
      const content = await buffer(body)
      entries.push({content, gid, link: Buffer.from(link, 'latin1'), mode, mtime, path: name, type, uid})
    }
    return entries
  } finally {
    await docker(['rm', '--force', container])
  }
}

export interface ImageOptions {
  /** The base image; default: none, only the files. */
  from?: string
  /** Dockerfile lines after the files: VOLUME, USER, HEALTHCHECK, CMD, RUN (with `from`) ... */
  instructions?: readonly string[]
  /** Further layers, each a list of entries. */
  upperLayers?: readonly (readonly FileEntry[])[]
}

/**
 * Remembers what a test made and removes it in `clean()`, to be called from afterEach or after. Everything it makes has
 * `label`; images have it too, so what keg derives from them (packages, helper containers) is found and removed as
 * well.
 */
export class Sandbox {
  readonly id = randomBytes(8).toString('hex')
  readonly label = `${testLabel}=${this.id}`
  private readonly containers = new Set<string>()
  private readonly folders = new Set<string>()
  private readonly images = new Set<string>()
  private readonly networks = new Set<string>()
  private readonly volumes = new Set<string>()

  /** `docker run -d` with these arguments (options, image, command). Returns the container's id. */
  async run(runArguments: readonly string[]): Promise<string> {
    return this.addContainer(await docker(['run', '-d', '--pull', 'never', '--label', this.label, ...runArguments]))
  }

  /** `docker create` with these arguments. Returns the container's id. */
  async create(createArguments: readonly string[]): Promise<string> {
    return this.addContainer(await docker(['create', '--pull', 'never', '--label', this.label, ...createArguments]))
  }

  /** Creates a named volume and returns its name. */
  async volume(prefix = 'volume'): Promise<string> {
    return this.addVolume(await docker(['volume', 'create', '--label', this.label, uniqueName(prefix)]))
  }

  /** Creates a network and returns its name. */
  async network(prefix = 'network'): Promise<string> {
    const name = uniqueName(prefix)
    this.networks.add(name)
    await docker(['network', 'create', '--label', this.label, name])
    return name
  }

  /** Creates an empty temporary folder and returns its path. */
  async temporaryFolder(prefix = 'folder'): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), `keg-test-${prefix}-`))
    this.folders.add(folder)
    return folder
  }

  /**
   * Makes an image of tar entries, so owners, modes, times, capabilities and names are exactly as given. A single layer
   * of files goes through `docker import`; everything else through the classic builder, which keeps them too. Returns
   * the reference.
   */
  async imageFromFiles(name: string, entries: readonly FileEntry[], options: ImageOptions = {}): Promise<string> {
    const {from = 'scratch', instructions = [], upperLayers = []} = options
    this.addImage(name)
    if (
      from === 'scratch' &&
      upperLayers.length === 0 &&
      !instructions.some((line) => /^(RUN|ADD|COPY|STOPSIGNAL)\b/i.test(line))
    ) {
      const changes = [...instructions, `LABEL ${this.label}`].flatMap((line) => ['--change', line])
      await docker(['import', ...changes, '-', name], {input: writeTar(entries)})
      return name
    }
    const layers = [entries, ...upperLayers]
    const dockerfile = [
      `FROM ${from}`,
      `LABEL ${this.label}`,
      ...layers.map((_, index) => `ADD layer${index}.tar /`),
      ...instructions,
    ]
    const context = writeTar([
      {content: `${dockerfile.join('\n')}\n`, path: 'Dockerfile'},
      ...layers.map((layer, index) => ({content: writeTar(layer), path: `layer${index}.tar`})),
    ])
    await buildImage(['--tag', name, '-'], context)
    return name
  }

  /** Has `clean()` remove a container that was made elsewhere. Returns it. */
  addContainer(container: string): string {
    this.containers.add(container)
    return container
  }

  /** Has `clean()` remove an image that was made elsewhere, by its reference. Returns the reference. */
  addImage(reference: string): string {
    this.images.add(reference)
    return reference
  }

  /** Has `clean()` remove a network that was made elsewhere. Returns it. */
  addNetwork(network: string): string {
    this.networks.add(network)
    return network
  }

  /** Has `clean()` remove a volume that was made elsewhere. Returns its name. */
  addVolume(volume: string): string {
    this.volumes.add(volume)
    return volume
  }

  /** Removes an image now, if it exists. Only this reference is removed if others name the same image. */
  async removeImage(reference: string): Promise<void> {
    this.images.delete(reference)
    await removeAll('images', referencesOf(reference))
  }

  /** Removes everything that was made or has the label. Tries all of it, then throws with what could not be removed. */
  async clean(): Promise<void> {
    const failures: unknown[] = []
    const attempt = async (action: () => Promise<void>) => {
      try {
        await action()
      } catch (error) {
        failures.push(error)
      }
    }
    await attempt(async () => {
      const labelled = await listLabelled('containers', this.label)
      await removeAll('containers', [...new Set([...this.containers, ...labelled])])
      this.containers.clear()
    })
    await attempt(async () => {
      await removeAll('networks', [...this.networks, ...(await listLabelled('networks', this.label))])
      this.networks.clear()
    })
    await attempt(async () => {
      await removeAll('volumes', [...new Set([...this.volumes, ...(await listLabelled('volumes', this.label))])])
      this.volumes.clear()
    })
    await attempt(async () => {
      await removeAll('images', [...this.images].flatMap(referencesOf))
      this.images.clear()
    })
    await attempt(() => this.removeLabelledImages())
    for (const folder of this.folders) await attempt(() => rm(folder, {force: true, recursive: true}))
    this.folders.clear()
    if (failures.length > 0)
      throw new AggregateError(failures, `sandbox ${this.id} is not clean: ${failures.map(String).join('; ')}`)
  }

  /** A parent can be removed only after its children, so repeats as long as a round removes something. */
  private async removeLabelledImages(): Promise<void> {
    let before = Number.POSITIVE_INFINITY
    for (;;) {
      const images = await listLabelled('images', this.label)
      if (images.length === 0) return
      try {
        await removeAll('images', images)
      } catch (error) {
        if (images.length >= before) throw error
      }
      before = images.length
    }
  }
}

/** `name:tag@digest` is two entries in an engine: the tag and the digest. */
function referencesOf(reference: string): string[] {
  const [named = '', digest] = reference.split('@')
  if (digest === undefined) return [named]
  const repository = named.replace(/:[^/:]*$/, '')
  const withDigest = `${repository}@${digest}`
  return repository === named ? [withDigest] : [named, withDigest]
}

/** Removes one by one, and continues after a failure. */
async function removeAll(kind: Parameters<typeof remove>[0], names: readonly string[]): Promise<void> {
  const failures: unknown[] = []
  for (const name of names) {
    try {
      await remove(kind, name)
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, failures.map(String).join('; '))
}
