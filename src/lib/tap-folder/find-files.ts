import {readdir, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {FailedError} from '../error/keg-error.js'
import {property} from '../json/json.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import type {TapProblem} from './model.js'

/** Where the parts of a tap are; undefined for missing ones. */
export interface FoundFiles {
  readonly containerFolder: string
  readonly dockerfile: string | undefined
  readonly composeFile: string | undefined
  /** What compose merges with the compose file by default. */
  readonly composeOverride: string | undefined
  readonly mutagenFile: string | undefined
  /** The lowest first. */
  readonly valuesFiles: readonly string[]
}

/** Compose's own order (compose-go, cli.DefaultFileNames). */
export const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'] as const
/** Also in compose's order (cli.DefaultOverrideFileNames), whatever the name of the base file. */
const COMPOSE_OVERRIDES = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
] as const
const CONTAINER_FOLDER = 'container'

/**
 * Finds the files of a tap.
 * @param environmentName as in `values-<environment>.yml`
 * @param problems receives conflicting files
 * @param name of the link, for hints
 * @throws FailedError `tap-folder-unreadable`
 */
export async function findFiles(
  folder: string,
  environmentName: string,
  problems: TapProblem[],
  name?: string,
): Promise<FoundFiles> {
  const top = await namesIn(folder, name)
  const hasContainer = top.includes(CONTAINER_FOLDER) && (await isFolder(join(folder, CONTAINER_FOLDER)))
  const containerFolder = hasContainer ? join(folder, CONTAINER_FOLDER) : folder
  const names = hasContainer ? await namesIn(containerFolder, name) : top
  const first = (wanted: readonly string[]): string | undefined => {
    const [file, ...others] = wanted.filter((name) => names.includes(name)).map((name) => join(containerFolder, name))
    for (const other of others)
      problems.push({
        file: other,
        line: 1,
        column: 1,
        severity: 'warning',
        message: 'this file is ignored, because there is another one of its kind.',
        hint: `Keep one of them; ${printable(String(file))} is used.`,
      })
    return file
  }
  const dockerfile = names.includes('Dockerfile') ? containerFolder : top.includes('Dockerfile') ? folder : undefined
  const values = [
    first(yamlNames('values')),
    first(yamlNames(`values-${environmentName}`, `values_${environmentName}`)),
  ]
  const [composeFile, override] = [first(COMPOSE_FILES), first(COMPOSE_OVERRIDES)]
  if (override !== undefined && composeFile === undefined)
    problems.push({
      file: override,
      line: 1,
      column: 1,
      severity: 'warning',
      message: 'this file is ignored, because there is no compose file for it to override.',
      hint: 'Add a compose.yaml beside it, or rename it.',
    })
  return {
    containerFolder,
    dockerfile: dockerfile === undefined ? undefined : join(dockerfile, 'Dockerfile'),
    composeFile,
    composeOverride: composeFile === undefined ? undefined : override,
    mutagenFile: first(yamlNames('mutagen')),
    valuesFiles: values.filter((file) => file !== undefined),
  }
}

/** The environments for which a tap has a values file. */
export async function environmentsOf(containerFolder: string): Promise<string[]> {
  const names = (await namesIn(containerFolder)).flatMap((name) => /^values[-_](.+)\.ya?ml$/.exec(name)?.[1] ?? [])
  return [...new Set(names)].sort()
}

function yamlNames(...stems: readonly string[]): string[] {
  return stems.flatMap((stem) => [`${stem}.yml`, `${stem}.yaml`])
}

async function namesIn(folder: string, name?: string): Promise<string[]> {
  try {
    return await readdir(folder)
  } catch (cause) {
    const [what, hint] = troubleOf(String(property(cause, 'code')), name)
    throw new FailedError(`The tap's folder ${printable(folder)} ${what}.`, {
      code: 'tap-folder-unreadable',
      hint,
      cause,
    })
  }
}

function troubleOf(code: string, name: string | undefined): readonly [what: string, hint: string] {
  const linkAgain =
    name === undefined
      ? `See which folders are linked with: ${commandLine`keg tap list`}`
      : `Link the folder where it is now: ${commandLine`keg tap link PATH --name ${name}`}`
  switch (code) {
    case 'EACCES':
      return ['is not readable for your user', 'Make it readable for your user.']
    case 'ENOENT':
      return ['does not exist', linkAgain]
    case 'ENOTDIR':
      return ['is not a folder', linkAgain]
    default:
      return ['cannot be read', 'Check what it is.']
  }
}

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false
}
