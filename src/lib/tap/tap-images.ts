import type {Values} from '../environment/values.js'
import {understandReference} from '../reference/pasted-reference.js'
import {
  hubRegistry,
  isRepositoryPath,
  parseReference,
  parseRegistry,
  parseTag,
  type Reference,
  type Registry,
} from '../reference/reference.js'
import type {OpenTap} from './open-tap.js'

/**
 * Where a tap's images are: KEG_REGISTRY, else the registry and the namespace of the image that it runs by its own files;
 * undefined where neither names one.
 * @throws UsageError `registry-invalid`, `reference-invalid`
 */
export function registryOf(values: Values): Registry | undefined {
  const written = values.text('KEG_REGISTRY')
  if (written !== undefined) return parseRegistry(written)
  const text = ownImage(values)
  if (text === undefined) return undefined
  const {hostWritten, registry, repository} = parseReference(text)
  const slash = repository.lastIndexOf('/')
  const namespace = slash === -1 ? undefined : repository.slice(0, slash)
  if (registry === hubRegistry && !hostWritten && namespace === 'library') return undefined
  return {host: registry, namespace: namespace !== undefined && isRepositoryPath(namespace) ? namespace : undefined}
}

/**
 * Reads an image as it is given for a tap: whatever `keg docker package run` understands, and short: a single name, such as
 * `shop:feature-x`, is one of the tap's registry. Without a tag it gets KEG_IMAGE_TAG, or else the default tag.
 * @returns a reference with a tag or a digest
 * @throws UsageError `reference-invalid`, `tag-invalid`, and what {@link registryOf} throws
 */
export function expandReference(text: string, opened: Pick<OpenTap, 'configuration' | 'values'>): Reference {
  const {kind, reference} = understandReference(text)
  const registry = kind === 'reference' && !text.includes('/') ? registryOf(opened.values) : undefined
  return tagged(registry === undefined ? reference : inRegistry(reference, registry), opened)
}

/**
 * The image that a tap is to run by KEG_IMAGE_FROM, with a tag or a digest; short names are those of the tap's registry only where
 * the command line says them. Undefined where nobody names one.
 * @throws UsageError `reference-invalid`, `tag-invalid`
 */
export function wantedImage(opened: Pick<OpenTap, 'configuration' | 'values'>): Reference | undefined {
  const {values} = opened
  const text = values.text('KEG_IMAGE_FROM')
  if (text === undefined) return undefined
  return values.origin('KEG_IMAGE_FROM')?.kind === 'flag'
    ? expandReference(text, opened)
    : tagged(parseReference(text), opened)
}

/** The same image with a tag, where it has neither that nor a digest. */
export function tagged(
  reference: Reference,
  {configuration, values}: Pick<OpenTap, 'configuration' | 'values'>,
): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference
  return {...reference, tag: parseTag(values.text('KEG_IMAGE_TAG') ?? configuration.defaultTag)}
}

/** What the tap says itself that it runs, whatever a flag says above it. */
function ownImage(values: Values): string | undefined {
  if (values.origin('KEG_IMAGE_FROM')?.kind !== 'flag') return values.text('KEG_IMAGE_FROM')
  const explained = values.explain().find(({name}) => name === 'KEG_IMAGE_FROM')
  return explained?.hides.map(({text}) => text).find((text) => text !== '')
}

function inRegistry({digest, repository, tag}: Reference, {host, namespace}: Registry): Reference {
  const path = [
    host,
    ...(namespace === undefined ? [] : [namespace]),
    repository.slice(repository.lastIndexOf('/') + 1),
  ]
  return {...parseReference(path.join('/')), tag, digest}
}
