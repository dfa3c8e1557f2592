import {readUserConfiguration} from '../../config/user-configuration.js'
import {environmentNameOf} from '../../values/environment-name.js'
import {resolveValues} from '../../values/resolve-values.js'
import {environmentsOf} from '../../tap-folder/find-files.js'
import {readTapFolder} from '../../tap-folder/tap-folder.js'
import {byPlace} from '../../tap-folder/tap-problem.js'
import {strayFiles} from './stray-files.js'
import {tapAt, type TapAtOptions} from './tap-at.js'
import {valueProblems} from './value-problems.js'
import type {TapFolder, TapProblem} from '../../tap-folder/model.js'
import type {Work} from '../../work/work.js'

/** What to validate. */
export interface ValidateTapOptions extends TapAtOptions {
  /** `--environment`; undefined for all that have a values file. */
  readonly environmentName: string | undefined
}

/** The problems of a tap. */
export interface TapReport {
  /** Name of the tap. */
  readonly name: string
  /** Its folder. */
  readonly folder: string
  /** The environments that were checked. */
  readonly environments: readonly string[]
  /** The number of errors. */
  readonly errors: number
  /** The number of warnings. */
  readonly warnings: number
  /** Sorted by file and line. */
  readonly problems: readonly TapProblem[]
}

/**
 * Checks a tap's files for mistakes, in each environment; starts and changes nothing.
 * @throws what tapAt, readTapFolder and resolveValues throw
 */
export async function validateTap(work: Work, options: ValidateTapOptions): Promise<TapReport> {
  const {environment} = work
  const {environmentName} = options
  const [configuration, tap] = await Promise.all([readUserConfiguration(environment), tapAt(work, options)])
  const environmentSource = environmentNameOf(environmentName, environment, configuration)
  const files = await readTapFolder(tap.folder, environmentSource.name)
  const others = environmentName === undefined ? await environmentsOf(files.containerFolder) : []
  const environments = [...new Set([environmentSource.name, ...others])]
  const problems = [...(await strayFiles(files))]
  for (const name of environments) {
    const read = name === environmentSource.name ? files : await readTapFolder(tap.folder, name)
    const environmentOrigin =
      name === environmentSource.name ? environmentSource.origin : ({kind: 'flag', place: '--environment'} as const)
    const values = await resolveValues({
      configuration,
      environment,
      environmentName: name,
      environmentOrigin,
      tap: {tap, files: read},
      flags: new Map(),
    })
    problems.push(...withoutTwice(read, valueProblems(read, values)))
  }
  const all = distinct(problems).sort(byPlace)
  const errors = all.filter(({severity}) => severity === 'error').length
  const {folder, name} = tap
  return {name, folder, environments, errors, warnings: all.length - errors, problems: all}
}

/** The folder's problems, and those of its values in other places. */
function withoutTwice({problems}: TapFolder, more: readonly TapProblem[]): TapProblem[] {
  const isNew = (each: TapProblem): boolean => problems.every((other) => byPlace(each, other) !== 0)
  return [...problems, ...more.filter(isNew)]
}

function distinct(problems: readonly TapProblem[]): TapProblem[] {
  return [...new Map(problems.map((each) => [JSON.stringify(each), each])).values()]
}

/** The exit code of the command. @param strict whether warnings count */
export function exitCodeOf({errors, warnings}: TapReport, strict: boolean): 0 | 1 {
  return errors > 0 || (strict && warnings > 0) ? 1 : 0
}
