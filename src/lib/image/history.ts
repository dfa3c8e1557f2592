import type {HistoryRow} from '../engine/types.js'
import {property} from '../json/json.js'
import type {HistoryEntry} from './model.js'

/** The history of an image, divided into steps that made a layer and steps that did not. */
export interface Steps {
  /** One for each layer, from the bottom. */
  readonly layers: readonly HistoryEntry[]
  /** The others, each with the number of layers below it. */
  readonly empty: readonly {readonly index: number; readonly history: HistoryEntry}[]
}

/** Instructions that make no layer, as the classic builder (`#(nop)`, after the shell of the image) and BuildKit write them. */
const MAKES_NO_LAYER =
  /^(?:\S.* #\(nop\)\s+)?(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b/

/** It makes a layer only if the folder did not exist. */
const MAY_MAKE_A_LAYER = /^(?:\S.* #\(nop\)\s+)?WORKDIR\b/

/**
 * Finds out which steps of a history made a layer. An engine's API only has sizes, and a layer's size can be 0: then the steps
 * that most probably made one are chosen. If the count cannot match, the history is dropped, because engines refuse an image
 * whose history contradicts its layers.
 * @param entries oldest first; `empty` is undefined if unknown.
 */
export function stepsFrom(
  entries: readonly {readonly history: HistoryEntry; readonly empty: boolean | undefined}[],
  layerCount: number,
): Steps {
  const missing = layerCount - entries.filter(({empty}) => empty === false).length
  const unknown = entries.flatMap(({empty, history}, index) =>
    empty === undefined ? [{index, doubt: doubtOf(history)}] : [],
  )
  if (missing < 0 || missing > unknown.length) return {layers: [], empty: []}
  const mostProbable = unknown.sort((left, right) => left.doubt - right.doubt || right.index - left.index)
  const chosen = new Set(mostProbable.slice(0, missing).map(({index}) => index))
  const layers: HistoryEntry[] = []
  const empty: {index: number; history: HistoryEntry}[] = []
  entries.forEach((entry, index) => {
    if (entry.empty === false || chosen.has(index)) layers.push(entry.history)
    else empty.push({index: layers.length, history: entry.history})
  })
  return {layers, empty}
}

/** A step from an engine's API. */
export function stepOf({Comment: comment, Created, CreatedBy}: HistoryRow): HistoryEntry {
  return {
    created: new Date(Created * 1000).toISOString(),
    created_by: CreatedBy,
    ...(comment === '' ? {} : {comment}),
  }
}

/** A step from an image's configuration. */
export function historyEntry(entry: unknown): HistoryEntry {
  const text = (name: string): string | undefined => {
    const value = property(entry, name)
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const [author, comment] = [text('author'), text('comment')]
  return {
    created: text('created') ?? new Date(0).toISOString(),
    created_by: text('created_by') ?? '',
    ...(author !== undefined && {author}),
    ...(comment !== undefined && {comment}),
  }
}

function doubtOf({created_by: step}: HistoryEntry): number {
  if (MAKES_NO_LAYER.test(step)) return 2
  return MAY_MAKE_A_LAYER.test(step) ? 1 : 0
}
