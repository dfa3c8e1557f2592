import {thisOwner} from '../lock/process-owner.js'

/** Id of the keg run that created it; also on packages and their containers. */
export const RUN = 'com.keg.run'
export const ROLE = 'com.keg.role'
/** The role of everything that exists only while keg works. */
export const HELPER = 'helper'
/** The process that created a container, as JSON (process-owner.ts). */
export const OWNER = 'com.keg.owner'
/**
 * The same for an image. Containers inherit labels from images, so an image must not have the label by which containers are
 * found: anybody could publish one whose containers keg would then remove.
 */
export const IMAGE_OWNER = 'com.keg.image-owner'
/** The container that a lock is for. */
export const LOCK = 'com.keg.lock'
/** `true` if the owner of the lock pauses the container. */
export const LOCK_PAUSES = 'com.keg.lock.pauses'
/** On a lock, the syncs that its owner pauses: Mutagen's identifiers, separated by spaces. Missing if there are none. */
export const LOCK_SESSIONS = 'com.keg.lock.sessions'
/** `true` on a container that keg removes when it ends. */
export const ATTACHED = 'com.keg.attached'

/** Labels of a temporary container. */
export function helperLabels(run: string): Record<string, string> {
  return {[ROLE]: HELPER, [RUN]: run, [OWNER]: JSON.stringify(thisOwner())}
}

/** Labels of a temporary image. */
export function helperImageLabels(run: string): Record<string, string> {
  return {[ROLE]: HELPER, [RUN]: run, [IMAGE_OWNER]: JSON.stringify(thisOwner())}
}
