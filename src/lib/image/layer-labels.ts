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

/** Paths of all agent files that the layers hide or leave out. */
export function agentFilePaths(layers: readonly Layer[]): string[] {
  return layers.flatMap((layer) => {
    if (layer.kind === 'whiteout') return layer.paths
    return layer.kind === 'mount' ? layer.recording.agentFiles : []
  })
}

/** The label of a package for its agent files; undefined if there are none. */
export function agentFilesLabel(layers: readonly Layer[]): AgentFilesLabel | undefined {
  const paths = agentFilePaths(layers)
  if (paths.length === 0) return undefined
  return {layer: layers.find(({kind}) => kind === 'whiteout')?.diffId ?? null, paths}
}
