import type {Digest} from '../../reference/reference.js'
import type {CapturedContainer} from '../capture/capture-package.js'
import type {ComposedPackage} from '../compose/compose-package.js'
import type {PackagePlan} from '../plan/package-plan.js'
import type {Destination} from '../../reference/destination.js'
import {formatReference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {pushImage} from '../../registry/push.js'
import {publish, pushAll} from './publish.js'
import type {Verification} from '../verify/verification.js'
import {engineMedium, fileMedium, registryMedium, verifyWritten, type WrittenMedium} from '../verify/verify-written.js'
import type {PackageSource} from '../target/package-source.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** A package that has its names. */
export interface DeliveredPackage {
  /** For each destination that was pushed. */
  readonly digests: readonly (Digest | undefined)[]
  /** Bytes of the file; undefined without one. */
  readonly fileBytes: number | undefined
}

/** What is verified: an image, and the capture to compare it with. */
export interface VerifyComposedOptions {
  readonly source: Pick<PackageSource, 'base'>
  readonly capture: Pick<CapturedContainer, 'content' | 'parts'>
  readonly composed: ComposedPackage
}

/**
 * Delivers an image: tags it, and pushes it. A file gets its name last.
 * @throws what publish and OutputFile.publish throw
 */
export async function deliverPackage(
  work: EngineWork,
  {destinations, push}: Pick<PackagePlan, 'destinations' | 'push'>,
  {written}: ComposedPackage,
): Promise<DeliveredPackage> {
  const {file, image, sent} = written
  const pushOne = (reference: Destination['reference']): Promise<Digest> =>
    sent === undefined
      ? pushImage(work, {reference}).then(({digest}) => digest)
      : sent.tag(reference, image !== undefined)
  const named = {destinations, push: push ? pushOne : undefined}
  const digests = image === undefined ? await pushAll(named) : await publish(work, {...named, image})
  await file?.publish(work.signal)
  // The package is complete, whatever becomes of the engine now.
  if (image === undefined && push) await tellOfEarlierImages(work, destinations, digests).catch(() => undefined)
  return {digests, fileBytes: file?.open.size}
}

/** Says which names the engine still has for other images: docker, and keg without asking the registry, would use those. */
async function tellOfEarlierImages(
  {engine, notice}: Pick<EngineWork, 'engine' | 'notice'>,
  destinations: PackagePlan['destinations'],
  digests: DeliveredPackage['digests'],
): Promise<void> {
  for (const [index, {reference}] of destinations.entries()) {
    const digest = digests[index]
    const name = formatReference(reference)
    const earlier = digest && (await engine.image(name))
    if (earlier && !earlier.RepoDigests?.some((pinned) => pinned.endsWith(`@${digest}`)))
      notice(
        `This engine still has an earlier image as ${name}. Get the new one with: ${commandLine`docker pull ${name}`}`,
      )
  }
}

/**
 * Verifies an image against its capture, if the container's own files were recorded; removes one that is wrong at once.
 * @returns undefined if it was not to be verified
 * @throws RefusedError `verification-failed`, after removing the image
 */
export async function verifyComposed(
  work: EngineWork,
  {capture, composed, source}: VerifyComposedOptions,
): Promise<Verification | undefined> {
  const {content, parts} = capture
  const {notCarried, written} = composed
  if (parts.writableLayerRecord === undefined) return undefined
  const {file, image, layers, sent} = written
  const {notCompared} = content
  const record = parts.writableLayerRecord
  const check = async (medium: WrittenMedium): Promise<Verification> => {
    const found = await verifyWritten(work, {medium, layers, record, base: source.base, notCompared})
    return {...found, notCarried}
  }
  try {
    const media = [
      ...(file ? [fileMedium(work, file.open)] : []),
      ...(image === undefined ? [] : [engineMedium(work, image)]),
      ...(sent ? [registryMedium(work, sent)] : []),
    ]
    let verification: Verification | undefined
    for (const medium of media) verification = await check(medium)
    return verification
  } catch (error) {
    if (image !== undefined) await work.engine.removeImage(image, {force: true})
    throw error
  }
}
