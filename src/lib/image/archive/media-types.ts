/** The media types of manifest, configuration and compressed layers: a manifest cannot mix Docker's and OCI's. */
export interface MediaTypes {
  readonly manifest: string
  readonly config: string
  readonly layer: string
}

/** Docker image manifest, version 2, schema 2. */
export const DOCKER: MediaTypes = {
  manifest: 'application/vnd.docker.distribution.manifest.v2+json',
  config: 'application/vnd.docker.container.image.v1+json',
  layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
}

/** OCI image-spec 1.1, media-types.md. */
export const OCI: MediaTypes = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
}

/** A layer that is not compressed. */
export const OCI_TAR = 'application/vnd.oci.image.layer.v1.tar'

/** A layer compressed with zstd. */
export const OCI_ZSTD = `${OCI_TAR}+zstd`

/** Manifests of images for several platforms. */
export const INDEXES: readonly string[] = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
]

/** Manifests of images. */
export const MANIFESTS: readonly string[] = [OCI.manifest, DOCKER.manifest]

const OF_DOCKER = 'application/vnd.docker.image.rootfs.diff.tar'

/**
 * OCI's media type for a layer with Docker's, which means the same bytes (OCI image-spec, media-types.md, "Compatibility Matrix");
 * any other is returned unchanged.
 */
export function ociLayerType(mediaType: string): string {
  if (mediaType === OF_DOCKER) return OCI_TAR
  return mediaType.startsWith(`${OF_DOCKER}.`) ? `${OCI_TAR}+${mediaType.slice(OF_DOCKER.length + 1)}` : mediaType
}
