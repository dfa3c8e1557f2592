import type {ChangedSync} from '../../sync/change/change-syncs.js'
import {changeText} from '../../sync/sync-text.js'
import {printable} from '../../terminal/text.js'
import type {DestroyTapResult} from './destroy-tap.js'
import type {ContainerOutcome, TapContainerResult} from './life-result.js'
import type {StopTapResult} from './stop-tap.js'

/** What happened to each sync and container, one line each; empty if there was none. */
export function stopText({containers, syncs}: StopTapResult): string {
  return lines(
    syncsText(syncs, {verb: 'pause', done: 'Paused', already: 'Already paused'}),
    ...containers.map((container) => containerText(container, {planned: 'Would stop', unchanged: 'Already stopped:'})),
  )
}

/** The same for what was removed, or would be with a dry run. */
export function destroyText(
  {containers, images, networks, syncs, volumes}: DestroyTapResult,
  {dryRun}: {readonly dryRun: boolean},
): string {
  const verb = dryRun ? 'Would remove' : 'Removed'
  return lines(
    syncsText(syncs, {verb: 'end', done: 'Ended', already: 'Already ended', ends: true}),
    ...containers.map((container) => containerText(container, {planned: 'Would remove'})),
    ...networks.map((name) => `${verb} network ${name}`),
    ...volumes.map((name) => `${verb} volume ${name}`),
    ...images.map((name) => `${verb} image ${name}`),
  )
}

/** For `--quiet`: the names of the containers, one a line. */
export function containerNames(containers: readonly TapContainerResult[]): string {
  return containers.map(({name}) => printable(name)).join('\n')
}

function containerText(
  {name, outcome}: TapContainerResult,
  words: Partial<Readonly<Record<ContainerOutcome, string>>>,
): string {
  return `${words[outcome] ?? WORDS[outcome]} ${name}`
}

const WORDS: Readonly<Record<ContainerOutcome, string>> = {
  stopped: 'Stopped',
  started: 'Started',
  restarted: 'Restarted',
  removed: 'Removed',
  planned: 'Would change',
  unchanged: 'Unchanged:',
}

function syncsText(syncs: readonly ChangedSync[], words: Parameters<typeof changeText>[1]): string {
  return changeText(
    syncs.filter(({outcome}) => outcome !== 'failed'),
    words,
  )
}

function lines(...texts: readonly string[]): string {
  return texts
    .flatMap((text) => text.split('\n'))
    .filter((line) => line !== '')
    .map((line) => printable(line))
    .join('\n')
}
