import {property} from '../../json/json.js'

/** Manifests of images for one platform. */
export const IMAGE_TYPES: readonly string[] = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
]

/** Lists of images for several platforms. */
export const INDEX_TYPES: readonly string[] = [
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.index.v1+json',
]

/**
 * The media type of a manifest: that of the answer, or if it is too general, what the manifest says itself, or what it looks like.
 * @param header Content-Type
 * @param content the parsed manifest
 * @returns undefined if it is no manifest
 */
export function mediaTypeOf(header: string | undefined, content: unknown): string | undefined {
  const type = header?.replace(/;.*$/s, '').trim().toLowerCase() ?? ''
  if (/^application\/vnd\./.test(type)) return type
  // A page of a proxy has its own type.
  if (!['', 'application/json', 'application/octet-stream', 'text/plain'].includes(type)) return undefined
  const own = property(content, 'mediaType')
  if (typeof own === 'string' && [...IMAGE_TYPES, ...INDEX_TYPES].includes(own)) return own
  if (property(content, 'config') !== undefined) return IMAGE_TYPES[1]
  return property(content, 'manifests') === undefined ? undefined : INDEX_TYPES[1]
}
