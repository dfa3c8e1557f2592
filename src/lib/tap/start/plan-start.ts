import type {ContainerDetails} from '../../engine/types.js'
import {blankedLabels} from '../../container/blanked-labels.js'
import {exposedPorts, portKey, type ContainerPort} from '../../port/published-ports.js'
import {takenPorts} from '../../port/taken-ports.js'
import {CONTAINER_LABELS} from '../../target/container-labels.js'
import {mappingOf, portsOf, withService, type ComposeModel} from '../compose/compose-model.js'
import {editModel, withoutBuild} from '../compose/edit-model.js'
import {askedPorts, placePorts, type MovedPort} from '../compose/service-ports.js'
import {settingsDigest, SETTINGS_LABEL} from '../compose/settings-digest.js'
import type {TapModel} from '../compose/tap-model.js'
import type {ExistingContainers} from './container/existing.js'
import {reachOf, type Reach} from './reach.js'
import type {StartContext} from './start-options.js'
import type {TapImage} from './image/tap-image.js'

/** What is to run, whatever is there already. */
export interface StartPlan {
  /** As docker compose gets it, but for the ports of the host. */
  readonly model: ComposeModel
  readonly service: string
  readonly image: TapImage
  readonly reach: Reach
  /** Digests of what the services are made with, by their names. */
  readonly settings: Readonly<Record<string, string>>
  /** Ports of the app's container that keg publishes on 127.0.0.1. */
  readonly wanted: readonly ContainerPort[]
}

/** On a container that `--from` chose the image of: the code in it may be meant to stay. */
export const FROM_LABEL = 'com.keg.tap.from'

/**
 * Edits the tap's model for its folder and branch.
 * @throws UsageError `proxy-host-invalid`
 */
export function planStart(context: StartContext, {model, service}: TapModel, image: TapImage): StartPlan {
  const {names, opened, options, ports: requests, variables} = context
  const {tap, values} = opened
  const isLeftAlone = values.isOn('KEG_NO_INJECTED_COMPOSE')
  const reach = reachOf(opened, names, {image: image.image, service: model.services[service] ?? {}})
  const isByPorts = reach.url === undefined && !isLeftAlone
  const wanted = isByPorts ? ownPorts(reach.port, exposedPorts(image.image?.Config?.ExposedPorts)) : []
  const edited = editModel(model, {
    project: names.project,
    isLeftAlone,
    labels: {
      [CONTAINER_LABELS.tap]: tap.name,
      [CONTAINER_LABELS.folder]: tap.folder,
      [CONTAINER_LABELS.branch]: tap.branch ?? '',
      [CONTAINER_LABELS.role]: 'dev',
    },
    main: {
      service,
      containerName: names.project,
      image: image.name,
      variables,
      networks: reach.networks,
      labels: {
        ...foreignLabels(image),
        ...(!isLeftAlone && reach.labels),
        [CONTAINER_LABELS.tapMain]: 'true',
      },
    },
  })
  const plan = withSettings({model: withoutBuild(edited, service, image.name), service, image, reach, wanted}, requests)
  // No part of the settings: the image says itself which it is.
  return options.from === undefined ? plan : {...plan, model: labelled(plan.model, service, {[FROM_LABEL]: image.name})}
}

/** Puts on every service the digest of what its container is made with. */
function withSettings(plan: Omit<StartPlan, 'settings'>, requests: StartContext['ports']): StartPlan {
  let {model} = plan
  const settings: Record<string, string> = {}
  for (const [name, service] of Object.entries(plan.model.services)) {
    const isMain = name === plan.service
    const ports = isMain ? askedPorts({...plan, requests}) : portsOf(service)
    // The image of the app is compared by what it is, not by its name.
    const digest = settingsDigest({...service, image: isMain ? undefined : service.image}, ports)
    settings[name] = digest
    model = labelled(model, name, {[SETTINGS_LABEL]: digest})
  }
  return {...plan, model, settings}
}

function labelled(model: ComposeModel, name: string, labels: Readonly<Record<string, string>>): ComposeModel {
  return withService(model, name, {labels: {...mappingOf(model.services[name] ?? {}, 'labels'), ...labels}})
}

/**
 * Finds ports of the host for what is published; those that the tap's containers have count as free for it.
 * @param refused ports of the host (`8080/tcp`) that were tried in vain
 */
export async function placed(
  {engine, opened, ports: requests}: StartContext,
  {model, service, wanted}: StartPlan,
  {ids}: ExistingContainers,
  refused: ReadonlySet<string> = new Set(),
): Promise<{readonly model: ComposeModel; readonly moved: readonly MovedPort[]}> {
  if (opened.values.isOn('KEG_NO_INJECTED_COMPOSE')) return {model, moved: []}
  const isTaken = await takenPorts({engine, refused, except: ids})
  return placePorts({model, service, requests, wanted, isTaken})
}

/** The ports of the host that a stopped container has to have again, and that somebody else has by now. */
export async function lostPorts({engine}: StartContext, existing: ContainerDetails): Promise<string[]> {
  if (existing.State.Running) return []
  const bindings = Object.entries(existing.HostConfig.PortBindings ?? {})
  const isTaken = await takenPorts({engine, refused: new Set(), except: new Set([existing.Id])})
  const lost: string[] = []
  for (const [key, hosts] of bindings)
    for (const port of exposedPorts({[key]: {}}))
      for (const {HostPort = ''} of hosts ?? [])
        if (/^\d+$/.test(HostPort) && (await isTaken(Number(HostPort), port.protocol))) lost.push(HostPort)
  return lost
}

function ownPorts(port: number | undefined, exposed: readonly ContainerPort[]): readonly ContainerPort[] {
  if (port === undefined) return exposed
  const own: ContainerPort = {port, protocol: 'tcp'}
  return [own, ...exposed.filter((each) => portKey(each) !== portKey(own))]
}

/** Labels that came with the image and must not speak for its container, blanked; compose sees to its own. */
function foreignLabels({image}: TapImage): Record<string, string> {
  const blanked = Object.entries(blankedLabels(image?.Config?.Labels ?? {}))
  return Object.fromEntries(blanked.filter(([name]) => !name.startsWith('com.docker.')))
}
