import {formatReference} from '../reference/reference.js'
import type {PlannedSync} from '../sync/barrier/barrier.js'
import {count, formatBytes, formatDuration, printable} from '../terminal/text.js'
import type {PackagedMount, PackagePlan, PackageResult} from './package-result.js'
import {verificationLines} from './verify/verification.js'

/** What a person reads before the container is paused. */
export function planText(plan: PackagePlan): string {
  const {project} = plan
  const state = project.repository?.dirty === true ? ', with uncommitted changes' : ''
  const where =
    project.folder === undefined
      ? ''
      : ` of ${project.folder} (${project.origin === 'container' ? "the container's folder" : 'the current folder'})`
  const revision = project.branch ?? project.commit?.slice(0, 12)
  const names = plan.destinations.map(({reference, remote}) => {
    const note = remote ? (plan.push ? '' : ' (not pushed)') : ' (only in the local engine: no registry is set)'
    return `  as ${formatReference(reference)}${note}`
  })
  const environment =
    plan.addedEnvironment.length === 0 ? [] : [`  environment beyond its image: ${plan.addedEnvironment.join(', ')}`]
  return [
    `Packaging ${plan.container}`,
    ...names,
    ...(revision === undefined ? [] : [`  from ${revision}${where}${state}`]),
    ...plan.mounts.map((mount) => `  ${mountText(mount, plan.measured)}`),
    ...plan.syncs.map((sync) => `  ${syncText(sync)}`),
    ...environment,
  ]
    .map((line) => printable(line))
    .join('\n')
}

/** What a person reads at the end. */
export function resultText(result: PackageResult, {isDryRun}: {isDryRun: boolean}): string {
  const amount = `${count(result.layers, 'layer')}, ${formatBytes(result.bytes)}`
  if (isDryRun)
    return printable(
      `Nothing was changed. ${result.reference} would have ${count(result.layers, 'layer')} and add ${formatBytes(result.bytes)}.`,
    )
  const pause = result.pausedMilliseconds > 0 ? `, paused for ${formatDuration(result.pausedMilliseconds)}` : ''
  return [
    `${result.pushed ? 'Pushed' : 'Made'} ${result.pinned ?? result.reference} (${amount}${pause})`,
    ...(result.verification === null
      ? []
      : verificationLines(result.verification, result.verification.notCarried.length)),
    '',
    result.pushed ? 'A reviewer runs it with:' : 'Run it here with:',
    `  ${result.run}`,
  ]
    .map((line) => printable(line))
    .join('\n')
}

function syncText({action, folder, name}: PlannedSync): string {
  const sync = `sync ${name} of ${folder}`
  switch (action) {
    case 'flush and pause':
      return `${sync}: flushed before, and paused while it is read`
    case 'flush':
      return `${sync}: flushed before (not keg's: it goes on)`
    case 'none':
      return `${sync}: paused, so what it has not brought over stays out`
  }
}

function mountText({bytes, destination, flag, included, reason, type}: PackagedMount, measured: boolean): string {
  const size = bytes === null ? '' : `, ${measured ? '' : 'more than '}${formatBytes(bytes)}`
  if (included) return `${type} ${destination}${size}`
  return `${type} ${destination} stays out: ${reason ?? ''}${flag === null ? '' : ` (take it in with ${flag})`}`
}
