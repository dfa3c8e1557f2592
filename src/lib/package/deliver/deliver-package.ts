import type {Digest} from '../../reference/reference.js'
import type {PackageCapture} from '../capture/capture-package.js'
import type {ComposedPackage} from '../compose/compose-package.js'
import type {PackagePlan} from '../plan/package-plan.js'
import type {Destination} from '../../reference/destination.js'
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
  /** Undefined when the image was not verified. */
  readonly verification: Verification | undefined
  /** Bytes of the file; undefined without one. */
  readonly fileBytes: number | undefined
}

/** What is delivered: an image, and the capture to verify it against. */
export interface Delivery {
  readonly source: Pick<PackageSource, 'base'>
  readonly capture: Pick<PackageCapture, 'content' | 'parts'>
  readonly composed: ComposedPackage
}

/**
 * Delivers an image: verifies it against the capture, if planned, tags it, and pushes it. A file gets its name last.
 * @throws RefusedError `verification-failed`, after removing the image; what publish and OutputFile.publish throw
 */
export async function deliverPackage(
  work: EngineWork,
  {destinations, push}: Pick<PackagePlan, 'destinations' | 'push'>,
  delivery: Delivery,
): Promise<DeliveredPackage> {
  const verification = await verify(work, delivery)
  const {file, image, sent} = delivery.composed.written
  const pushOne = (reference: Destination['reference']): Promise<Digest> =>
    sent === undefined ? pushImage(work, {reference}).then(({digest}) => digest) : sent.tag(reference)
  const named = {destinations, push: push ? pushOne : undefined}
  const digests = image === undefined ? await pushAll(named) : await publish(work, {...named, image})
  await file?.publish(work.signal)
  return {digests, verification, fileBytes: file?.open.size}
}

/** Verifies the image against the container's own files, if those were recorded; removes one that is wrong at once. */
async function verify(work: EngineWork, {capture, composed, source}: Delivery): Promise<Verification | undefined> {
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
