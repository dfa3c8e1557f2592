import {nameOf} from '../../container/container-name.js'
import {shownPort, type BoundPort, type ShownPort} from '../../container/port/reachable-address.js'
import type {ContainerDetails} from '../../engine/types.js'
import {formatReference} from '../../reference/reference.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {printable} from '../../terminal/text.js'
import {portsOf} from '../../compose/compose-model.js'
import {firstFew, lostTexts} from '../containers/losses.js'
import {shownQuestion} from './confirm-start.js'
import type {ShownPlan, StartContext, StartPlan, StartResult} from './model.js'
import {syncStarted} from './start-sync.js'

/** Describes a plan, and does nothing else. */
export async function describeStart(context: StartContext, plan: StartPlan): Promise<StartResult> {
  const {notice, opened, project} = context
  const {container, existing, isSynced, placed, question, wanted} = plan
  notice(`The container ${project} would be ${verbOf(container)}.`)
  const lost = lostTexts(container.losses)
  if (lost.length > 0) notice(`Lost with the old one: ${printable(firstFew(lost))}.`)
  for (const {action, service} of plan.services)
    if (action === 'recreate') notice(`The service ${printable(service)} would be recreated.`)
  for (const network of wanted.reach.networks) notice(`It would be in the network ${printable(network)}.`)
  if (isSynced) notice(`${printable(opened.tap.folder)} would be synced with it.`)
  for (const line of plan.notices) notice(line)
  if (question !== undefined) {
    const {flags, text} = shownQuestion(question)
    notice(`Asked first, unless ${flags} is said: ${text}`)
  }
  const ports = publishedPorts(plan)
  for (const each of ports) notice(`Port ${each.container} would be published at ${each.host}.`)
  // Unknown for a container that is not created yet.
  const isThere = container.action === 'keep' && isSynced && question === undefined
  const sync = isThere && existing.main ? await syncStarted(context, existing.main, 'keep') : undefined
  const result = resultOf(context, plan, {container: existing.main, ports: [], sync, url: undefined})
  return {...result, created: false, model: placed.model, ports, plan: shownPlan(plan)}
}

function publishedPorts({placed, wanted}: StartPlan): ShownPort[] {
  return portsOf(placed.model.services[wanted.service] ?? {}).flatMap(({address, protocol, published, target}) =>
    published === undefined ? [] : [{container: `${target}/${protocol}`, host: `${address ?? '0.0.0.0'}:${published}`}],
  )
}

function verbOf({action, reasons}: StartPlan['container']): string {
  const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
  switch (action) {
    case 'create':
      return 'made'
    case 'recreate':
      return `recreated${why}`
    case 'start':
      return why === '' ? 'started' : `started as it is${why}`
    case 'keep':
      return `kept as it is${why}; it runs`
  }
}

/** A plan for JSON output. */
export function shownPlan(plan: StartPlan): ShownPlan {
  const {container, isSynced, question, services, steps, wanted} = plan
  return {
    image: {source: wanted.image.source, id: wanted.image.image?.Id ?? null},
    container: {
      action: container.action,
      reasons: container.reasons,
      losses: lostTexts(container.losses),
      reproducible: container.losses.reproducible,
    },
    services,
    networks: wanted.reach.networks,
    synced: isSynced,
    question: question === undefined ? null : shownQuestion(question),
    compose: steps.flatMap((step) => (step.kind === 'compose' ? [step.args.join(' ')] : [])),
  }
}

/** What to report about a start. */
interface StartOutcome {
  readonly container: ContainerDetails | undefined
  readonly ports: readonly BoundPort[]
  readonly sync: CreateSyncResult | undefined
  readonly url: string | undefined
}

/** The result for JSON output. */
export function resultOf(
  {opened: {tap}, project, warnings}: StartContext,
  {container: {action, reasons}, wanted: {image, reach}}: StartPlan,
  {container, ports, sync, url}: StartOutcome,
): StartResult {
  return {
    tap: tap.name,
    branch: tap.branch ?? null,
    folder: tap.folder,
    container: container?.Id ?? null,
    name: container === undefined ? project : nameOf(container),
    image: formatReference(image.reference),
    digest: image.digest ?? null,
    url: url ?? reach.url ?? null,
    ports: ports.map(shownPort),
    sync: sync ?? null,
    created: action === 'create' || action === 'recreate',
    recreated: action === 'recreate' ? reasons : [],
    warnings: [...warnings],
    model: null,
    plan: null,
  }
}
