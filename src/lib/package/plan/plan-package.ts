import {runSettingsOf} from '../../image/container-settings.js'
import {destinationsOf, type SelectedMount} from '../mount/mount-selection.js'
import {measureMounts, type MountSize} from '../mount/measure-mounts.js'
import {MountSurvey} from '../exclude/mount-survey.js'
import type {MountContents} from '../content/mount-contents.js'
import type {PackageOptions} from '../package-options.js'
import {composeServiceOf} from '../target/compose-service.js'
import {findOtherServices, otherServicesText} from '../target/other-services.js'
import {describeConfiguration} from './describe-configuration.js'
import {checkLayerCount} from './layer-limit.js'
import type {PackageContext} from './package-context.js'
import type {PackagedMount, PackagePlan} from './package-plan.js'
import {settleWay} from './settle-way.js'
import {ContainerChanges} from '../../container/container-changes.js'
import {nameOf} from '../../container/container-name.js'
import {excludedMounts} from '../exclude/find-exclusions.js'

/** keg asks about mounts larger than this, in bytes, and measures no further. */
export const MAX_BYTES_UNASKED = 1_000_000_000

/**
 * Plans the package of a container: measures its mounts, looks for secrets in them and in what the container changed, and warns
 * of anything that will be different when the package is run. Changes nothing and asks nothing.
 * @throws FailedError `layers-too-many`, `mount-unreadable`, and what checking the names of the package throws
 */
export async function planPackage(context: PackageContext, options: PackageOptions): Promise<PackagePlan> {
  const {contents, excluded, findingAgentFiles, included, listing, mounts, secrets, source, work, writers} = context
  const {base, container, destinations, findingSyncs, output, project, push} = source
  const {engine, warn} = work
  const findingServices = source.service === undefined ? findOtherServices(engine, container, base) : NO_SERVICES
  findingServices.catch(() => undefined)
  const survey = new MountSurvey({patterns: excluded, destinations: destinationsOf(container), secrets})
  const sizes = await measureMounts(work, {
    mounts: included,
    enoughBytes: options.dryRun ? Infinity : MAX_BYTES_UNASKED,
    observe: (destination) => survey.observe(destination),
  })
  await secrets.searchWritableLayer(new ContainerChanges(await listing))
  const sizeOf = new Map(included.map(({destination}, index) => [destination, sizes[index]]))
  const syncs = await findingSyncs
  const agentPaths = await findingAgentFiles
  const layers = checkLayerCount(container, base, {mounts: included.length, hasAgentFiles: agentPaths.length > 0})
  const environmentNames = options.excludeEnvironment
  const configuration = await describeConfiguration(context, environmentNames)
  const measuredBytes = sizes.reduce((sum, {bytes}) => sum + bytes, 0)
  const {tags, way} = await settleWay(context, measuredBytes)
  for (const warning of tags.warnings) warn(warning)
  const otherServices = await findingServices
  const missing = otherServicesText(composeServiceOf(container, base), otherServices)
  if (missing !== undefined) warn(missing)
  return {
    container: nameOf(container),
    destinations,
    project,
    mounts: plannedMounts(mounts, sizeOf, contents),
    measured: sizes.every(({whole}) => whole),
    ...configuration,
    settings: runSettingsOf(container, engine.facts.info),
    push,
    pause: options.pause,
    way,
    output,
    replaces: tags.taken,
    writers: writers.planned,
    otherServices,
    syncs: syncs.planned,
    secrets: secrets.found,
    excluded: {paths: [...excludedMounts(mounts, excluded), ...survey.excluded], environment: environmentNames},
    wantedExclusions: options.exclude.texts,
    excludable: survey.parts.list,
    layers,
    entries: sizes.reduce((sum, size) => sum + size.entries, 0),
    agentFiles: {
      paths: agentPaths,
      mounts: included.flatMap(({destination}) => (sizeOf.get(destination)?.mayHaveAgentFiles ? [destination] : [])),
    },
    author: options.author,
    message: options.message,
    verify: options.verify,
  }
}

const NO_SERVICES = Promise.resolve([])

/** Bytes of the included mounts, as far as they were measured. */
export function mountBytes({mounts}: Pick<PackagePlan, 'mounts'>): number {
  return mounts.reduce((sum, {bytes, included}) => sum + (included ? (bytes ?? 0) : 0), 0)
}

function plannedMounts(
  selected: readonly SelectedMount[],
  sizeOf: ReadonlyMap<string, MountSize | undefined>,
  contents: MountContents,
): PackagedMount[] {
  const planned = selected.map(({destination, excluded, type}) => ({
    destination,
    type,
    bytes: excluded === undefined ? (sizeOf.get(destination)?.bytes ?? null) : null,
    included: excluded === undefined,
    content: excluded === undefined ? (contents.originOf(destination) ?? null) : null,
    reason: excluded?.reason ?? null,
    flag: excluded?.flag ?? null,
  }))
  return planned.sort((left, right) => (left.destination < right.destination ? -1 : 1))
}
