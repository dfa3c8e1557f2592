import type {HistoryEntry} from './image.js'

/** The history of an image, told apart into what made a layer and what did not. */
export interface Steps {
  /** One for each layer, from the bottom. */
  readonly layers: readonly HistoryEntry[]
  /** The others, each with the number of layers below it. */
  readonly empty: readonly {readonly index: number; readonly history: HistoryEntry}[]
}

/** Instructions that make no layer, as the classic builder (`#(nop)`) and BuildKit write them. */
const MAKES_NO_LAYER =
  /^(?:\/bin\/sh -c #\(nop\)\s+)?(?:ARG|CMD|ENTRYPOINT|ENV|EXPOSE|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)\b/

/**
 * Tells which steps of a history made a layer. An engine's API gives only sizes, and a layer may be empty: then the
 * instruction decides, and if the count still does not fit, the history is given up, because an image whose history
 * contradicts its layers is refused by engines.
 * @param entries oldest first; `empty` is undefined where it is not known.
 */
export function stepsFrom(
  entries: readonly {readonly history: HistoryEntry; readonly empty: boolean | undefined}[],
  layerCount: number,
): Steps {
  const guesses = [
    entries.map(({empty}) => empty ?? true),
    entries.map(({empty, history}) => empty ?? MAKES_NO_LAYER.test(history.created_by)),
  ]
  const fitting = guesses.find((guess) => guess.filter((isEmpty) => !isEmpty).length === layerCount)
  if (fitting === undefined) return {layers: [], empty: []}
  const layers: HistoryEntry[] = []
  const empty: {index: number; history: HistoryEntry}[] = []
  entries.forEach(({history}, index) => {
    if (fitting[index] === true) empty.push({index: layers.length, history})
    else layers.push(history)
  })
  return {layers, empty}
}
