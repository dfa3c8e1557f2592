import {formatReference} from '../reference/reference.js'
import type {PlannedSync} from '../container/sync/container-syncs.js'
import {count, formatBytes, formatDuration, printable, shellLine} from '../terminal/text.js'
import type {ExcludablePart} from './exclude/excludable-parts.js'
import {contentNote} from './content/content-report.js'
import {plannedWriterText} from './content/writer-text.js'
import type {RunSettings} from '../image/run-settings.js'
import {divideSettings} from './run/granted-settings.js'
import {settingArguments} from './run/host-config.js'
import type {PackageResult} from './package-result.js'
import type {PackagedMount, PackageExclusions, PackagePlan} from './plan/package-plan.js'
import {shownTarget} from '../image/file/output-file.js'
import type {PlannedOutput} from './output/plan-output.js'
import {takenText} from './target/check-tags.js'
import {verificationLines} from './verify/verification.js'

/** The text for people before the container is paused. */
export function planText(plan: PackagePlan): string {
  const {project} = plan
  const state = project.repository?.dirty === true ? ', with uncommitted changes' : ''
  const where =
    project.folder === undefined
      ? ''
      : ` of ${project.folder} (${project.origin === 'container' ? "the container's folder" : 'the current folder'})`
  const revision = project.branch ?? project.commit?.slice(0, 12)
  const names = plan.destinations.map(({reference, remote}) => {
    return `  as ${formatReference(reference)}${placeNote(plan, remote)}`
  })
  const environment =
    plan.addedEnvironment.length === 0 ? [] : [`  environment beyond its image: ${plan.addedEnvironment.join(', ')}`]
  return [
    `Packaging ${plan.container}`,
    ...names,
    ...outputLines(plan.output),
    ...plan.replaces.map((tag) => `  replaces: ${takenText(tag)}`),
    ...(revision === undefined ? [] : [`  from ${revision}${where}${state}`]),
    ...plan.mounts.map((mount) => `  ${mountText(mount, plan.measured)}`),
    ...plan.writers.map((writer) => `  ${plannedWriterText(writer)}`),
    ...(plan.pause === 'stream' ? ['  paused until everything is sent: its mounts are not recorded in a file'] : []),
    ...plan.syncs.map((sync) => `  ${syncText(sync)}`),
    ...environment,
    ...settingLines(plan.settings),
    ...plan.excludable.slice(0, MAX_PARTS).map((part) => `  ${partText(part)}`),
    ...exclusionLines(plan.excluded),
    ...plan.secrets.map(
      ({allowed, path, reason}) => `  looks like a secret${allowed ? ', allowed' : ''}: ${path} (${reason})`,
    ),
  ]
    .map((line) => printable(line))
    .join('\n')
}

function placeNote({output, push, way}: Pick<PackagePlan, 'output' | 'push' | 'way'>, remote: boolean): string {
  if (output !== undefined && !push) return ' (only in the file)'
  if (remote && push) return way.via === 'registry' ? viaRegistry(way) : throughEngine(way)
  if (remote) return ' (not pushed)'
  return ' (only in the local engine: no registry is set)'
}

function viaRegistry({isLoaded}: PackagePlan['way']): string {
  return ` (straight into the registry${isLoaded ? ', and into the engine' : ', not into the engine'})`
}

function throughEngine({reason}: PackagePlan['way']): string {
  switch (reason?.kind) {
    case 'engine-elsewhere':
      return ' (through the engine, because it is on another machine)'
    case 'registry-unreachable':
      return ` (through the engine, because keg cannot reach ${reason.registry}: ${reason.problem})`
    case 'image-larger':
      return ` (through the engine, because it would have to export ${formatBytes(reason.bytes)} first)`
    default:
      return ' (through the engine)'
  }
}

function outputLines(output: PlannedOutput | undefined): string[] {
  if (output === undefined) return []
  const {since, target} = output
  const replaced = target.kind === 'file' && target.replaces ? ', which is replaced' : ''
  return [
    `  to ${shownTarget(target)}${replaced}`,
    ...(since === undefined ? [] : [`  without the layers of ${since.name}`]),
  ]
}

/** What no image contains, and what happens with it when the package is run. */
function settingLines(settings: RunSettings): string[] {
  const {granted, refused} = divideSettings(settings)
  const words = settingArguments(granted)
  return [
    ...(words.length > 0 ? [`  not stored in images, package run restores it: ${shellLine(words)}`] : []),
    ...(refused.length > 0
      ? [`  not stored in images, package run reports it: ${refused.map(({what}) => what).join('; ')}`]
      : []),
  ]
}

/** How many excludable parts are shown. */
const MAX_PARTS = 5

const PART_NAMES = {git: "git's history", dependencies: 'dependencies', ignored: 'ignored by git'} as const

function partText({bytes, flag, kind, path}: ExcludablePart): string {
  return `${path} is ${formatBytes(bytes)} (${PART_NAMES[kind]}; exclude it with ${flag})`
}

/** How many excluded paths are shown. */
const MAX_EXCLUDED = 10

function exclusionLines({environment, paths}: PackageExclusions): string[] {
  const more = paths.length - MAX_EXCLUDED
  return [
    ...paths.slice(0, MAX_EXCLUDED).map((path) => `  without ${path}`),
    ...(more > 0 ? [`  without ${count(more, 'more path')}`] : []),
    ...environment.map((name) => `  without the variable ${name}`),
  ]
}

/** The text for people at the end. */
export function resultText(result: PackageResult, {isDryRun}: {isDryRun: boolean}): string {
  const amount = `${count(result.layers, 'layer')}, ${formatBytes(result.bytes)}`
  if (isDryRun) {
    const where = result.file === null ? '' : `, and be written to ${result.file}`
    return printable(`Nothing was changed. ${result.reference} would have ${amount}${where}.`)
  }
  const pause = result.pausedMilliseconds > 0 ? `, paused for ${formatDuration(result.pausedMilliseconds)}` : ''
  const isFile = result.fileBytes !== null
  return [
    ...(isFile ? [`Wrote ${result.file ?? 'standard output'}, ${formatBytes(result.fileBytes)}`] : []),
    `${result.pushed ? 'Pushed' : 'Made'} ${result.pinned ?? result.reference} (${amount}${pause})`,
    ...slowestLines(result),
    ...(result.via === 'registry' && result.image === null ? ['It is in the registry, and not in this engine.'] : []),
    ...(result.verification === null
      ? []
      : verificationLines(result.verification, result.verification.notCarried.length)),
    '',
    result.pushed || isFile ? 'A reviewer runs it with:' : 'Run it here with:',
    `  ${result.run}`,
  ]
    .map((line) => printable(line))
    .join('\n')
}

/** A stage that took less is not worth a line. */
const MIN_SLOW_MILLISECONDS = 5000

function slowestLines({slowest}: Pick<PackageResult, 'slowest'>): string[] {
  if (slowest === null || slowest.milliseconds < MIN_SLOW_MILLISECONDS) return []
  return [`Slowest: ${slowest.stage}, ${formatDuration(slowest.milliseconds)}`]
}

function syncText({action, folder, name}: PlannedSync): string {
  const sync = `sync ${name} of ${folder}`
  switch (action) {
    case 'flush and pause':
      return `${sync}: flushed before, and paused while it is read`
    case 'flush':
      return `${sync}: flushed before (not keg's: it is not paused)`
    case 'none':
      return `${sync}: paused, so changes that it has not synced are not in the package`
  }
}

function mountText(
  {bytes, content, destination, flag, included, reason, type}: PackagedMount,
  measured: boolean,
): string {
  const size = bytes === null ? '' : `, ${measured ? '' : 'more than '}${formatBytes(bytes)}`
  if (included) return `${type} ${destination}${size}${contentNote(content)}`
  return `${type} ${destination} excluded: ${reason ?? ''}${flag === null ? '' : ` (include it with ${flag})`}`
}
