import type {ContainerDetails} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import {commandFor, troublesOf, type SyncTrouble} from '../../mutagen/session-health.js'
import type {SyncSession} from '../../mutagen/session.js'
import {printable} from '../../terminal/text.js'
import {shownName} from '../container-name.js'

/** Refuses to package a container while syncs into it are not clean. @throws RefusedError `sync-unclean` with all reasons */
export function refuseUnclean(container: ContainerDetails, states: readonly SyncSession[]): void {
  const unclean = states
    .map((session) => ({session, troubles: troublesOf(session)}))
    .filter(({troubles}) => troubles.length > 0)
  const [first] = unclean
  if (first === undefined) return
  const lines = unclean.flatMap(({session, troubles}) => [
    `The sync ${titleOf(session)} is not clean, so ${shownName(container)} does not hold what ${otherSide(session)} holds:`,
    ...troubles.slice(0, MAX_LISTED).map(troubleText),
    ...(troubles.length > MAX_LISTED ? [`  and ${troubles.length - MAX_LISTED} more`] : []),
  ])
  throw new RefusedError(lines.join('\n'), {
    code: 'sync-unclean',
    hint: hintFor(first.session),
    data: {
      sessions: unclean.map(({session, troubles}) => ({session: session.id, name: session.name ?? null, troubles})),
    },
  })
}

/** How many problems of a sync are listed. */
const MAX_LISTED = 30

function troubleText({detail, kind, path, remedy}: SyncTrouble): string {
  return `  ${kind}${path === '' ? '' : ` ${printable(path)}`}: ${detail}. ${remedy}`
}

/** The error for a sync that does not transfer its folder's changes. */
export function notFlushed(session: SyncSession, what: string): RefusedError {
  return new RefusedError(`The sync ${titleOf(session)} ${what}.`, {
    code: 'sync-unclean',
    hint: hintFor(session),
    data: {sessions: [{session: session.id, name: session.name ?? null, troubles: []}]},
  })
}

function hintFor(session: SyncSession): string {
  return `See: ${commandFor(session, 'status')}. To package the container as it is: ${commandFor(session, 'pause')}`
}

/** The name of a session in a sentence. */
export function titleOf({id, name}: SyncSession): string {
  return printable(name ?? id)
}

/** The session's path outside the container. */
export function otherSide({alpha, beta}: SyncSession): string {
  return printable(alpha.protocol === 'docker' ? beta.path : alpha.path)
}
