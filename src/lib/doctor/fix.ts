import {EngineError} from '../engine/engine-error.js'
import {FailedError} from '../error/keg-error.js'
import {count} from '../terminal/text.js'
import {leftoverFixes} from './fix-leftovers.js'
import {stateFixes} from './fix-state.js'
import {syncFixes} from './fix-syncs.js'
import type {FixResult, Fix} from './model.js'
import type {EngineWork} from '../engine/engine-work.js'
import type {Work} from '../work/work.js'

export interface FixOptions {
  readonly dryRun: boolean
}

/**
 * Resumes containers and syncs that a dead keg paused, removes what dead kegs left, terminates syncs into containers that
 * are gone, and removes their state, after one question that lists everything. Skips what somebody else fixed before the
 * answer.
 * @throws UsageError `input-missing` if nobody can be asked
 */
export async function fixAll(work: EngineWork, options: FixOptions): Promise<FixResult[]> {
  const {prompt, notice} = work
  const {dryRun} = options
  const fixes = await findFixes(work)
  if (fixes.length === 0) return []
  if (dryRun) return fixes.map((fix) => outcomeOf(fix, 'planned'))
  notice(['keg can fix this:', ...fixes.map(({text}) => `  ${text}`)].join('\n'))
  const yesIsDefault = !fixes.some(({losesData}) => losesData)
  if (!(await prompt.confirm(questionFor(fixes), {flag: '--yes', yesIsDefault})))
    return fixes.map((fix) => outcomeOf(fix, 'kept'))
  const shown = new Set(fixes.flatMap(({covers}) => covers))
  return applyAll(
    work,
    (await findFixes(work)).filter(({id}) => shown.has(id)),
  )
}

async function findFixes(work: EngineWork): Promise<Fix[]> {
  return [...(await leftoverFixes(work)), ...(await syncFixes(work)), ...(await stateFixes(work))]
}

function questionFor(fixes: readonly Fix[]): string {
  const note = fixes.some(({losesData}) => losesData) ? ' Data that is only in a removed container is lost.' : ''
  return `Fix ${fixes.length === 1 ? 'it' : `these ${count(fixes.length, 'thing')}`}?${note}`
}

/** One after the other: an image can only be removed after its containers. */
async function applyAll({signal}: Pick<Work, 'signal'>, fixes: readonly Fix[]): Promise<FixResult[]> {
  const fixed: FixResult[] = []
  for (const fix of fixes) {
    signal.throwIfAborted()
    try {
      await fix.apply()
      fixed.push(outcomeOf(fix, 'fixed'))
    } catch (error) {
      signal.throwIfAborted()
      if (error instanceof EngineError) fixed.push(outcomeOf(fix, 'failed', error.response))
      else if (error instanceof FailedError) fixed.push(outcomeOf(fix, 'failed', error.message))
      else throw error
    }
  }
  return fixed
}

function outcomeOf({id, kind, name}: Fix, outcome: FixResult['outcome'], said: string | null = null): FixResult {
  return {kind, id, name, outcome, said}
}
