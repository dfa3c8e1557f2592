import {readFile} from 'node:fs/promises'
import type {ImageDetails} from '../../../engine/types.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {parseReference, parseTag} from '../../../reference/reference.js'
import {obtainImage} from '../../../registry/obtain-image.js'
import {printable} from '../../../terminal/text.js'
import {isRecord, literal, type ComposeModel, type ComposeService} from '../../compose/compose-model.js'
import {composeTask} from '../../compose/run-compose.js'
import {dockerfileOf, type TapModel} from '../../compose/tap-model.js'
import type {OpenTap} from '../../open-tap.js'
import type {StartContext} from '../start-options.js'

/** How a service is built, as compose has it; undefined where there is nothing to build. */
export function buildSectionOf(opened: OpenTap, service: ComposeService): ComposeService | undefined {
  if (isRecord(service.build)) return service.build
  return dockerfileOf(opened)
}

/** The same where it has to be built. @throws UsageError `dockerfile-missing` */
export function neededBuild(opened: OpenTap, service: ComposeService): ComposeService {
  const section = buildSectionOf(opened, service)
  if (section !== undefined) return section
  throw new UsageError(`There is no Dockerfile in ${printable(opened.files.containerFolder)}.`, {
    code: 'dockerfile-missing',
    hint: 'Leave --build out, or add a Dockerfile; keg tap new writes one.',
  })
}

/**
 * Builds the tap's image from its Dockerfile, with its values as build arguments. Secrets are no arguments, because everybody who
 * has the image can read those; a Dockerfile that mounts them by their names gets them so.
 * @throws what obtainImage does for the base image; MissingError `compose-missing`, FailedError `compose-failed`
 */
export async function buildTapImage(context: StartContext, tapModel: TapModel, name: string): Promise<ImageDetails> {
  const {compose, engine, opened, options} = context
  await pullBase(context)
  const plan = await planBuild(opened, tapModel, name)
  for (const secret of plan.leftOut)
    options.say(
      `Warning: ${secret} is a secret, and so no build argument: everybody could read it in the image. Mount it instead: RUN --mount=type=secret,id=${secret}`,
    )
  const environment = {
    ...compose.environment,
    // Without them the same build is the same image again.
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
    ...(!opened.values.isOn('KEG_DOC_BUILDX') && {DOCKER_BUILDKIT: '0'}),
  }
  await composeTask(
    {...compose, environment},
    {model: plan.model, words: ['build', tapModel.service], stage: `Building ${name}`, progress: options.progress},
  )
  const image = await engine.image(name)
  if (image !== undefined) return image
  throw new FailedError(`${name} was built, and is not in this engine.`, {
    code: 'image-missing',
    hint: 'A build for several platforms, or by a builder elsewhere, does not bring its image here: look at docker buildx ls.',
  })
}

/** What is built, and which secrets are no build arguments though the Dockerfile or the compose file asks for them. */
export async function planBuild(
  opened: OpenTap,
  {model, service: main}: TapModel,
  image: string,
): Promise<{readonly model: ComposeModel; readonly leftOut: readonly string[]}> {
  const {values} = opened
  const service = model.services[main] ?? {}
  const section = buildSectionOf(opened, service) ?? {}
  const secrets = values.explain().flatMap(({isSecret, name}) => (isSecret ? [name] : []))
  const own = Object.entries(values.asEnvironment()).map(([key, value]) => [key, literal(value)] as const)
  const written = isRecord(section.args) ? Object.entries(section.args).filter(([, value]) => value !== null) : []
  const text = await dockerfileText(opened, section)
  const mounted = secrets.filter((name) => new RegExp(`--mount=type=secret\\S*\\bid=${name}\\b`).test(text))
  const platforms = values.text('KEG_BUILD_PLATFORMS')?.split(',')
  const args = Object.fromEntries([...own, ...written].filter(([name]) => !secrets.includes(name)))
  const build = {
    ...section,
    args,
    ...(platforms !== undefined && {platforms: platforms.map((platform) => platform.trim())}),
    ...(mounted.length > 0 && {secrets: mounted.map((source) => ({source}))}),
  }
  const wanted = secrets.filter((name) => {
    return written.some(([argument]) => argument === name) || new RegExp(`^\\s*ARG\\s+${name}\\b`, 'im').test(text)
  })
  return {
    model: {
      services: {[main]: {image, build}},
      ...(mounted.length > 0 && {
        secrets: Object.fromEntries(mounted.map((name) => [name, {environment: name}])),
      }),
    },
    leftOut: wanted.filter((name) => !mounted.includes(name)),
  }
}

/** The base image is the newest too, unless KEG_FROM_BASE says that the one which is here will do. */
async function pullBase({engine, opened, options}: StartContext): Promise<void> {
  const {values} = opened
  const text = values.text('KEG_BASE_IMAGE')
  if (text === undefined || values.isOn('KEG_FROM_BASE')) return
  const written = parseReference(text)
  const reference = written.digest === undefined ? {...written, tag: written.tag ?? parseTag('latest')} : written
  // One without a registry may be of this engine alone; the build looks for it, and pulls it where it is not.
  if (reference.hostWritten) await obtainImage({...options, engine, reference, pull: 'always'})
}

/** Empty where it cannot be read: the build says so. */
async function dockerfileText(opened: OpenTap, {dockerfile}: ComposeService): Promise<string> {
  const file =
    typeof dockerfile === 'string' && dockerfile.startsWith('/') ? dockerfile : dockerfileOf(opened)?.dockerfile
  return file === undefined ? '' : readFile(file, 'utf8').catch(() => '')
}
