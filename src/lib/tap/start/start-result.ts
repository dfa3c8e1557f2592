import type {ContainerDetails} from '../../engine/types.js'
import {shownPort, type BoundPort} from '../../port/reachable-address.js'
import {formatReference} from '../../reference/reference.js'
import type {CreateSyncResult} from '../../sync/create/create-result.js'
import {printable} from '../../terminal/text.js'
import {portsOf} from '../compose/compose-model.js'
import {findExisting} from './container/existing.js'
import type {Decision} from './container/recreate.js'
import {decideFor} from './container/start-container.js'
import {placed, type StartPlan} from './plan-start.js'
import type {StartContext, StartResult} from './start-options.js'
import {wantsSync} from './start-sync.js'

/** Says what would be done, as far as that is known without doing any of it. */
export async function describeStart(context: StartContext, plan: StartPlan): Promise<number> {
  const {engine, names, opened, options} = context
  const existing = await findExisting(engine, opened, names)
  const decision = await decideFor(context, plan, existing)
  const {model} = await placed(context, plan, existing)
  options.say(`The container ${names.project} would be ${verbOf(decision)}.`)
  for (const network of plan.reach.networks) options.say(`It would be in the network ${printable(network)}.`)
  if (wantsSync(context)) options.say(`${printable(opened.tap.folder)} would be synced with it.`)
  const ports = portsOf(model.services[plan.service] ?? {}).flatMap(({address, protocol, published, target}) =>
    published === undefined ? [] : [{container: `${target}/${protocol}`, host: `${address ?? '0.0.0.0'}:${published}`}],
  )
  for (const {container, host} of ports) options.say(`Port ${container} would be published at ${host}.`)
  const result = resultOf(context, plan, decision, {
    container: existing.main,
    ports: [],
    sync: undefined,
    url: undefined,
  })
  options.ready({...result, created: false, model, ports})
  return 0
}

function verbOf(decision: Decision): string {
  switch (decision.kind) {
    case 'create':
      return 'made'
    case 'recreate':
      return `made anew (${decision.reasons.join(', ')})`
    case 'start':
      return decision.differences.length === 0 ? 'started' : `started as it is (${decision.differences.join(', ')})`
  }
}

/** What scripts get. */
export function resultOf(
  {names, opened: {tap}}: StartContext,
  {image, reach}: StartPlan,
  decision: Decision,
  {
    container,
    ports,
    sync,
    url,
  }: {
    readonly container: ContainerDetails | undefined
    readonly ports: readonly BoundPort[]
    readonly sync: CreateSyncResult | undefined
    readonly url: string | undefined
  },
): StartResult {
  return {
    tap: tap.name,
    branch: tap.branch ?? null,
    folder: tap.folder,
    container: container?.Id ?? null,
    name: names.project,
    image: formatReference(image.reference),
    digest: image.digest ?? null,
    url: url ?? reach.url ?? null,
    ports: ports.map(shownPort),
    sync: sync ?? null,
    created: decision.kind !== 'start',
    recreated: decision.kind === 'recreate' ? decision.reasons : [],
    model: null,
  }
}
