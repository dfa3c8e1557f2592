import {Engine} from '../../engine/engine.js'
import type {ImageRow} from '../../engine/types.js'
import {originLine, summaryFacts} from '../../image/package-summary.js'
import {newestFirst, type ListedPackage} from './model.js'

/** The packages in the engine, newest first. @throws what connecting and the engine throw */
export async function listLocalPackages(environment: NodeJS.ProcessEnv): Promise<ListedPackage[]> {
  await using engine = await Engine.connect(environment)
  return localPackages(await packageRows(engine))
}

/** The images of the engine that have the label of a package. */
export function packageRows(engine: Engine): Promise<readonly ImageRow[]> {
  return engine.images({label: ['com.keg.role=package']})
}

/** The packages among images, one row for each name, newest first. One without a name cannot be referred to. */
export function localPackages(rows: readonly ImageRow[]): ListedPackage[] {
  const found = rows.flatMap(({Id, Labels, RepoDigests, RepoTags, Size}) => {
    const facts = summaryFacts(Labels)
    if (facts === undefined) return []
    const [tags, digests] = [named(RepoTags), named(RepoDigests)]
    const digestOf = (reference: string): string | null => {
      const repository = repositoryOf(reference)
      return digests.find((each) => each.startsWith(`${repository}@`))?.slice(repository.length + 1) ?? null
    }
    return (tags.length > 0 ? tags : digests).map((reference): ListedPackage => ({
      reference,
      readFrom: 'engine',
      image: Id,
      digest: digestOf(reference),
      ...facts,
      bytes: Size,
      compressedBytes: null,
    }))
  })
  return found.toSorted(newestFirst)
}

/** A package as a list of choices shows it. */
export function localPackageText(listed: ListedPackage, now: Date): string {
  const origin = originLine(listed, now)
  return origin === '' ? listed.reference : `${listed.reference} (${origin})`
}

/** A name as an engine writes it, without its tag or digest. */
export function repositoryOf(reference: string): string {
  return reference.replace(/(?:@.*|:[^:/]*)$/, '')
}

/** Docker writes `<none>` for a missing name. */
function named(names: readonly string[] | null | undefined): readonly string[] {
  return (names ?? []).filter((name) => !name.includes('<none>'))
}
