import {placed} from '../../image/layer/mount-layer.js'
import {countLayers} from '../../image/layer/split/plan-of-headers.js'
import {SPLIT_LIMITS} from '../../image/layer/split/plan-split.js'
import {readTar} from '../../tar/read-tar.js'
import {textToBytes, type TarHeader} from '../../tar/tar-header.js'
import {MountSurvey} from '../exclude/mount-survey.js'
import {MOUNT_PLACE} from '../mount/mount-place.js'
import {destinationsOf} from '../mount/mount-selection.js'
import {layersForMounts} from './layer-limit.js'
import type {IncludedMount, PackageContext} from './package-context.js'
import type {PackagePlan} from './package-plan.js'

/**
 * How many layers the mounts of a package have: large ones, which are split, are listed for it.
 * @param layersBelow how many the package has besides
 */
export async function estimateMountLayers(
  {mounts, pause}: Pick<PackagePlan, 'mounts' | 'pause'>,
  context: PackageContext,
  layersBelow: number,
): Promise<number> {
  const {included} = context
  const bytesOf = new Map(mounts.map(({bytes, destination}) => [destination, bytes ?? 0]))
  const mayBeSplit = ({destination}: IncludedMount): boolean =>
    // Headers and padding count too.
    pause === 'short' && (bytesOf.get(destination) ?? 0) > SPLIT_LIMITS.minSplit / 8
  let layers = 0
  for (const [index, mount] of included.entries()) {
    const others = included.length - index - 1
    const maxLayers = layersForMounts(layersBelow) - layers - others
    layers += mayBeSplit(mount) ? await countLayers({...listed(mount, context), maxLayers}) : 1
  }
  return layers
}

/** A mount as its package will have it. */
function listed(
  {destination, reader}: IncludedMount,
  {excluded, mounts, source, work}: PackageContext,
): Pick<Parameters<typeof countLayers>[0], 'root' | 'headers'> {
  const path = mounts.find((mount) => mount.destination === destination)?.knownPath ?? destination
  const root = textToBytes(path.slice(1))
  const headers = async function* (): AsyncGenerator<TarHeader> {
    const survey = new MountSurvey({
      patterns: excluded,
      destinations: destinationsOf(source.container),
      secrets: {observe: () => () => Promise.resolve()},
    })
    const look = survey.observe(destination)
    for await (const entry of readTar(reader.archive(MOUNT_PLACE, work.signal))) {
      const size = await look(entry)
      const {header} = entry
      const link = header.type === 'hardlink' ? placed(header.link, root) : header.link
      if (size !== undefined) yield {...header, path: placed(header.path, root), link, size}
    }
  }
  return {root, headers}
}
