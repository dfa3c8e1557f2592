import type {Engine} from '../../engine/engine.js'
import {KegError, RefusedError} from '../../error/keg-error.js'
import type {Destination} from '../../reference/destination.js'
import {formatReference, type Digest, type Reference} from '../../reference/reference.js'
import {askRegistry, type AskRegistryOptions} from '../../registry/ask-registry.js'
import {findCredentials} from '../../registry/credentials.js'
import {holderText, isSameOwner, ownerOf, type PackageOwner} from './package-owner.js'
import type {PackageWay} from './model.js'
import type {Credentials} from '../../registry/model.js'
import type {Work} from '../../work/work.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A name of the package that something else has now. */
export interface TakenTag {
  /** The name. */
  readonly reference: string
  /** Where something else has it. */
  readonly where: 'engine' | 'registry'
  /** Its current owner, for a sentence. */
  readonly holder: string
}

export interface CheckTagsOptions {
  readonly destinations: readonly Destination[]
  /** The owner of the package. */
  readonly owner: PackageOwner
  /** Id of the image to be tagged, if it exists already: its own names are not taken. */
  readonly image?: string
  /** Whether to push names that have a registry. */
  readonly push: boolean
  /** Who pushes them, and whether they are given to the image in the engine. */
  readonly way: PackageWay | Promise<PackageWay>
}

/** What is known about the names of a package before it is made. */
export interface CheckedTags {
  readonly taken: readonly TakenTag[]
  /** Doubts about what the registry answered, as sentences. */
  readonly warnings: readonly string[]
}

/**
 * Starts to find out what has the names of a package now, here and in the registry, and whether it can be pushed. A missing
 * credential helper, or an unreadable file, is reported before anything else is done.
 * @returns a promise of the result: FailedError with a code of failure-kind.ts if the registry would not accept the package
 * @throws what findCredentials throws
 */
export async function startCheckingTags(
  work: EngineWork,
  options: CheckTagsOptions,
): Promise<{readonly checked: Promise<CheckedTags>}> {
  const {destinations, push} = options
  const pushed: (readonly [Destination, Credentials])[] = []
  for (const destination of push ? destinations.filter(({remote}) => remote) : [])
    pushed.push([destination, await findCredentials(work, destination.reference)])
  const check = async (): Promise<CheckedTags> => {
    const {isLoaded, via} = await options.way
    const sender = via === 'registry' ? 'keg' : 'engine'
    const places = await Promise.all([
      ...(isLoaded ? destinations : []).map((destination) => checkEngine(work, destination, options)),
      ...pushed.map(([{reference}, credentials]) =>
        checkRegistry(work, {reference, credentials, sender}, options.owner),
      ),
    ])
    return {taken: places.flatMap(({taken}) => taken), warnings: places.flatMap(({warnings}) => warnings)}
  }
  const checked = check()
  // Whoever awaits it gets the failure; a lot happens before that.
  checked.catch(() => undefined)
  return {checked}
}

async function checkEngine(
  {engine}: Pick<EngineWork, 'engine'>,
  {reference}: Destination,
  {image, owner}: CheckTagsOptions,
): Promise<CheckedTags> {
  const name = formatReference(reference)
  const existing = await engine.image(name)
  const isOwn = existing === undefined || existing.Id === image
  const labels = existing?.Config?.Labels ?? {}
  return {taken: isOwn ? [] : takenBy(labels, owner, {reference: name, where: 'engine'}), warnings: []}
}

async function checkRegistry(
  {engine, environment, signal}: Pick<EngineWork, 'engine' | 'environment' | 'signal'>,
  asked: Pick<AskRegistryOptions, 'credentials' | 'reference' | 'sender'>,
  owner: PackageOwner,
): Promise<CheckedTags> {
  const {reference} = asked
  const {warnings, existing} = await askRegistry({engine, environment, signal}, asked)
  if (existing === undefined) return {taken: [], warnings}
  const labels = existing.labels ?? (await engineLabels(engine, reference, existing.digest))
  return {taken: takenBy(labels, owner, {reference: formatReference(reference), where: 'registry'}), warnings}
}

/** An image that was pushed from this engine may still be in it. */
async function engineLabels(
  engine: Engine,
  {registry, repository}: Reference,
  digest: Digest | undefined,
): Promise<Readonly<Record<string, string>> | undefined> {
  const image = digest && (await engine.image(`${registry}/${repository}@${digest}`))
  return image && (image.Config?.Labels ?? {})
}

function takenBy(
  labels: Readonly<Record<string, string>> | undefined,
  owner: PackageOwner,
  place: Pick<TakenTag, 'reference' | 'where'>,
): TakenTag[] {
  const holder = ownerOf(labels)
  return holder !== undefined && isSameOwner(holder, owner) ? [] : [{...place, holder: holderText(labels)}]
}

export interface ReplaceOptions {
  /** `--replace-tag` */
  readonly replaceTag: boolean
  readonly dryRun: boolean
}

/**
 * Asks the user to confirm that names which something else has are moved.
 * @throws RefusedError `tag-taken`
 */
export async function confirmReplacing(
  {prompt}: Pick<Work, 'prompt'>,
  taken: readonly TakenTag[],
  {dryRun, replaceTag}: ReplaceOptions,
): Promise<void> {
  // On a terminal the plan shows it to the user; nothing is moved yet.
  if (taken.length === 0 || replaceTag || (dryRun && prompt.isInteractive)) return
  const list = taken.map((tag) => takenText(tag)).join(' ')
  try {
    if (await prompt.confirm(`${list} Replace it?`, {flag: '--replace-tag'})) return
  } catch (error) {
    if (!(error instanceof KegError) || error.code !== 'input-missing') throw error
  }
  throw new RefusedError(list, {
    code: 'tag-taken',
    hint: 'Give another tag with -t or another name with --name, or replace it with --replace-tag.',
    data: {taken},
  })
}

/** A taken name, as a sentence. */
export function takenText({holder, reference, where}: TakenTag): string {
  return `${reference} in the ${where} is ${holder}.`
}
