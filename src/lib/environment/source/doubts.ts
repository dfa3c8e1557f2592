import {realpath} from 'node:fs/promises'
import {KegError} from '../../error/keg-error.js'
import type {Tap} from '../../tap/tap.js'
import {printable} from '../../terminal/text.js'
import {unknownName} from '../schema/check-value.js'
import {findDefinition} from '../schema/find-definition.js'
import type {Filler} from '../template/filler.js'
import type {Origin} from '../values.js'
import type {Candidate, Candidates, CollectedCandidates} from './candidate.js'

/** Sources that are read after the environment's name and the folder are known. */
const FILES: ReadonlySet<Origin['kind']> = new Set(['values', 'environment-values', 'dotenv', 'override'])

/** What the person at the terminal is told of what the sources say: names that mean nothing, values that cannot have an effect. */
export async function describeDoubts(
  {candidates, ignored}: CollectedCandidates,
  filler: Filler,
  {environmentName, tap}: {readonly environmentName: string; readonly tap: Tap | undefined},
): Promise<readonly string[]> {
  const warnings: string[] = []
  for (const {name, origin} of ignored)
    if (FILES.has(origin.kind))
      warnings.push(`${printable(name)} (${shown(origin)}) can be no value of a tap: it is left out.`)
  for (const [name, layers] of candidates) {
    const origin = layers.at(-1)?.origin
    const written = layers.findLast((layer) => FILES.has(layer.origin.kind))
    if (origin !== undefined) warnings.push(...(await ofName(name, origin, written, candidates)))
    if (written !== undefined && (name === 'KEG_ENV' || name === 'KEG_DEFAULT_ENV') && written.text !== environmentName)
      warnings.push(
        `${name} (${shown(written.origin)}) comes too late: the environment is ${environmentName}. Say it by --environment or in the shell.`,
      )
    if (tap !== undefined && (name === 'KEG_CONTEXT_PATH' || name === 'KEG_CONTAINER_PATH'))
      warnings.push(...(await ofFolder(name, layers, filler, tap)))
  }
  return warnings
}

async function ofName(
  name: string,
  origin: Origin,
  written: Candidate | undefined,
  candidates: Candidates,
): Promise<string[]> {
  const unknown = await unknownName(name, (other) => candidates.has(other))
  if (unknown !== undefined) return [`${unknown} It is set in ${shown(origin)}.`]
  const isRetired = findDefinition(name)?.readBy.length === 0
  // Shells are full of what old programs needed; a file of the tap can be mended.
  return isRetired && written !== undefined
    ? [`${name} (${shown(written.origin)}): ${findDefinition(name)?.meaning ?? ''}`]
    : []
}

/** The folder at hand counts; that a file means the linked folder is no mistake in another worktree. */
async function ofFolder(
  name: string,
  layers: readonly Candidate[],
  filler: Filler,
  {folder, linkedFolder}: Tap,
): Promise<string[]> {
  const decided = layers.at(-1)?.text ?? ''
  const meant = new Set([decided, decided.replace(folder, () => linkedFolder)])
  const warnings = await Promise.all(
    layers.slice(0, -1).map(async ({origin, text}, index) => {
      const said = filled(filler, name, index)
      if (text === '' || said === undefined) return []
      const real = await realpath(said).catch(() => said)
      if (meant.has(said) || meant.has(real)) return []
      return [`${name} is always ${printable(decided)}; what ${shown(origin)} says is left out.`]
    }),
  )
  return warnings.flat()
}

/** A template that names nothing says nothing here. */
function filled(filler: Filler, name: string, index: number): string | undefined {
  try {
    return filler.layer(name, index)?.text
  } catch (error) {
    if (error instanceof KegError) return undefined
    throw error
  }
}

function shown({kind, place}: Origin): string {
  return kind === 'environment' ? 'the environment' : printable(place)
}
