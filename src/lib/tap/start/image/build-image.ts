import {readFile} from 'node:fs/promises'
import type {ImageDetails} from '../../../engine/types.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {parseReference, withTag} from '../../../reference/reference.js'
import {obtainImage} from '../../../registry/obtain-image.js'
import {commandLine} from '../../../terminal/command-line.js'
import {printable} from '../../../terminal/text.js'
import {isRecord, listOf, literal, type ComposeModel, type ComposeService} from '../../../compose/compose-model.js'
import {composeTask} from '../../../compose/run-compose.js'
import {dockerfileOf, type TapModel} from '../../compose/tap-model.js'
import type {OpenTap} from '../../../values/open-tap.js'
import type {StartContext} from '../model.js'

/** A service's build section; undefined if there is nothing to build. */
export function buildSectionOf(opened: OpenTap, service: ComposeService): ComposeService | undefined {
  if (isRecord(service.build)) return service.build
  return dockerfileOf(opened)
}

/** The same if it has to be built. @throws UsageError `dockerfile-missing` */
export function neededBuild(opened: OpenTap, service: ComposeService): ComposeService {
  const section = buildSectionOf(opened, service)
  if (section !== undefined) return section
  throw new UsageError(`There is no Dockerfile in ${printable(opened.files.containerFolder)}.`, {
    code: 'dockerfile-missing',
    hint: `Omit --build, or add a Dockerfile. Create one with: ${commandLine`keg tap new`}`,
  })
}

/**
 * Builds the tap's image from its Dockerfile, with its values as build arguments. Secrets are not passed as arguments, which
 * everybody with the image can read; a Dockerfile can mount them by name.
 * @throws what obtainImage does for the base image; MissingError `compose-missing`, FailedError `compose-failed`
 */
export async function buildTapImage(context: StartContext, tapModel: TapModel, name: string): Promise<ImageDetails> {
  const {engine, opened, progress, warn} = context
  await pullBase(context)
  const plan = await planBuild(opened, tapModel, name)
  for (const secret of plan.leftOut)
    warn(
      `${secret} is a secret, and not passed as a build argument: everybody could read it in the image. Mount it instead: RUN --mount=type=secret,id=${secret}`,
    )
  await composeTask(
    {...context.compose, environment: buildEnvironment(context)},
    {model: plan.model, args: ['build', tapModel.service], stage: `Building ${name}`, progress},
  )
  const image = await engine.image(name)
  if (image !== undefined) return image
  throw new FailedError(`${name} was built, and is not in this engine.`, {
    code: 'image-missing',
    hint: `A build for several platforms, or by a remote builder, does not load its image here. Check: ${commandLine`docker buildx ls`}`,
  })
}

/** The environment for docker compose's build. */
export function buildEnvironment({compose, opened}: Pick<StartContext, 'compose' | 'opened'>): NodeJS.ProcessEnv {
  return {
    ...compose.environment,
    // So that the same build gives the same image.
    BUILDX_NO_DEFAULT_ATTESTATIONS: '1',
    ...(!opened.values.isOn('KEG_DOC_BUILDX') && {DOCKER_BUILDKIT: '0'}),
  }
}

/** What to build, and which secrets are not build arguments though the Dockerfile or the compose file asks for them. */
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
  const inline = typeof section.dockerfile_inline === 'string' ? section.dockerfile_inline : undefined
  const text = inline ?? (await dockerfileText(opened, section))
  const mounted = secrets.filter((name) => new RegExp(`--mount=type=secret\\S*\\bid=${name}\\b`).test(text))
  const platforms = values.text('KEG_BUILD_PLATFORMS')?.split(',')
  const args = Object.fromEntries([...own, ...written].filter(([name]) => !secrets.includes(name)))
  const build = {
    ...section,
    args,
    ...(platforms !== undefined && {platforms: platforms.map((platform) => platform.trim())}),
    ...(mounted.length > 0 && {secrets: [...listOf(section.secrets), ...mounted.map((source) => ({source}))]}),
  }
  const wanted = secrets.filter((name) => {
    return written.some(([argument]) => argument === name) || new RegExp(`^\\s*ARG\\s+${name}\\b`, 'im').test(text)
  })
  const known = {
    ...(isRecord(model.secrets) && model.secrets),
    ...Object.fromEntries(mounted.map((name) => [name, {environment: name}])),
  }
  return {
    model: {
      services: {
        ...servicesBuiltOn(model, section),
        [main]: {image, build, ...(service.platform !== undefined && {platform: service.platform})},
      },
      ...(Object.keys(known).length > 0 && {secrets: known}),
    },
    leftOut: wanted.filter((name) => !mounted.includes(name)),
  }
}

/** Services whose images a build uses as contexts (`additional_contexts: {base: "service:base"}`), directly or not. */
function servicesBuiltOn(model: ComposeModel, section: ComposeService, found: ComposeModel['services'] = {}) {
  const contexts = isRecord(section.additional_contexts) ? Object.values(section.additional_contexts) : []
  let services = found
  for (const context of contexts) {
    const name = typeof context === 'string' ? (/^service:(.+)$/.exec(context)?.[1] ?? '') : ''
    const service = model.services[name]
    if (service === undefined || name in services) continue
    const {build, image, platform} = service
    services = {...services, [name]: {build, image, platform}}
    services = servicesBuiltOn(model, isRecord(build) ? build : {}, services)
  }
  return services
}

/** Pulls the newest base image too, unless KEG_FROM_BASE says that the local one is enough. */
async function pullBase(context: StartContext): Promise<void> {
  const {values} = context.opened
  const text = values.text('KEG_BASE_IMAGE')
  if (text === undefined || values.isOn('KEG_FROM_BASE')) return
  const reference = withTag(parseReference(text))
  // An image without a registry can be only in this engine; the build finds it, or pulls it.
  if (reference.hostWritten) await obtainImage(context, {reference, pull: 'always'})
}

/** Empty if it cannot be read: the build reports that. */
async function dockerfileText(opened: OpenTap, {dockerfile}: ComposeService): Promise<string> {
  const file =
    typeof dockerfile === 'string' && dockerfile.startsWith('/') ? dockerfile : dockerfileOf(opened)?.dockerfile
  return file === undefined ? '' : readFile(file, 'utf8').catch(() => '')
}
