import {readFile, stat} from 'node:fs/promises'
import {posix, resolve} from 'node:path'
import type {ContainerDetails} from '../../engine/types.js'
import {listProperty, property} from '../../json/json.js'
import {hostPath, type MountFacts} from './mount-rules.js'
import {isWithin} from '../../tar/path.js'

/** The secrets in a container's compose files. */
export class ComposeSecrets {
  constructor(
    /** Files of the host. */
    private readonly files: readonly string[],
    /** Paths in the container. */
    private readonly targets: readonly string[],
  ) {}

  /** Whether a mount is one of them, by its source or its destination. */
  includes({destination, source, type}: Pick<MountFacts, 'destination' | 'source' | 'type'>): boolean {
    const target = posix.normalize(`/${destination}`)
    return this.targets.includes(target) || (type === 'bind' && this.files.includes(hostPath(source)))
  }
}

/** The files compose looks for by default, in its order (https://docs.docker.com/compose/intro/compose-application-model/). */
const DEFAULT_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yaml', 'docker-compose.yml']

/**
 * Reads the secrets of a container's service from the compose files that its labels name. To the engine, secrets with a `target`
 * are ordinary binds: only these files show the difference. Ignores files that are not on this machine, or not YAML, and paths
 * with variables in them.
 */
export async function composeSecrets(container: ContainerDetails): Promise<ComposeSecrets> {
  const labels = container.Config.Labels ?? {}
  const service = labels['com.docker.compose.service']
  const folder = labels['com.docker.compose.project.working_dir']
  if (service === undefined || folder === undefined || !folder.startsWith('/')) return new ComposeSecrets([], [])
  const named = labels['com.docker.compose.project.config_files']?.split(',').filter((name) => name !== '') ?? []
  const names = named.length > 0 ? named : DEFAULT_FILES
  const documents = await Promise.all(names.map((name) => read(resolve(folder, name))))
  const files = documents.flatMap((document) => secretFiles(document, folder))
  const targets = documents.flatMap((document) => secretTargets(document, service))
  return new ComposeSecrets(files, targets)
}

/** Nobody writes a compose file this large; in bytes. */
const MAX_SIZE = 1_000_000

async function read(file: string): Promise<unknown> {
  try {
    const found = await stat(file)
    if (!found.isFile() || found.size > MAX_SIZE) return undefined
    const {parse} = await import('yaml')
    return parse(await readFile(file, 'utf8'), {logLevel: 'silent'}) as unknown
  } catch {
    return undefined
  }
}

/** Files of the top-level secrets: `secrets: {NAME: {file: PATH}}`. */
function secretFiles(document: unknown, folder: string): string[] {
  return entriesOf(property(document, 'secrets')).flatMap((secret) => {
    const file = property(secret, 'file')
    return isPlainPath(file) ? [hostPath(resolve(folder, file))] : []
  })
}

/** Where the service mounts them, in the long syntax: `secrets: [{source: NAME, target: PATH}]`. */
function secretTargets(document: unknown, service: string): string[] {
  const secrets = listProperty(property(property(document, 'services'), service), 'secrets')
  return secrets.flatMap((secret) => {
    const target = property(secret, 'target')
    return isPlainPath(target) && isWithin(target, '/') ? [posix.normalize(target)] : []
  })
}

function isPlainPath(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && !/[$~]/.test(value)
}

function entriesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : []
}
