import {withEngine, type EngineWork} from '../engine/engine-work.js'
import type {ImageDetails} from '../engine/types.js'
import {MissingError} from '../error/keg-error.js'
import {offerRecovery} from '../container/leftover/offer-recovery.js'
import type {ReadableImage} from '../image/file/model.js'
import {readPackageFacts, type ReadFacts} from '../image/read-labels.js'
import {formatReference, type Reference} from '../reference/reference.js'
import {findImage, isNameWithoutRegistry, obtainImage, type PullPolicy} from '../registry/obtain-image.js'
import {printable} from '../terminal/text.js'
import type {Work} from '../work/work.js'
import {filePathIn} from './file/file-path.js'
import {openPackageFile} from './file/open-package-file.js'
import {openRegistryPackage} from './remote/open-registry-package.js'
import {requestedPackage} from './requested-package.js'

/** Which package is meant, and where it may be read from. */
export interface PackageQuery {
  /** As the user typed it; if undefined, the user is asked. */
  readonly reference: string | undefined
  /** When the engine pulls it. If undefined, it pulls nothing: what it does not have is read from the registry. */
  readonly pull: PullPolicy | undefined
  /** Whether it is read from the registry even if the engine has it. */
  readonly isRemote: boolean
}

/** Where a package was found. */
export type PackagePlace = 'engine' | 'file' | 'registry'

/** A package, wherever it is. */
export type OpenedPackage = EnginePackage | ReadablePackage

/** What is known of each. */
interface FoundPackage {
  readonly reference: string
  /** Of its manifest, or of the index of its platforms; null if it has none from a registry. */
  readonly digest: string | null
  readonly facts: ReadFacts
}

/** A package that the engine has. */
export interface EnginePackage extends FoundPackage {
  readonly readFrom: 'engine'
  readonly work: EngineWork
  readonly image: ImageDetails
}

/** A package that is read without an engine. */
export interface ReadablePackage extends FoundPackage {
  readonly readFrom: 'file' | 'registry'
  readonly image: ReadableImage
  /** What it is read from, for people. */
  readonly place: string
  /** The image whose layers a file leaves out, by its name; undefined if it names none. */
  readonly since: string | undefined
}

/**
 * Finds out which package is meant, and opens it: a file; the image of the engine; or if there is none, or no engine, that of the registry.
 * @throws what reading the reference, opening and pulling throw; FailedError `not-a-package`, `package-schema-unknown`
 */
export async function openPackage(work: Work, query: PackageQuery): Promise<OpenedPackage> {
  const path = await filePathIn(work, query.reference)
  if (path !== undefined) return openFile(work, path)
  const {isPlain, reference, understood} = await requestedPackage(work, query.reference)
  if (!isPlain) work.notice(`Understood: ${understood}.`)
  const name = formatReference(reference)
  const withDocker = query.pull === undefined ? await findEngine(work, reference) : await withEngine(work)
  const local = withDocker && (await openInEngine(withDocker, reference, query))
  if (local !== undefined) return local
  const {digest, facts, image} = await openRegistryPackage(work, reference, withDocker?.engine)
  return {readFrom: 'registry', reference: name, digest, facts, image, place: name, since: undefined}
}

async function openFile(work: Work, path: string): Promise<ReadablePackage> {
  const {facts, file, reference} = await openPackageFile(work, path)
  const digest = file.manifest?.descriptor.digest ?? null
  const name = formatReference(reference)
  return {readFrom: 'file', reference: name, digest, facts, image: file, place: printable(path), since: file.since}
}

/** The engine, if there is one. @throws MissingError for a name that no registry can have */
async function findEngine(work: Work, reference: Reference): Promise<EngineWork | undefined> {
  try {
    return await withEngine(work)
  } catch (error) {
    if (!(error instanceof MissingError) || isNameWithoutRegistry(reference)) throw error
    work.notice(`${error.message} Reading ${formatReference(reference)} from its registry.`)
    return undefined
  }
}

/** @returns undefined if it is to be read from the registry */
async function openInEngine(
  work: EngineWork,
  reference: Reference,
  {isRemote, pull}: PackageQuery,
): Promise<EnginePackage | undefined> {
  if (isRemote) return undefined
  await offerRecovery(work)
  const found = pull === undefined ? await findImage(work, reference) : await obtainImage(work, {pull, reference})
  if (found === undefined) return undefined
  const {digest, image} = found
  const name = formatReference(reference)
  const facts = readPackageFacts(name, image.Config?.Labels)
  return {readFrom: 'engine', reference: name, digest: digest ?? null, facts, image, work}
}
