import {readUserConfiguration} from '../../config/user-configuration.js'
import {environmentNameOf} from '../../environment/environment-name.js'
import {resolveValues} from '../../environment/resolve-values.js'
import {environmentsOf} from '../folder/find-files.js'
import {readTapFolder, type TapFolder, type TapProblem} from '../folder/tap-folder.js'
import {byPlace} from '../folder/tap-problem.js'
import {strayFiles} from './stray-files.js'
import {tapAt, type TapAtOptions} from './tap-at.js'
import {valueProblems} from './value-problems.js'

/** What to look at. */
export interface ValidateTapOptions extends TapAtOptions {
  /** `--environment`; undefined for all that there is a file of values for. */
  readonly environmentName: string | undefined
}

/** What is wrong with a tap. */
export interface TapReport {
  readonly name: string
  readonly folder: string
  /** The environments that were looked at. */
  readonly environments: readonly string[]
  readonly errors: number
  readonly warnings: number
  /** By file and line. */
  readonly problems: readonly TapProblem[]
}

/**
 * Looks whether a tap's files are as they should be, in each environment: nothing is started or changed.
 * @throws what tapAt, readTapFolder and resolveValues throw
 */
export async function validateTap({environmentName, ...options}: ValidateTapOptions): Promise<TapReport> {
  const {environment} = options
  const [configuration, tap] = await Promise.all([readUserConfiguration(environment), tapAt(options)])
  const said = environmentNameOf(environmentName, environment, configuration)
  const files = await readTapFolder(tap.folder, said.name)
  const others = environmentName === undefined ? await environmentsOf(files.containerFolder) : []
  const environments = [...new Set([said.name, ...others])]
  const problems = [...(await strayFiles(files))]
  for (const name of environments) {
    const read = name === said.name ? files : await readTapFolder(tap.folder, name)
    const environmentOrigin = name === said.name ? said.origin : ({kind: 'flag', place: '--environment'} as const)
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

/** The folder's problems, with those of its values at places where nothing is wrong yet. */
function withoutTwice({problems}: TapFolder, more: readonly TapProblem[]): TapProblem[] {
  const isNew = (each: TapProblem): boolean => problems.every((other) => byPlace(each, other) !== 0)
  return [...problems, ...more.filter(isNew)]
}

function distinct(problems: readonly TapProblem[]): TapProblem[] {
  return [...new Map(problems.map((each) => [JSON.stringify(each), each])).values()]
}

/** What the command ends with. @param strict whether warnings count */
export function exitCodeOf({errors, warnings}: TapReport, strict: boolean): 0 | 1 {
  return errors > 0 || (strict && warnings > 0) ? 1 : 0
}
