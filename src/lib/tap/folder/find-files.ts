import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {FailedError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {printable} from '../../terminal/text.js'
import type {TapProblem} from './tap-folder.js'

/** Where the parts of a tap lie; undefined for what is not there. */
export interface FoundFiles {
  readonly containerFolder: string
  readonly dockerfile: string | undefined
  readonly composeFile: string | undefined
  readonly mutagenFile: string | undefined
  /** Low to high. */
  readonly valuesFiles: readonly string[]
}

/** Compose's own order (compose-go, cli.DefaultFileNames). */
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'] as const
const CONTAINER_FOLDER = 'container'

/**
 * Looks which files a tap has.
 * @param environmentName as in `values-<environment>.yml`
 * @param problems takes files that stand in each other's way
 * @throws FailedError `tap-folder-unreadable`
 */
export async function findFiles(folder: string, environmentName: string, problems: TapProblem[]): Promise<FoundFiles> {
  const top = await namesIn(folder)
  const hasContainer = top.includes(CONTAINER_FOLDER) && (await isFolder(join(folder, CONTAINER_FOLDER)))
  const containerFolder = hasContainer ? join(folder, CONTAINER_FOLDER) : folder
  const names = hasContainer ? await namesIn(containerFolder) : top
  const first = (wanted: readonly string[]): string | undefined => {
    const [file, ...others] = wanted.filter((name) => names.includes(name)).map((name) => join(containerFolder, name))
    for (const other of others)
      problems.push({
        file: other,
        line: 1,
        column: 1,
        severity: 'warning',
        message: 'this file is not read, because there is another of the kind.',
        hint: `Keep one of them; ${printable(String(file))} counts.`,
      })
    return file
  }
  const dockerfile = names.includes('Dockerfile') ? containerFolder : top.includes('Dockerfile') ? folder : undefined
  const values = [
    first(yamlNames('values')),
    first(yamlNames(`values-${environmentName}`, `values_${environmentName}`)),
  ]
  return {
    containerFolder,
    dockerfile: dockerfile === undefined ? undefined : join(dockerfile, 'Dockerfile'),
    composeFile: first(COMPOSE_FILES),
    mutagenFile: first(yamlNames('mutagen')),
    valuesFiles: values.filter((file) => file !== undefined),
  }
}

/** The environments that a tap has a file of values for. */
export async function environmentsOf(containerFolder: string): Promise<string[]> {
  const names = (await namesIn(containerFolder)).flatMap((name) => /^values[-_](.+)\.ya?ml$/.exec(name)?.[1] ?? [])
  return [...new Set(names)].sort()
}

function yamlNames(...stems: readonly string[]): string[] {
  return stems.flatMap((stem) => [`${stem}.yml`, `${stem}.yaml`])
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    const [what, hint] = TROUBLES[String(property(cause, 'code'))] ?? ['cannot be read', 'Look what it is.']
    throw new FailedError(`The tap's folder ${printable(folder)} ${what}.`, {
      code: 'tap-folder-unreadable',
      hint,
      cause,
    })
  }
}

const LINK_AGAIN = 'Link the folder where it lies now: keg tap link PATH --name NAME'
const TROUBLES: Readonly<Record<string, readonly [what: string, hint: string]>> = {
  EACCES: ['is not yours to read', 'Give yourself the right to read it.'],
  ENOENT: ['is not there', LINK_AGAIN],
  ENOTDIR: ['is no folder', LINK_AGAIN],
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}
