import type {Values} from '../values/values.js'
import {understandReference} from '../reference/pasted-reference.js'
import {
  hubRegistry,
  isRepositoryPath,
  parseReference,
  parseRegistry,
  parseTag,
  withTag,
  type Reference,
  type Registry,
} from '../reference/reference.js'
import type {OpenTap} from '../values/open-tap.js'

/**
 * A tap's registry: KEG_REGISTRY, or the registry and namespace of the image in its own files; undefined without either.
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
 * Parses an image for a tap: any form that `keg docker package run` accepts, or a single name, such as `shop:feature-x`, in
 * the tap's registry. Without a tag it gets KEG_IMAGE_TAG, or else the default tag.
 * @returns a reference with a tag or a digest
 * @throws UsageError `reference-invalid`, `tag-invalid`, and what {@link registryOf} throws
 */
export function expandReference(text: string, opened: Pick<OpenTap, 'configuration' | 'values'>): Reference {
  const {kind, reference} = understandReference(text)
  const registry = kind === 'reference' && !text.includes('/') ? registryOf(opened.values) : undefined
  return tagged(registry === undefined ? reference : inRegistry(reference, registry), opened)
}

/**
 * The image of KEG_IMAGE_FROM, with a tag or a digest; short names are in the tap's registry only if they come from the
 * command line. Undefined without KEG_IMAGE_FROM.
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

/** The same image with a tag, if it has neither tag nor digest. */
function tagged(reference: Reference, {configuration, values}: Pick<OpenTap, 'configuration' | 'values'>): Reference {
  return withTag(reference, parseTag(values.text('KEG_IMAGE_TAG') ?? configuration.defaultTag))
}

/** The image in the tap's own files, whatever a flag says. */
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
