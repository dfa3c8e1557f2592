import {thisOwner} from './owner.js'

/** Id of the run of keg that made something; packages and their containers bear it too. */
export const RUN = 'com.keg.run'
export const ROLE = 'com.keg.role'
/** The role of all that is only there while keg works. */
export const HELPER = 'helper'
/** The process that made a container, as JSON (owner.ts). */
export const OWNER = 'com.keg.owner'
/**
 * The same of an image. Containers inherit the labels of their images, so that an image may not have the label by which
 * containers are found: anybody could publish one whose containers keg would then remove.
 */
export const IMAGE_OWNER = 'com.keg.image-owner'
/** The container that a lock is for. */
export const LOCK = 'com.keg.lock'
/** `true` where whoever has the lock pauses the container. */
export const LOCK_PAUSES = 'com.keg.lock.pauses'
/**
 * On a lock, the syncs that its owner pauses: Mutagen's identifiers, with blanks between them. Missing where there are none.
 */
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
