import type {ImageDetails} from '../../../engine/types.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {cleanImageName} from '../../../reference/image-name.js'
import {branchTag} from '../../../branch/branch-tag.js'
import {
  formatReference,
  hubRegistry,
  parseReference,
  parseTag,
  withTag,
  type Reference,
} from '../../../reference/reference.js'
import {obtainImage, PULL_POLICIES, type PullPolicy} from '../../../registry/obtain-image.js'
import {textOf, type ComposeService} from '../../../compose/compose-model.js'
import type {TapModel} from '../../compose/tap-model.js'
import type {OpenTap} from '../../../values/open-tap.js'
import {wantedImage} from '../../tap-images.js'
import {buildSectionOf, buildTapImage, neededBuild} from './build-image.js'
import type {ImagePlan, StartContext, StartTapOptions, TapImage} from '../model.js'

/**
 * Where the image comes from: pulled by policy, or built if requested, or if it cannot be had otherwise.
 * @param local the local image with that name
 * @throws UsageError `dockerfile-missing`, `image-unknown`
 */
export function planImage(
  {opened, options}: Pick<StartContext, 'opened'> & {readonly options: Pick<StartTapOptions, 'build'>},
  {model, service: name}: TapModel,
  reference: Reference,
  local: ImageDetails | undefined,
): ImagePlan {
  const service = model.services[name] ?? {}
  const isBuildable = (options.build ? neededBuild : buildSectionOf)(opened, service) !== undefined
  const {isExplicit, isToBuild, policy} = pullPolicy(opened, service)
  // It is in no registry, so none is asked by default; compose builds such images as well.
  const isHomemade = isBuildable && isWithoutRegistry(reference)
  const isWanted = options.build || (isBuildable && isToBuild)
  const isBuiltForWant = !isWanted && isHomemade && local === undefined
  const isPulled = policy === 'always' || (policy === 'missing' && local === undefined)
  const plan = {reference, name: formatReference(reference), local, isBuildable, isBuiltForWant}
  if (isWanted || isBuiltForWant) return {...plan, source: 'build', policy: undefined}
  if (isHomemade && !isExplicit) return {...plan, source: 'here', policy: undefined}
  return {...plan, source: isPulled ? 'pull' : 'here', policy}
}

/** Pulls or builds the image. @throws what obtainImage and docker compose throw */
export async function obtainTapImage(context: StartContext, tapModel: TapModel, plan: ImagePlan): Promise<TapImage> {
  const {isBuildable, isBuiltForWant, local, name, policy, reference, source} = plan
  if (source === 'build') {
    if (isBuiltForWant) context.notice(`${name} is not in this engine and has no registry in its name: it is built.`)
    return {reference, name, source, image: await buildTapImage(context, tapModel, name), digest: undefined}
  }
  if (policy === undefined) return {reference, name, source, image: local, digest: undefined}
  try {
    const {digest, image} = await obtainImage(context, {reference, pull: policy})
    return {reference, name, source, image, digest}
  } catch (error) {
    if (isBuildable && error instanceof FailedError)
      context.notice(`There is a Dockerfile: with --build ${name} is built here.`)
    throw error
  }
}

/** The image as far as it is known before it is pulled or built. */
export function plannedImage({local, name, reference, source}: ImagePlan): TapImage {
  return {reference, name, source, image: local, digest: reference.digest}
}

/** Where the image would come from, as text. */
export function imagePlanText({local, name, source}: ImagePlan): string {
  const here = `${local === undefined ? 'not ' : ''}in this engine`
  if (source === 'build') return `${name} would be built.`
  return source === 'pull' ? `${name} would be pulled; it is ${here}.` : `${name} is ${here}, and would not be pulled.`
}

/**
 * The image that a tap runs: KEG_IMAGE_FROM, or the compose file's, or one with the tap's name and the branch's tag, which
 * is built. With KEG_NO_INJECTED_COMPOSE the compose file's comes first, which can use KEG_IMAGE_FROM itself. Without a tag,
 * the compose file's is `latest`, as in compose.
 * @throws UsageError `image-unknown`, `reference-invalid`
 */
export function imageOfTap(opened: OpenTap, service: ComposeService): Reference {
  const text = textOf(service, 'image')
  const written =
    text === undefined || text === opened.values.text('KEG_IMAGE_FROM') ? undefined : withTag(parseReference(text))
  const isLeftAlone = opened.values.isOn('KEG_NO_INJECTED_COMPOSE')
  const named = isLeftAlone ? (written ?? wantedImage(opened)) : (wantedImage(opened) ?? written)
  if (named !== undefined) return named
  const {configuration, tap, values} = opened
  if (buildSectionOf(opened, service) === undefined)
    throw new UsageError(`It is not known which image ${tap.name} runs.`, {
      code: 'image-unknown',
      hint: 'Set KEG_IMAGE_FROM in values.yml or --from, or add a Dockerfile.',
    })
  const tag = tap.branch === undefined ? parseTag(configuration.defaultTag) : branchTag(tap.branch)
  return parseReference(`${cleanImageName(values.text('IMAGE') ?? tap.name)}:${tag}`)
}

/** When to pull or build an image, and whether the user set that. */
interface ImagePolicy {
  readonly policy: PullPolicy
  readonly isExplicit: boolean
  readonly isToBuild: boolean
}

/** From the flag or KEG_IMAGE_PULL_POLICY, or from the compose file, unless `--from` names another image than the files. */
function pullPolicy({values}: OpenTap, service: ComposeService): ImagePolicy {
  const text = values.text('KEG_IMAGE_PULL_POLICY')
  const origin = values.origin('KEG_IMAGE_PULL_POLICY')
  const isExplicit = origin !== undefined && origin.kind !== 'default'
  const policy = PULL_POLICIES.find((each) => each === text) ?? 'always'
  const isOther = values.origin('KEG_IMAGE_FROM')?.kind === 'flag'
  const written = isOther ? undefined : textOf(service, 'pull_policy')
  if (isExplicit || written === undefined) return {policy, isExplicit, isToBuild: false}
  // keg does not know how long ago the registry was asked (`daily`, `weekly`): it asks each time.
  return {policy: COMPOSE_POLICIES[written] ?? 'always', isExplicit: true, isToBuild: written === 'build'}
}

/** What compose's policies mean. */
const COMPOSE_POLICIES: Readonly<Record<string, PullPolicy>> = {
  always: 'always',
  build: 'missing',
  if_not_present: 'missing',
  missing: 'missing',
  never: 'never',
}

/** Single names on Docker Hub are its official images, so one with a Dockerfile is rather built here. */
function isWithoutRegistry({hostWritten, registry, repository}: Reference): boolean {
  return !hostWritten && registry === hubRegistry && repository.startsWith('library/')
}
