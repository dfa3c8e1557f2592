import {readPackageFacts, type ReadFacts} from '../image/read-labels.js'
import {openPackage, type PackageQuery} from '../open-package.js'

/** What scripts get, with `--json`: what the engine knows of the image, and what its labels say. */
export interface InspectResult extends ReadFacts {
  readonly reference: string
  /** Id of the image in the engine. */
  readonly image: string
  /** Null where the engine knows none. */
  readonly digest: string | null
  /** As docker writes it: `linux/arm64/v8`. */
  readonly platform: string
  readonly layers: number
  readonly bytes: number
}

/**
 * Reads what a package says of itself. Nothing of it is checked: that is what verifying is for.
 * @throws FailedError `not-a-package`, `package-schema-unknown`; what getting the image throws.
 */
export async function inspectPackage(query: PackageQuery): Promise<InspectResult> {
  await using opened = await openPackage(query)
  const {digest, image, reference} = opened
  return {
    reference,
    image: image.Id,
    digest: digest ?? null,
    platform: [image.Os, image.Architecture, image.Variant]
      .filter((part) => part !== undefined && part !== '')
      .join('/'),
    layers: (image.RootFS.Layers ?? []).length,
    bytes: image.Size,
    ...readPackageFacts(reference, image.Config?.Labels),
  }
}
