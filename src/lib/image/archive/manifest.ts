import {FailedError} from '../../error/keg-error.js'
import {listProperty, property} from '../../json/json.js'
import type {Descriptor} from '../model.js'

/** What an archive's documents say about an image. */
export interface Manifest {
  /** The blobs of its layers, from the bottom. */
  readonly layers: readonly Descriptor[]
  /** Its configuration, not parsed. */
  readonly config: unknown
}

/** An image, by its id in its store, and its layers. */
export interface ImageIdentity {
  readonly id: string
  readonly diffIds: readonly string[]
}

/**
 * The manifest of an image: the one with the image's id, or the one in an index whose configuration has the image's layers.
 * @param documents by the digests of their bytes
 * @returns undefined if it is not among them
 * @throws FailedError `manifest-invalid`
 */
export function findManifest(
  documents: ReadonlyMap<string, unknown>,
  {diffIds, id}: ImageIdentity,
): Manifest | undefined {
  const candidates = [documents.get(id), ...documents.values()]
  for (const candidate of candidates) {
    const layers = listProperty(candidate, 'layers')
    const configDigest = property(property(candidate, 'config'), 'digest')
    const config = typeof configDigest === 'string' ? documents.get(configDigest) : undefined
    const found = listProperty(property(config, 'rootfs'), 'diff_ids')
    if (layers.length !== diffIds.length || found.some((diffId, index) => diffId !== diffIds[index])) continue
    if (found.length === diffIds.length) return {layers: layers.map(descriptorOf), config}
  }
  return undefined
}

/** The error for an archive without the manifest of its image. */
export function manifestMissing(): FailedError {
  return new FailedError('The engine did not return the manifest of the image that it created.', {
    code: 'manifest-missing',
    hint: IS_IT_WHOLE,
  })
}

/** The error for an archive without a layer of its image. */
export function layerMissing(diffId: string): FailedError {
  return new FailedError(`The engine did not return the layer ${diffId}.`, {
    code: 'layer-missing',
    hint: IS_IT_WHOLE,
  })
}

const IS_IT_WHOLE = 'Its image store may be damaged: see the log of the engine.'

function descriptorOf(value: unknown): Descriptor {
  const [mediaType, digest, size] = [property(value, 'mediaType'), property(value, 'digest'), property(value, 'size')]
  if (typeof mediaType !== 'string' || typeof digest !== 'string' || typeof size !== 'number')
    throw new FailedError('The manifest of the image cannot be read.', {
      code: 'manifest-invalid',
      hint: 'Build the base image again.',
    })
  return {mediaType, digest, size}
}
