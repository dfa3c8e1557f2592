import {Engine} from '../../engine/engine.js'
import type {ImageRow} from '../../engine/types.js'
import {SERVICE_LABEL} from '../../image/labels.js'
import {RUN} from '../../label/temporary-labels.js'
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

/**
 * The packages among images, one row for each name, newest first. One without a name cannot be referred to. The services of a compose
 * project that were packaged as one are one row, if that has a name.
 */
export function localPackages(rows: readonly ImageRow[]): ListedPackage[] {
  const projects = new LocalProjects(rows)
  const found = rows.flatMap((row) => {
    const {Id, Labels, RepoDigests, RepoTags} = row
    const facts = summaryFacts(Labels)
    if (facts === undefined || projects.isPart(row)) return []
    const [tags, digests] = [tagged(RepoTags), named(RepoDigests)]
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
      services: projects.servicesOf(row),
      bytes: projects.bytesOf(row),
      compressedBytes: null,
    }))
  })
  return found.toSorted(newestFirst)
}

/** The other images of a project that was packaged as one, by their names: they have no names of their own. */
export function partsOf(rows: readonly ImageRow[], image: string): readonly ImageRow[] {
  const [run] = rows.flatMap((row) => (row.Id === image ? (runOf(row) ?? []) : []))
  if (run === undefined) return []
  return rows.filter((row) => runOf(row) === run && row.Id !== image && !isTagged(row))
}

/** The images of compose projects that were packaged as one: those with a service that one run of keg made. */
class LocalProjects {
  readonly #images = new Map<string, ImageRow[]>()

  constructor(rows: readonly ImageRow[]) {
    for (const row of rows) {
      const run = runOf(row)
      if (run !== undefined) this.#images.set(run, [...(this.#images.get(run) ?? []), row])
    }
  }

  /** Whether an image belongs to a project that has a name. */
  isPart(row: ImageRow): boolean {
    return !isTagged(row) && this.#of(row).some(isTagged)
  }

  servicesOf(row: ImageRow): readonly string[] {
    // Without a name, an image stands for its own service.
    return isTagged(row) ? [...new Set(this.#of(row).flatMap(serviceOf))].sort() : serviceOf(row)
  }

  /** Of all its images, as the engine counts each; some engines also count their index. */
  bytesOf(row: ImageRow): number {
    if (!isTagged(row)) return row.Size
    const parts = this.#of(row).filter((each) => each !== row)
    const isIndex = parts.some((each) => serviceOf(each)[0] === serviceOf(row)[0])
    return (isIndex ? 0 : row.Size) + parts.reduce((sum, {Size}) => sum + Size, 0)
  }

  #of(row: ImageRow): readonly ImageRow[] {
    return this.#images.get(runOf(row) ?? '') ?? []
  }
}

function serviceOf({Labels}: ImageRow): string[] {
  return Labels?.[SERVICE_LABEL] === undefined ? [] : [Labels[SERVICE_LABEL]]
}

/** The run of keg that packaged a service; undefined for other packages. */
function runOf(row: ImageRow): string | undefined {
  return serviceOf(row).length === 0 ? undefined : row.Labels?.[RUN]
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

function isTagged({RepoTags}: ImageRow): boolean {
  return tagged(RepoTags).length > 0
}

/** Some engines (26.1, containerd store) list digests among the tags. */
function tagged(names: readonly string[] | null | undefined): readonly string[] {
  return named(names).filter((name) => !name.includes('@'))
}

/** Docker writes `<none>` for a missing name. */
function named(names: readonly string[] | null | undefined): readonly string[] {
  return (names ?? []).filter((name) => !name.includes('<none>'))
}
