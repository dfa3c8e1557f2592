import type {HistoryEntry} from './image.js'

/** The history of an image, told apart into what made a layer and what did not. */
export interface Steps {
  /** One for each layer, from the bottom. */
  readonly layers: readonly HistoryEntry[]
  /** The others, each with the number of layers below it. */
  readonly empty: readonly {readonly index: number; readonly history: HistoryEntry}[]
}

/** Instructions that make no layer, as the classic builder (`#(nop)`, behind the shell of the image) and BuildKit write them. */
const MAKES_NO_LAYER =
  /^(?:\S.* #\(nop\)\s+)?(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME)\b/

/** It makes a layer only where the folder was not there. */
const MAY_MAKE_A_LAYER = /^(?:\S.* #\(nop\)\s+)?WORKDIR\b/

/**
 * Tells which steps of a history made a layer. An engine's API gives only sizes, and a layer may be of no size: then those
 * steps are taken that most probably made one. If the count cannot fit, the history is given up, because an image whose
 * history contradicts its layers is refused by engines.
 * @param entries oldest first; `empty` is undefined where it is not known.
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

function doubtOf({created_by: step}: HistoryEntry): number {
  if (MAKES_NO_LAYER.test(step)) return 2
  return MAY_MAKE_A_LAYER.test(step) ? 1 : 0
}
