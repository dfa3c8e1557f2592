import type {UserConfiguration} from '../config/user-configuration.js'
import type {TapFolder} from '../tap/folder/tap-folder.js'
import type {Tap} from '../tap/tap.js'
import {loadClosestWord} from '../terminal/closest-word.js'
import {ResolvedValues} from './resolved-values.js'
import {withoutResolved} from './resolved.js'
import {finishedText} from './schema/check-value.js'
import {collectCandidates} from './source/candidates.js'
import {describeDoubts} from './source/doubts.js'
import {Filler} from './template/filler.js'
import {templateData} from './template/template-data.js'
import type {Origin, Values} from './values.js'

/** What is to be resolved, and from what. */
export interface ResolveOptions {
  readonly configuration: UserConfiguration
  /** The process's environment. */
  readonly environment: NodeJS.ProcessEnv
  readonly environmentName: string
  /** Who says so; by default the flag. */
  readonly environmentOrigin?: Origin | undefined
  /** Undefined resolves what there is without a tap: defaults, user configuration, environment, flags. */
  readonly tap: {readonly tap: Tap; readonly files: TapFolder} | undefined
  /** What the command line says, each with the flag that says it. */
  readonly flags: ReadonlyMap<string, {readonly text: string; readonly flag: string}>
}

/**
 * Resolves all values: built-in default, user configuration, values.yml, values-<environment>.yml, `.env` of the tap, the user's
 * override file, process environment, flag, each above the one before it.
 * @throws what readOverride does for the user's override file
 */
export async function resolveValues(options: ResolveOptions): Promise<Values> {
  const {environment, environmentName, tap} = options
  const collected = await collectCandidates(options)
  const {candidates} = collected
  const filler = new Filler({
    candidates,
    data: templateData(options),
    environment: withoutResolved(environment),
    finish: (name, text) => finishedText(name, text, {folder: tap?.tap.folder, environment}),
    findClosest: await loadClosestWord(),
  })
  const warnings = await describeDoubts(collected, filler, {environmentName, tap: tap?.tap})
  return new ResolvedValues({environmentName, candidates, filler, warnings})
}
