import {realpath} from 'node:fs/promises'
import {KegError} from '../../error/keg-error.js'
import type {Tap} from '../../tap-folder/tap.js'
import {printable} from '../../terminal/text.js'
import {unknownName} from '../../config/schema/check-value.js'
import {findDefinition} from '../../config/schema/find-definition.js'
import type {Interpolator} from '../template/interpolator.js'
import type {Origin} from '../values.js'
import type {Candidate, Candidates, CollectedCandidates} from './candidate.js'

/** Sources that are read after the environment's name and the folder are known. */
const FILES: ReadonlySet<Origin['kind']> = new Set(['values', 'environment-values', 'dotenv', 'override'])

/** Warnings about the sources: unknown names, and values without effect. */
export async function describeWarnings(
  {candidates, ignored, invalid}: CollectedCandidates,
  interpolator: Interpolator,
  {environmentName, tap}: {readonly environmentName: string; readonly tap: Tap | undefined},
): Promise<readonly string[]> {
  const warnings = invalid.map(({hint, message}) => [`${message} It is ignored.`, hint ?? ''].join(' ').trimEnd())
  for (const {name, origin} of ignored)
    if (FILES.has(origin.kind))
      warnings.push(`${printable(name)} (${shown(origin)}) cannot be a value of a tap: it is ignored.`)
  for (const [name, layers] of candidates) {
    const origin = layers.at(-1)?.origin
    const written = layers.findLast((layer) => FILES.has(layer.origin.kind))
    if (origin !== undefined) warnings.push(...(await nameWarning(name, origin, written, candidates)))
    if (written !== undefined && (name === 'KEG_ENV' || name === 'KEG_DEFAULT_ENV') && written.text !== environmentName)
      warnings.push(
        `${name} (${shown(written.origin)}) is ignored: the environment is ${environmentName} already. Set it with --environment or in the shell.`,
      )
    if (tap !== undefined && (name === 'KEG_CONTEXT_PATH' || name === 'KEG_CONTAINER_PATH'))
      warnings.push(...(await folderWarning(name, layers, interpolator, tap)))
  }
  return warnings
}

async function nameWarning(
  name: string,
  origin: Origin,
  written: Candidate | undefined,
  candidates: Candidates,
): Promise<string[]> {
  const unknown = await unknownName(name, (other) => candidates.has(other))
  if (unknown !== undefined) return [`${unknown} It is set in ${shown(origin)}.`]
  const isRetired = findDefinition(name)?.readBy.length === 0
  // Shells have many variables of old programs; a file of the tap can be fixed.
  return isRetired && written !== undefined
    ? [`${name} (${shown(written.origin)}): ${findDefinition(name)?.meaning ?? ''}`]
    : []
}

/** The actual folder counts; in another worktree, a file that names the linked folder is no mistake. */
async function folderWarning(
  name: string,
  layers: readonly Candidate[],
  interpolator: Interpolator,
  {folder, linkedFolder}: Tap,
): Promise<string[]> {
  const fixedText = layers.at(-1)?.text ?? ''
  const meant = new Set([fixedText, fixedText.replace(folder, () => linkedFolder)])
  const warnings = await Promise.all(
    layers.slice(0, -1).map(async ({origin, text}, index) => {
      const expandedPath = filled(interpolator, name, index)
      if (text === '' || expandedPath === undefined) return []
      const real = await realpath(expandedPath).catch(() => expandedPath)
      if (meant.has(expandedPath) || meant.has(real)) return []
      return [`${name} is always ${printable(fixedText)}; the value of ${shown(origin)} is ignored.`]
    }),
  )
  return warnings.flat()
}

/** An invalid template is reported elsewhere. */
function filled(interpolator: Interpolator, name: string, index: number): string | undefined {
  try {
    return interpolator.layer(name, index)?.text
  } catch (error) {
    if (error instanceof KegError) return undefined
    throw error
  }
}

function shown({kind, place}: Origin): string {
  return kind === 'environment' ? 'the environment' : printable(place)
}
