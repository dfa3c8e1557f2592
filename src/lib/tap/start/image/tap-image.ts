import type {ImageDetails} from '../../../engine/types.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {cleanImageName} from '../../../reference/image-name.js'
import {branchTag} from '../../../reference/branch-tag.js'
import {
  formatReference,
  hubRegistry,
  parseReference,
  parseTag,
  type Digest,
  type Reference,
} from '../../../reference/reference.js'
import {obtainImage, PULL_POLICIES, type PullPolicy} from '../../../registry/obtain-image.js'
import {textOf, type ComposeService} from '../../compose/compose-model.js'
import type {TapModel} from '../../compose/tap-model.js'
import type {OpenTap} from '../../open-tap.js'
import {tagged, wantedImage} from '../../tap-images.js'
import {buildSectionOf, buildTapImage, neededBuild} from './build-image.js'
import type {StartContext} from '../start-options.js'

/** The image that a tap's container is made from. */
export interface TapImage {
  readonly reference: Reference
  /** As docker shows it. */
  readonly name: string
  /** Undefined where it is not here yet, with `--dry-run`. */
  readonly image: ImageDetails | undefined
  readonly digest: Digest | undefined
}

/**
 * Gets the image into the engine: pulled by policy, or built where that is asked for, or where nothing else can bring it.
 * @throws UsageError `dockerfile-missing`, `image-unknown`; what obtainImage and docker compose throw
 */
export async function obtainTapImage(context: StartContext, tapModel: TapModel): Promise<TapImage> {
  const {engine, opened, options} = context
  const service = tapModel.model.services[tapModel.service] ?? {}
  const isBuildable = (options.build ? neededBuild : buildSectionOf)(opened, service) !== undefined
  const reference = imageOfTap(opened, service)
  const name = formatReference(reference)
  const local = await engine.image(name)
  const {isSaid, policy} = pullPolicy(opened)
  // No registry has it, so that without a word of the user's none is asked; compose builds such images as well.
  const isHomemade = isBuildable && isWithoutRegistry(reference)
  const isBuilt = options.build || (isHomemade && local === undefined)
  if (options.dryRun) {
    options.say(
      imagePlan(name, {isBuilt, isHere: local !== undefined, policy: isHomemade && !isSaid ? 'never' : policy}),
    )
    return {reference, name, image: local, digest: reference.digest}
  }
  if (isBuilt) {
    if (!options.build) options.say(`${name} is not in this engine and has no registry in its name: it is built.`)
    return {reference, name, image: await buildTapImage(context, tapModel, name), digest: undefined}
  }
  if (isHomemade && local !== undefined && !isSaid) return {reference, name, image: local, digest: undefined}
  try {
    const {digest, image} = await obtainImage({...options, engine, reference, pull: policy})
    return {reference, name, image, digest}
  } catch (error) {
    if (isBuildable && error instanceof FailedError)
      options.say(`There is a Dockerfile: with --build ${name} is built here.`)
    throw error
  }
}

/**
 * Which image a tap runs: KEG_IMAGE_FROM, else that of the compose file, else one of its own name and the branch's tag, to be built.
 * With KEG_NO_INJECTED_COMPOSE the compose file's stands first, which may take KEG_IMAGE_FROM itself.
 * @throws UsageError `image-unknown`, `reference-invalid`
 */
export function imageOfTap(opened: OpenTap, service: ComposeService): Reference {
  const text = textOf(service, 'image')
  const written = text === undefined ? undefined : tagged(parseReference(text), opened)
  const isLeftAlone = opened.values.isOn('KEG_NO_INJECTED_COMPOSE')
  const named = isLeftAlone ? (written ?? wantedImage(opened)) : (wantedImage(opened) ?? written)
  if (named !== undefined) return named
  const {configuration, tap, values} = opened
  if (buildSectionOf(opened, service) === undefined)
    throw new UsageError(`Nothing says which image ${tap.name} runs.`, {
      code: 'image-unknown',
      hint: 'Name one as KEG_IMAGE_FROM in values.yml or by --from, or add a Dockerfile.',
    })
  const tag = tap.branch === undefined ? parseTag(configuration.defaultTag) : branchTag(tap.branch)
  return parseReference(`${cleanImageName(values.text('IMAGE') ?? tap.name)}:${tag}`)
}

/** By the flag or KEG_IMAGE_PULL_POLICY, and whether somebody said so. */
function pullPolicy({values}: OpenTap): {readonly policy: PullPolicy; readonly isSaid: boolean} {
  const text = values.text('KEG_IMAGE_PULL_POLICY')
  const origin = values.origin('KEG_IMAGE_PULL_POLICY')
  const policy = PULL_POLICIES.find((each) => each === text) ?? 'always'
  return {policy, isSaid: origin !== undefined && origin.kind !== 'default'}
}

/** Single names of Docker Hub are its own images, so that one with a Dockerfile is rather made here. */
function isWithoutRegistry({hostWritten, registry, repository}: Reference): boolean {
  return !hostWritten && registry === hubRegistry && repository.startsWith('library/')
}

function imagePlan(
  name: string,
  {isBuilt, isHere, policy}: {readonly isBuilt: boolean; readonly isHere: boolean; readonly policy: PullPolicy},
): string {
  if (isBuilt) return `${name} would be built.`
  if (policy === 'always' || (policy === 'missing' && !isHere))
    return `${name} would be pulled; it is ${isHere ? '' : 'not '}in this engine.`
  return `${name} is ${isHere ? '' : 'not '}in this engine, and would not be pulled.`
}
