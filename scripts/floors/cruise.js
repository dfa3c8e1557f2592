import {cruise} from 'dependency-cruiser'
import configuration from '../../.dependency-cruiser.js'

/** @typedef {import('dependency-cruiser').ICruiseResult} CruiseResult */

/**
 * All imports of src/, with those that break the rules of .dependency-cruiser.js.
 *
 * @param {string} root of the repository
 * @param {{validate: boolean}} options without validation it takes half the time
 * @returns {Promise<CruiseResult>}
 */
export async function cruiseSources(root, {validate}) {
  const {forbidden = [], options: {enhancedResolveOptions, ...options} = {}} = configuration
  const {output} = await cruise(
    ['src'],
    {...options, baseDir: root, ruleSet: {forbidden}, validate},
    enhancedResolveOptions,
  )
  if (typeof output === 'string') throw new Error('dependency-cruiser answered with a text.')
  return output
}
