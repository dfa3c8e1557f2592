import {Engine} from '../engine/engine.js'
import type {ImageRow} from '../engine/types.js'
import {originLine, summaryFacts, type SummaryFacts} from '../image/package-summary.js'

/** A package in the engine, under one of its names. */
export interface LocalPackage {
  readonly reference: string
  readonly facts: SummaryFacts
}

/** The packages in the engine, newest first. @throws what connecting and the engine throw */
export async function listLocalPackages(environment: NodeJS.ProcessEnv): Promise<LocalPackage[]> {
  await using engine = await Engine.connect(environment)
  return localPackages(await engine.images({label: ['com.keg.role=package']}))
}

/** The packages among images, one row for each name, newest first. One without a name cannot be referred to. */
export function localPackages(rows: readonly ImageRow[]): LocalPackage[] {
  const found = rows.flatMap(({Labels, RepoDigests, RepoTags}) => {
    const facts = summaryFacts(Labels)
    if (facts === undefined) return []
    const tags = named(RepoTags)
    return (tags.length > 0 ? tags : named(RepoDigests)).map((reference) => ({reference, facts}))
  })
  return found.toSorted((one, other) => timeOf(other) - timeOf(one) || (one.reference < other.reference ? -1 : 1))
}

/** A package as a list shows it. */
export function localPackageText({facts, reference}: LocalPackage, now: Date): string {
  const origin = originLine(facts, now)
  return origin === '' ? reference : `${reference} (${origin})`
}

/** Docker writes `<none>` for a missing name. */
function named(names: readonly string[] | null | undefined): readonly string[] {
  return (names ?? []).filter((name) => !name.includes('<none>'))
}

function timeOf({facts}: LocalPackage): number {
  return facts.created === null ? 0 : Date.parse(facts.created)
}
