import {withEngine} from '../engine/engine-work.js'
import {FailedError, UsageError} from '../error/keg-error.js'
import {formatReference, hubRegistry, type Reference, type Tag} from '../reference/reference.js'
import {pushImage} from '../registry/push.js'
import {commandLine, shareableLine} from '../terminal/command-line.js'
import {readPackageFacts} from '../image/read-labels.js'
import type {Work} from '../work/work.js'
import {requestedPackage} from './requested-package.js'
import {startCheckingTags, confirmReplacing, takenText, type TakenTag} from './target/check-tags.js'
import {ownerOf} from './target/package-owner.js'

export interface PushPackageOptions {
  /** As the user typed it; if undefined, the user is asked. */
  readonly reference: string | undefined
  /** Whether to move a tag that something else has in the registry, without asking. */
  readonly replaceTag: boolean
  readonly dryRun: boolean
}

/** What `--json` prints; the fields are those of `keg docker package`. */
export interface PushedPackage {
  /** Its name: `registry/namespace/name:tag`. */
  readonly reference: string
  /** `name:tag@digest`; null with a dry run. */
  readonly pinned: string | null
  /** Of the manifest in the registry; null with a dry run. */
  readonly digest: string | null
  /** Id of the image in the engine. */
  readonly image: string
  /** Names of the package that something else had. */
  readonly replaces: readonly TakenTag[]
  /** Whether it was pushed: false with a dry run. */
  readonly pushed: boolean
  /** The command for a reviewer; null with a dry run. */
  readonly run: string | null
}

/**
 * Pushes a package in the engine, for example one whose push failed, under its name there. The tag in the registry is guarded as
 * when the package is made.
 * @throws UsageError `digest-given`, `registry-missing`; FailedError `image-missing`, `not-a-package`; RefusedError `tag-taken`;
 * what pushing throws
 */
export async function pushPackage(surrounding: Work, options: PushPackageOptions): Promise<PushedPackage> {
  const {dryRun} = options
  const reference = checkPushable((await requestedPackage(surrounding, options.reference)).reference)
  const name = formatReference(reference)
  const work = await withEngine(surrounding)
  const {engine, notice} = work
  const image = await engine.image(name)
  if (image === undefined) throw missing(name)
  readPackageFacts(name, image.Config?.Labels)
  const owner = ownerOf(image.Config?.Labels) ?? {container: undefined, branch: undefined, source: undefined}
  const destinations = [{reference, remote: true}]
  const checking = await startCheckingTags(work, {
    ...{destinations, owner, image: image.Id},
    ...{push: true, way: {via: 'engine', isLoaded: true}},
  })
  const {warnings, taken} = await checking.checked
  for (const warning of warnings) notice(`Warning: ${warning}`)
  for (const tag of taken) notice(`Replaces: ${takenText(tag)}`)
  await confirmReplacing(work, taken, options)
  const result = {reference: name, image: image.Id, replaces: taken}
  if (dryRun) return {...result, pinned: null, digest: null, pushed: false, run: null}
  const {digest} = await pushImage(work, {reference})
  const pinned = formatReference({...reference, digest})
  return {...result, pinned, digest, pushed: true, run: shareableLine`keg docker package run ${pinned}`}
}

function checkPushable({digest, tag, ...reference}: Reference): Reference & {tag: Tag; digest?: undefined} {
  if (digest !== undefined || tag === undefined)
    throw new UsageError('A package is pushed with a tag, not with a digest.', {
      code: 'digest-given',
      hint: 'Give a name and a tag without the part from "@" on.',
    })
  const name = formatReference({...reference, tag})
  // Docker Hub reserves single names: this one exists only in the engine.
  if (reference.registry === hubRegistry && reference.repository.startsWith('library/'))
    throw new UsageError(`${name} does not name a registry to push to.`, {
      code: 'registry-missing',
      hint: `Tag it with a registry first: ${commandLine`docker tag ${name} HOST[:PORT]/NAMESPACE/${name}`}`,
    })
  return {...reference, tag}
}

function missing(name: string): FailedError {
  return new FailedError(`The image ${name} is not in this engine.`, {
    code: 'image-missing',
    hint: `List the packages of this engine with: ${commandLine`docker images --filter label=com.keg.role=package`}. One that went straight into its registry is not among them: package it again instead.`,
  })
}
