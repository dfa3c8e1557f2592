import {blankedLabels} from '../../container/blanked-labels.js'
import {exposedPorts, portKey, type ContainerPort} from '../../container/port/published-ports.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'
import {
  isRecord,
  listOf,
  literal,
  mappingOf,
  portsOf,
  withService,
  type ComposeModel,
  type ComposeService,
} from '../../compose/compose-model.js'
import {editModel, withoutBuild} from '../compose/edit-model.js'
import {askedPorts} from '../compose/service-ports.js'
import {settingsDigest, SETTINGS_LABEL} from '../compose/settings-digest.js'
import type {TapModel} from '../compose/tap-model.js'
import {PROVIDED_LABEL} from '../containers/container-losses.js'
import type {StartContext, TapImage, WantedTap} from './model.js'
import {routingOf} from './routing.js'

/** A label on a container whose image `--from` chose: its code may be meant to stay. */
export const FROM_LABEL = 'com.keg.tap.from'

/**
 * What should run: the tap's model, edited for its folder and branch.
 * @throws UsageError `proxy-host-invalid`
 */
export function wantTap(context: StartContext, {model, service}: TapModel, image: TapImage): WantedTap {
  const {opened, options, ports: requests, project, variables} = context
  const {tap, values} = opened
  const isLeftAlone = values.isOn('KEG_NO_INJECTED_COMPOSE')
  const reach = routingOf(opened, project, {image: image.image, service: model.services[service] ?? {}})
  const isByPorts = reach.url === undefined && !isLeftAlone
  const wanted = isByPorts ? ownPorts(reach.port, exposedPorts(image.image?.Config?.ExposedPorts)) : []
  const edited = editModel(model, {
    project,
    isLeftAlone,
    labels: {
      [CONTAINER_LABELS.tap]: tap.name,
      [CONTAINER_LABELS.folder]: tap.folder,
      [CONTAINER_LABELS.branch]: tap.branch ?? '',
      [CONTAINER_LABELS.role]: 'dev',
    },
    main: {
      service,
      containerName: project,
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
  // Not part of the settings: the image's id already shows the difference.
  return options.from === undefined ? plan : {...plan, model: labelled(plan.model, service, {[FROM_LABEL]: image.name})}
}

/** Labels every service with the digest of its container's settings. */
function withSettings(plan: Omit<WantedTap, 'settings'>, requests: StartContext['ports']): WantedTap {
  let {model} = plan
  const settings: Record<string, string> = {}
  for (const [name, service] of Object.entries(plan.model.services)) {
    const isMain = name === plan.service
    const ports = isMain ? askedPorts({...plan, requests}) : portsOf(service)
    // The app's image is compared by id, not by name.
    const digest = settingsDigest({...service, image: isMain ? undefined : service.image}, ports)
    settings[name] = digest
    model = labelled(model, name, {[SETTINGS_LABEL]: digest, ...providedLabel(service)})
  }
  return {...plan, model, settings}
}

/** The files that compose writes into a container, so that they do not count as its own changes. */
function providedLabel(service: ComposeService): Record<string, string> {
  const configs = listOf(service.configs).flatMap((config) => {
    if (!isRecord(config) || typeof config.source !== 'string') return []
    return [typeof config.target === 'string' ? config.target : `/${config.source}`]
  })
  const secrets = listOf(service.secrets).flatMap((secret) =>
    isRecord(secret) && typeof secret.target === 'string' ? [secret.target] : [],
  )
  const paths = [...configs, ...secrets].filter((path) => path.startsWith('/'))
  return paths.length === 0 ? {} : {[PROVIDED_LABEL]: literal(JSON.stringify(paths))}
}

function labelled(model: ComposeModel, name: string, labels: Readonly<Record<string, string>>): ComposeModel {
  return withService(model, name, {labels: {...mappingOf(model.services[name] ?? {}, 'labels'), ...labels}})
}

function ownPorts(port: number | undefined, exposed: readonly ContainerPort[]): readonly ContainerPort[] {
  if (port === undefined) return exposed
  const own: ContainerPort = {port, protocol: 'tcp'}
  return [own, ...exposed.filter((each) => portKey(each) !== portKey(own))]
}

/** Labels that come from the image and must not count for its container, set to empty; compose handles its own. */
function foreignLabels({image}: TapImage): Record<string, string> {
  const blanked = Object.entries(blankedLabels(image?.Config?.Labels ?? {}))
  return Object.fromEntries(blanked.filter(([name]) => !name.startsWith('com.docker.')))
}
