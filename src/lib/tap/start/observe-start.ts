import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails} from '../../engine/types.js'
import {exposedPorts} from '../../container/port/published-ports.js'
import {takenPorts} from '../../container/port/taken-ports.js'
import {mappingOf, textOf, type ComposeService} from '../../compose/compose-model.js'
import {placePorts} from '../compose/service-ports.js'
import {SETTINGS_LABEL} from '../compose/settings-digest.js'
import {codeOf, lossesOf} from '../containers/container-losses.js'
import {serviceOf} from '../containers/container-order.js'
import {filledMemory, filledVolumes} from '../containers/fleeting-data.js'
import {lostTexts, NO_LOSSES, type Losses} from '../containers/losses.js'
import {findTapSyncs} from '../containers/tap-syncs.js'
import {isIdle} from '../exec/is-idle.js'
import {flushQuickly} from '../life/pause-folder-syncs.js'
import {findExisting} from './container/existing.js'
import {codeOrigin} from './image/code-origin.js'
import type {
  CodeOfImage,
  ExistingContainers,
  ObservedService,
  PlacedModel,
  StartContext,
  StartObservation,
  WantedTap,
} from './model.js'
import {differencesOf} from './plan-start.js'
import {FROM_LABEL} from './want-tap.js'

/**
 * Collects everything that decides about a start: the existing containers, what would be lost with them if that matters, and
 * the host ports. Changes nothing, except that syncs are flushed so that recent edits do not count as lost.
 * @throws RefusedError `container-foreign`
 */
export async function observeStart(context: StartContext, wanted: WantedTap): Promise<StartObservation> {
  const {engine, opened, options} = context
  const existing = await findExisting(context)
  const {main} = existing
  const [lostOfMain, networks, command, existingCode, placed] = await Promise.all([
    main === undefined ? [] : lostPorts(engine, main),
    main === undefined ? [] : lostNetworks(engine, main),
    main === undefined ? undefined : untoldCommand(context, wanted, main),
    main && codeInside(context, wanted, main),
    placeModel(context, wanted, existing),
  ])
  const differences =
    main === undefined ? [] : differencesOf(main, wanted, {lostPorts: lostOfMain, lostNetworks: networks, command})
  const mayRecreate = main !== undefined && (options.recreate ?? differences.length > 0)
  const isAsked = mayRecreate && options.recreate === undefined
  const chosen = options.from === undefined ? undefined : wanted.image
  return {
    existing,
    lostPorts: lostOfMain,
    lostNetworks: networks,
    command,
    losses: isAsked ? await mainLosses(context, wanted, main) : NO_LOSSES,
    isIdle: mayRecreate && main.State.Running && (await isIdle(engine, main, {isPatient: false})),
    services: await Promise.all(
      existing.services.map(async (container) => observeService(context, wanted, {container, mayRecreate})),
    ),
    chosenCode: chosen?.image && {name: chosen.name, origin: codeOrigin(chosen.image, opened.tap)},
    existingCode,
    placed,
  }
}

/**
 * Chooses host ports for what is published; those of the tap's own containers count as free.
 * @param refused host ports (`8080/tcp`) that were refused before
 */
export async function placeModel(
  {engine, opened, ports: requests}: Pick<StartContext, 'engine' | 'opened' | 'ports'>,
  {model, service, wanted}: WantedTap,
  {main, services}: ExistingContainers,
  refused: ReadonlySet<string> = new Set(),
): Promise<PlacedModel> {
  if (opened.values.isOn('KEG_NO_INJECTED_COMPOSE')) return {model, moved: []}
  const own = new Set([main, ...services].flatMap((container) => container?.Id ?? []))
  const isTaken = await takenPorts({engine}, {refused, except: own})
  return placePorts({model, service, requests, wanted, isTaken})
}

/** Host ports that a stopped container needs again, and that are taken now. */
async function lostPorts(engine: Engine, existing: ContainerDetails): Promise<string[]> {
  if (existing.State.Running) return []
  const bindings = Object.entries(existing.HostConfig.PortBindings ?? {})
  const isTaken = await takenPorts({engine}, {refused: new Set(), except: new Set([existing.Id])})
  const lost: string[] = []
  for (const [key, hosts] of bindings)
    for (const port of exposedPorts({[key]: {}}))
      for (const {HostPort = ''} of hosts ?? [])
        if (/^\d+$/.test(HostPort) && (await isTaken(Number(HostPort), port.protocol))) lost.push(HostPort)
  return lost
}

/** Names of networks that a stopped container needs again, and that are gone, as after `docker network prune`. */
async function lostNetworks(engine: Engine, existing: ContainerDetails): Promise<string[]> {
  if (existing.State.Running) return []
  const lost: string[] = []
  for (const [name, {NetworkID: id = ''}] of Object.entries(existing.NetworkSettings?.Networks ?? {}))
    if (id !== '' && (await engine.network(id)) === undefined) lost.push(name)
  return lost
}

async function untoldCommand(
  {engine, opened}: StartContext,
  {model, service}: WantedTap,
  main: ContainerDetails,
): Promise<string | undefined> {
  const command = opened.values.text('KEG_EXEC_CMD')
  const isPassedOn = 'KEG_EXEC_CMD' in mappingOf(model.services[service] ?? {}, 'environment')
  if (command === undefined || !isPassedOn || main.Config.Env?.includes(`KEG_EXEC_CMD=${command}`) === true)
    return undefined
  return !main.State.Running || (await isIdle(engine, main)) ? undefined : command
}

/** The code in a container from a chosen image, which can be kept though another image is meant now. */
async function codeInside(
  {engine, opened, options}: StartContext,
  {image}: WantedTap,
  main: ContainerDetails,
): Promise<CodeOfImage | undefined> {
  const name = main.Config.Labels?.[FROM_LABEL]
  if (name === undefined || (options.from !== undefined && main.Image === image.image?.Id)) return undefined
  const made = await engine.image(main.Image)
  return made && {name, origin: codeOrigin(made, opened.tap)}
}

/** What would be lost if the app's container were recreated, after its syncs have been flushed. */
async function mainLosses(context: StartContext, {service}: WantedTap, main: ContainerDetails): Promise<Losses> {
  const {engine, opened, options, signal} = context
  const {folder} = opened.tap
  if (!options.dryRun) await flushEdits(context, main)
  const appPath = opened.values.text('DOC_APP_PATH')
  const losses = await lossesOf(context, main, codeOf(main, {appPath, folder}))
  // Otherwise compose moves the anonymous volumes to the new container.
  const losesVolumes = options.from !== undefined || serviceOf(main) !== service
  return {
    ...losses,
    volumes: losesVolumes ? await filledVolumes(engine, main, signal) : [],
    memory: await filledMemory(engine, main),
  }
}

async function flushEdits(context: StartContext, main: ContainerDetails): Promise<void> {
  const tap = {...context.opened.tap, isGone: false}
  const {live} = await findTapSyncs(context, {tap, containers: [main], allBranches: false})
  await flushQuickly(context, live, [main])
}

async function observeService(
  context: StartContext,
  {model, settings}: WantedTap,
  {container, mayRecreate}: {readonly container: ContainerDetails; readonly mayRecreate: boolean},
): Promise<ObservedService> {
  const {engine, options} = context
  const service = serviceOf(container) ?? ''
  const wanted = settings[service]
  const isChanged =
    wanted !== undefined &&
    (wanted !== container.Config.Labels?.[SETTINGS_LABEL] ||
      (await lostNetworks(engine, container)).length > 0 ||
      (await hasNewerImage(engine, container, model.services[service] ?? {})))
  if (options.recreate === false || (!isChanged && !mayRecreate)) return {container, isChanged, losses: []}
  const losses = await lossesOf(context, container, [])
  return {
    container,
    isChanged,
    losses: lostTexts({...losses, volumes: [], memory: await filledMemory(engine, container)}),
  }
}

/** Whether the name of its image means another one now, for example after a build or pull. */
async function hasNewerImage(engine: Engine, container: ContainerDetails, service: ComposeService): Promise<boolean> {
  const image = await engine.image(textOf(service, 'image') ?? container.Config.Image)
  return image !== undefined && image.Id !== container.Image
}
