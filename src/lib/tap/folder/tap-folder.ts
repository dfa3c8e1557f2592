import {join} from 'node:path'
import type {SyncMode} from '../../sync/session.js'
import {readAlias} from './alias.js'
import {readServices} from './file/compose-file.js'
import {readDotenvFile} from './file/dotenv-file.js'
import {findFiles} from './find-files.js'
import {NO_MUTAGEN, readMutagenFile} from './file/mutagen-file.js'
import {ownNames} from './own-names.js'
import {byPlace, tapInvalid} from './tap-problem.js'
import {readValuesFile} from './file/values-file.js'

/** A place in a file: line and column count from 1. */
export interface FilePlace {
  readonly file: string
  readonly line: number
  readonly column: number
}

/** Something in a tap's folder that is not as it should be. */
export interface TapProblem extends FilePlace {
  /** An error keeps the tap from working; a warning does not. */
  readonly severity: 'error' | 'warning'
  readonly message: string
  /** What to do about it. */
  readonly hint: string
}

/** A value as a file has it: templates are not filled in. */
export interface WrittenValue extends FilePlace {
  readonly text: string
}

/** One file of values, with those that it has under `env`. */
export interface ValuesFile {
  readonly file: string
  readonly values: ReadonlyMap<string, WrittenValue>
}

/** Commands that are run in the container, one after another. */
export interface Action extends FilePlace {
  /** Each for a shell of the container; templates are not filled in. */
  readonly commands: readonly string[]
  /** Folder in the container; templates are not filled in. */
  readonly location: string | undefined
  readonly detach: boolean
  readonly privileged: boolean
}

/** How one folder is synced, as `mutagen.yml` says under the name of the tap or of a dependency. */
export interface SyncSettings {
  readonly mode: SyncMode | undefined
  /** In Mutagen's syntax; undefined leaves keg's own in place. */
  readonly ignores: readonly string[] | undefined
  /** `mergeDefault`: the ignores stand beside keg's own, not in their place. */
  readonly mergesDefaults: boolean
  readonly ignoresVersionControl: boolean | undefined
  /** Octal digits, as `0644`. */
  readonly fileMode: string | undefined
  readonly directoryMode: string | undefined
  readonly owner: string | undefined
  readonly group: string | undefined
  /** Folders as they are written, templates not filled in; the tap's own are always replaced. */
  readonly local: string | undefined
  readonly remote: string | undefined
}

/** What a tap's folder holds for keg, read and checked. Paths are absolute. */
export interface TapFolder {
  readonly folder: string
  /** `container/`, or the folder itself where the Dockerfile lies at its top. */
  readonly containerFolder: string
  /** The alias that the tap gives itself in tap.js, tap.json, package.json and the like. */
  readonly alias: string | undefined
  /** Names by which the tap's own templates mean this folder, whatever it is linked as. */
  readonly ownAliases: ReadonlySet<string>
  readonly dockerfile: string | undefined
  readonly composeFile: string | undefined
  /** Names of the compose file's services, in its order: the first is the tap's own where nothing else says so. */
  readonly services: readonly string[]
  readonly mutagenFile: string | undefined
  /** `values.yml` and, above it, `values-<environment>.yml`; what is not there is left out. */
  readonly values: readonly ValuesFile[]
  /** `.env` at the top of the folder, with whatever it has. */
  readonly dotenv: ValuesFile | undefined
  /** By their full names, such as `tap:build`: from values.yml, values-<environment>.yml and mutagen.yml. */
  readonly actions: ReadonlyMap<string, Action>
  /** By the name of the tap, its container, or the dependency that is synced; `defaults` are for all that have no name there. */
  readonly syncs: ReadonlyMap<string, SyncSettings>
  readonly problems: readonly TapProblem[]
}

/**
 * Reads what keg needs of a tap's folder.
 * @param environmentName as in `values-<environment>.yml`
 * @returns also what is wrong in it; whoever needs it to be right calls {@link refuseProblems}
 * @throws FailedError `tap-folder-unreadable`
 */
export async function readTapFolder(folder: string, environmentName: string): Promise<TapFolder> {
  const problems: TapProblem[] = []
  const {composeFile, containerFolder, dockerfile, mutagenFile, valuesFiles} = await findFiles(
    folder,
    environmentName,
    problems,
  )
  const [alias, dotenv, services, mutagen, ...written] = await Promise.all([
    readAlias(folder, problems),
    readDotenvFile(join(folder, '.env'), problems),
    composeFile === undefined ? [] : readServices(composeFile, problems),
    mutagenFile === undefined ? NO_MUTAGEN : readMutagenFile(mutagenFile, problems),
    ...valuesFiles.map((file) => readValuesFile(file, problems)),
  ])
  const values = written.map(({file, values}) => ({file, values}))
  const isSomethingToRun = [dockerfile, composeFile].some((file) => file !== undefined)
  if (!isSomethingToRun && !values.some((file) => WHAT_RUNS.some((name) => file.values.has(name))))
    problems.push({
      file: join(folder, 'container'),
      line: 1,
      column: 1,
      severity: 'error',
      message: 'there is nothing to run: no Dockerfile, no compose file, no KEG_IMAGE_FROM in values.yml.',
      hint: 'Add one of them; keg tap new makes a tap that starts.',
    })
  return {
    folder,
    containerFolder,
    alias,
    ownAliases: ownNames(alias, values),
    dockerfile,
    composeFile,
    services,
    mutagenFile,
    values,
    dotenv,
    // What stands later hides what stands before: a tap's own actions those that its syncs bring.
    actions: new Map([mutagen, ...written].flatMap(({actions}) => [...actions])),
    syncs: mutagen.syncs,
    problems: problems.sort(byPlace),
  }
}

/** Values that say what is run, or what it is built from. */
const WHAT_RUNS = ['KEG_IMAGE_FROM', 'KEG_DOCKER_FILE'] as const

/** @throws FailedError `tap-invalid` with all errors, where there are any */
export function refuseProblems({folder, problems}: Pick<TapFolder, 'folder' | 'problems'>): void {
  const errors = problems.filter(({severity}) => severity === 'error')
  if (errors.length === 0) return
  throw tapInvalid(folder, errors)
}
