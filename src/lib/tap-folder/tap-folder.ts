import {join} from 'node:path'
import {readAlias} from './alias.js'
import {readServices} from './file/compose-file.js'
import {readDotenvFile} from './file/dotenv-file.js'
import {findFiles} from './find-files.js'
import {NO_MUTAGEN, readMutagenFile} from './file/mutagen-file.js'
import {ownNames} from './own-names.js'
import {byPlace, tapInvalid} from './tap-problem.js'
import {readValuesFile} from './file/values-file.js'
import {commandLine} from '../terminal/command-line.js'
import type {TapProblem, TapFolder} from './model.js'

/**
 * Reads a tap's folder.
 * @param environmentName as in `values-<environment>.yml`
 * @param name of the link, for hints
 * @returns also its problems; call {@link refuseProblems} if it has to be valid
 * @throws FailedError `tap-folder-unreadable`
 */
export async function readTapFolder(folder: string, environmentName: string, name?: string): Promise<TapFolder> {
  const problems: TapProblem[] = []
  const found = await findFiles(folder, environmentName, problems, name)
  const {composeFile, composeOverride, containerFolder, dockerfile, mutagenFile, valuesFiles} = found
  const [alias, dotenv, composeDotenv, services, added, mutagen, ...written] = await Promise.all([
    readAlias(folder, problems),
    readDotenvFile(join(folder, '.env'), problems),
    containerFolder === folder ? undefined : readDotenvFile(join(containerFolder, '.env'), problems),
    composeFile === undefined ? [] : readServices(composeFile, problems),
    composeOverride === undefined ? [] : readServices(composeOverride, problems, {isOverride: true}),
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
      hint: `Add one of them, or create a tap that starts with: ${commandLine`keg tap new`}`,
    })
  return {
    folder,
    containerFolder,
    alias,
    ownAliases: ownNames(alias, values),
    dockerfile,
    composeFile,
    composeOverride,
    services: [...new Set([...services, ...added])],
    mutagenFile,
    values,
    dotenv,
    composeDotenv,
    // Later ones override earlier ones: a tap's own actions those of its syncs.
    actions: new Map([mutagen, ...written].flatMap(({actions}) => [...actions])),
    syncs: mutagen.syncs,
    problems: problems.sort(byPlace),
  }
}

/** Values that decide what runs, or what it is built from. */
const WHAT_RUNS = ['KEG_IMAGE_FROM', 'KEG_DOCKER_FILE'] as const

/** @throws FailedError `tap-invalid` with all errors, if there are any */
export function refuseProblems({folder, problems}: Pick<TapFolder, 'folder' | 'problems'>): void {
  const errors = problems.filter(({severity}) => severity === 'error')
  if (errors.length === 0) return
  throw tapInvalid(folder, errors)
}
