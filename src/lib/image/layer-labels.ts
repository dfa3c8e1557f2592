import type {AgentFilesLabel, MountLayerLabel} from './labels.js'
import type {Layer} from './model.js'

/** The label of a package for its mount layers. */
export function mountLabels(layers: readonly Layer[]): MountLayerLabel[] {
  return layers.flatMap((layer) => {
    if (layer.kind !== 'mount') return []
    const {diffId, isEmpty, path, type} = layer
    return [{path, type, layer: diffId, ...(isEmpty && {empty: true})}]
  })
}

/** A mount as labels name it. */
export interface LabelledMount extends Pick<MountLayerLabel, 'path' | 'type' | 'empty'> {
  /** diffIDs of its layers, from the bottom. */
  readonly layers: readonly string[]
}

/** The mounts that a label names: those of its layers that are next to each other and have one path are one mount. */
export function labelledMounts(labels: readonly MountLayerLabel[]): LabelledMount[] {
  const mounts: (LabelledMount & {layers: string[]})[] = []
  for (const {layer, ...mount} of labels) {
    const last = mounts.at(-1)
    if (last?.path === mount.path) last.layers.push(layer)
    else mounts.push({...mount, layers: [layer]})
  }
  return mounts
}

/** Paths of all agent files that the layers hide or leave out. */
export function agentFilePaths(layers: readonly Layer[]): string[] {
  const paths = layers.flatMap((layer) => {
    if (layer.kind === 'whiteout') return layer.paths
    return layer.kind === 'mount' ? layer.recording.agentFiles : []
  })
  // A mount may have several layers.
  return [...new Set(paths)]
}

/** The label of a package for its agent files; undefined if there are none. */
export function agentFilesLabel(layers: readonly Layer[]): AgentFilesLabel | undefined {
  const paths = agentFilePaths(layers)
  if (paths.length === 0) return undefined
  return {layer: layers.find(({kind}) => kind === 'whiteout')?.diffId ?? null, paths}
}
