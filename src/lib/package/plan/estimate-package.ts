import {layerSizes} from '../../image/layer-sizes.js'
import {readAgentFilesLabel, readMountLayers} from '../../image/labels.js'
import {candidatesOf} from '../compose/reuse-layers.js'
import {estimateMountLayers} from './estimate-mount-layers.js'
import {findHidingMounts} from './hiding-mounts.js'
import type {PackageContext} from './package-context.js'
import type {PackagePlan} from './package-plan.js'
import {mountBytes} from './plan-package.js'
import {writableLayerSize} from './writable-layer-size.js'

/** The size of a package, counted as in its result. */
export interface PackageEstimate {
  readonly layers: number
  /** Of the whole image, uncompressed. */
  readonly bytes: number
  /** Files recorded from the mounts. */
  readonly entries: number
}

/**
 * Estimates the package of a dry run, without changing anything: the base image without layers of an earlier package that are
 * replaced; the writable layer without what is excluded and without agent files; and the mounts. The container keeps running.
 */
export async function estimatePackage(plan: PackagePlan, context: PackageContext): Promise<PackageEstimate> {
  const [writableLayer, hiding] = await Promise.all([writableLayerSize(plan, context), findHidingMounts(context)])
  const below = await sizeBelow(plan, context, hiding)
  const agentLayers = plan.agentFiles.paths.length > 0 ? 1 : 0
  const layersBelow = below.layers + (writableLayer.isEmpty ? 0 : 1) + agentLayers
  return {
    layers: layersBelow + hiding.length + (await estimateMountLayers(plan, context, layersBelow)),
    bytes: below.bytes + writableLayer.bytes + mountBytes(plan),
    entries: plan.entries + hiding.length,
  }
}

/** The part of the container's image that is kept. */
async function sizeBelow(
  {agentFiles}: PackagePlan,
  {mounts, source, work}: PackageContext,
  hiding: readonly string[],
): Promise<Pick<PackageEstimate, 'layers' | 'bytes'>> {
  const {base} = source
  const layers = (base.RootFS.Layers ?? []).map((diffId) => ({diffId}))
  const labels = base.Config?.Labels
  const replaced = candidatesOf(layers, {
    earlier: readMountLayers(labels),
    earlierWhiteouts: readAgentFilesLabel(labels),
    paths: [
      ...mounts.flatMap(({destination, knownPath, excluded}) =>
        excluded === undefined ? [knownPath ?? destination] : [],
      ),
      ...hiding,
    ],
    hiding: agentFiles.paths,
  }).map(({layer}) => layer)
  const sizes = await layerSizes(work.engine, base)
  const isReplaced = ({diffId}: {diffId: string}): boolean => replaced.includes(diffId)
  const replacedBytes = layers.reduce((sum, layer, at) => sum + (isReplaced(layer) ? (sizes.layers[at] ?? 0) : 0), 0)
  return {layers: layers.filter((layer) => !isReplaced(layer)).length, bytes: sizes.total - replacedBytes}
}
