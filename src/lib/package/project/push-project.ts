import type {EngineWork} from '../../engine/engine-work.js'
import type {Descriptor} from '../../image/model.js'
import {asDigest} from '../../image/registry/layer-uploads.js'
import type {RegistrySink} from '../../image/registry/registry-sink.js'
import {formatReference, type Digest, type Reference, type Tag} from '../../reference/reference.js'
import {MORE_TRIES} from '../../registry/client/limits.js'
import {RegistryClient} from '../../registry/client/registry-client.js'
import {RegistryFailure} from '../../registry/client/registry-failure.js'
import {findCredentials} from '../../registry/credentials.js'
import {registryError} from '../../registry/registry-error.js'
import {sha256Digest} from '../../tar/bytes.js'
import type {ImageDetails} from '../../engine/types.js'
import type {ComposeProject} from './model.js'
import {EMPTY_BLOB, projectDocuments, type IndexedService, type ProjectDocuments} from './project-index.js'
import {projectModel} from './project-model.js'

/** The image of a service that was sent, and has no tag. */
export interface SentService {
  readonly service: string
  readonly sent: RegistrySink
  /** The image that its container was made from: it has the same platform. */
  readonly base: Pick<ImageDetails, 'Architecture' | 'Os' | 'Variant'>
}

export interface PushProjectOptions {
  readonly project: ComposeProject
  readonly services: readonly SentService[]
  /** The names of the package. */
  readonly names: readonly (Reference & {readonly tag: Tag})[]
  /** Annotations of the index. */
  readonly annotations: Readonly<Record<string, string>>
}

/** How long removing a manifest again may take. */
const TAKE_BACK_MILLISECONDS = 5000

/**
 * Pushes the model and the index of a project whose images were sent; the tags are written last. If it fails before that, nothing with
 * a name is left in the registry.
 * @returns the digest of the index, for each name
 * @throws FailedError with a code of registry-error.ts; what findCredentials throws
 */
export async function pushProject(work: EngineWork, options: PushProjectOptions): Promise<readonly Digest[]> {
  const digests: Digest[] = []
  for (const name of options.names) digests.push(await pushName(work, name, options))
  return digests
}

async function pushName(
  work: EngineWork,
  name: Reference & {readonly tag: Tag},
  {annotations, project, services}: PushProjectOptions,
): Promise<Digest> {
  const {engine, environment, progress, signal} = work
  const stage = `Pushing ${formatReference(name)}`
  progress({stage, state: 'running'})
  const indexed = services.map(({base, sent, service}) => indexedService(service, sent.descriptorIn(name), base))
  const images = new Map(
    services.map(({base, sent, service}) => [
      service,
      {digest: asDigest(sent.descriptorIn(name).digest), platform: base},
    ]),
  )
  const documents = projectDocuments(await projectModel(work, project, images), indexed, annotations)
  const credentials = await findCredentials(work, name)
  const clientUntil = (until: AbortSignal): RegistryClient =>
    new RegistryClient(
      {environment, signal: until},
      {reference: name, credentials, action: 'push', info: engine.facts.info, limits: MORE_TRIES},
    )
  using client = clientUntil(signal)
  const tag = {mayBeThere: false}
  const keepImages = (isKept: boolean): void => {
    tag.mayBeThere = isKept
    for (const {sent} of services) sent.keep(isKept)
  }
  try {
    await sendModel(client, documents)
    signal.throwIfAborted()
    // If the answer is lost, the registry may have the tag.
    keepImages(true)
    const {content: bytes, descriptor} = documents.index
    const digest = await client.manifests.put(name.tag, {bytes, mediaType: descriptor.mediaType})
    progress({stage, state: 'done'})
    return digest
  } catch (error) {
    if (isRefused(error)) keepImages(false)
    if (!tag.mayBeThere) {
      using last = clientUntil(AbortSignal.timeout(TAKE_BACK_MILLISECONDS))
      // A registry may not allow it, and removes what has no tag some day anyway.
      await last.manifests.delete(asDigest(documents.manifest.descriptor.digest)).catch(() => undefined)
    }
    signal.throwIfAborted()
    const {wasAccepted} = client
    throw registryError(error, {action: 'push', reference: name, credentials, wasAccepted, leaves: 'layers'})
  }
}

async function sendModel(client: RegistryClient, {manifest, model}: ProjectDocuments): Promise<void> {
  for (const blob of [EMPTY_BLOB, model])
    await client.blobs.upload({digest: asDigest(sha256Digest(blob)), size: blob.length, open: () => [blob]})
  const {content: bytes, descriptor} = manifest
  await client.manifests.put(asDigest(descriptor.digest), {bytes, mediaType: descriptor.mediaType})
}

/** Whether the registry said no, so that nothing was stored. */
function isRefused(error: unknown): boolean {
  return error instanceof RegistryFailure && error.status >= 400 && error.status < 500
}

function indexedService(
  service: string,
  manifest: Descriptor,
  {Architecture: architecture, Os: os, Variant: variant}: SentService['base'],
): IndexedService {
  return {service, manifest, platform: {os, architecture, ...(variant !== undefined && variant !== '' && {variant})}}
}
