import {loadClosestWord} from '../terminal/closest-word.js'
import {ResolvedValues} from './resolved-values.js'
import {withoutResolved} from '../process/resolved.js'
import {finishedText} from '../config/schema/check-value.js'
import {collectCandidates} from './source/candidates.js'
import {describeWarnings} from './source/value-warnings.js'
import {Interpolator} from './template/interpolator.js'
import {templateData} from './template/template-data.js'
import type {Values, ResolveOptions} from './values.js'

/**
 * Resolves all values: built-in default, user configuration, values.yml, values-<environment>.yml, the tap's `.env`, the
 * user's override file, process environment, flag; each overrides the one before it.
 * @throws what readOverride does for the user's override file
 */
export async function resolveValues(options: ResolveOptions): Promise<Values> {
  const {environment, environmentName, tap} = options
  const collected = await collectCandidates(options)
  const {candidates} = collected
  const interpolator = new Interpolator({
    candidates,
    data: templateData(options),
    environment: withoutResolved(environment),
    finish: (name, text) => finishedText(name, text, {folder: tap?.tap.folder, environment}),
    findClosest: await loadClosestWord(),
  })
  const warnings = await describeWarnings(collected, interpolator, {environmentName, tap: tap?.tap})
  return new ResolvedValues({environmentName, candidates, interpolator: interpolator, warnings})
}
