import {
  composePort,
  isRecord,
  listOf,
  literal,
  mappingOf,
  textOf,
  withService,
  type ComposeModel,
  type ComposePort,
  type ComposeService,
} from '../../compose/compose-model.js'

/** keg's changes to the app's service. */
export interface MainEdit {
  readonly service: string
  readonly containerName: string
  readonly image: string
  /** `KEY=VALUE`, or `KEY` to remove the file's or image's value. */
  readonly variables: readonly string[]
  /** Existing networks, such as the proxy's. */
  readonly networks: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** keg's changes to the whole project. */
export interface ModelEdit {
  readonly project: string
  readonly main: MainEdit
  /** Labels for every service. */
  readonly labels: Readonly<Record<string, string>>
  /** KEG_NO_INJECTED_COMPOSE: only names and labels are changed. */
  readonly isLeftAlone: boolean
}

/**
 * The model for one folder and branch: its own project and names, so that several can run side by side, and the image,
 * labels and networks of the app's service. For ports, see {@link withPorts}.
 */
export function editModel(model: ComposeModel, {isLeftAlone, labels, main, project}: ModelEdit): ComposeModel {
  let edited: ComposeModel = {...model, name: project}
  for (const [name, service] of Object.entries(model.services)) {
    const isMain = name === main.service
    edited = withService(edited, name, {
      // Two containers cannot have the same name; compose names those of a project.
      container_name: isMain ? main.containerName : undefined,
      ...underOldName(service, namesOf(model)),
      // Everything in the model is started; when compose reads it again, the profile would be inactive.
      profiles: undefined,
      labels: {...mappingOf(service, 'labels'), ...literals({...(isMain && main.labels), ...labels})},
      // Null is a variable without a value; reading it again could find another value.
      environment: withoutNull(mappingOf(service, 'environment')),
    })
  }
  edited = once(edited, main.service)
  return isLeftAlone ? edited : editMain(edited, main)
}

/** One container: several cannot have the same name, and the code is synced into only one. */
function once(model: ComposeModel, name: string): ComposeModel {
  const {deploy} = model.services[name] ?? {}
  return withService(model, name, {
    scale: undefined,
    ...(isRecord(deploy) && {deploy: {...deploy, replicas: undefined}}),
  })
}

/** The services by the container names in the files. */
function namesOf({services}: ComposeModel): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(services).flatMap(([service, content]) => {
      const name = textOf(content, 'container_name')
      return name === undefined ? [] : [[name, service]]
    }),
  )
}

/**
 * Keeps a container reachable by its name from the files, though it has another now: the name becomes an alias in each
 * network of the service, and whoever joins the container by name joins the service.
 */
function underOldName(service: ComposeService, services: ReadonlyMap<string, string>): ComposeService {
  const name = textOf(service, 'container_name')
  const joined = ['ipc', 'network_mode', 'pid'].flatMap((key): [string, string][] => {
    const other = services.get(/^container:(.+)$/.exec(textOf(service, key) ?? '')?.[1] ?? '')
    return other === undefined ? [] : [[key, `service:${other}`]]
  })
  const [kept, linked] = partLinks(service, services)
  return {
    ...(name !== undefined && {networks: withAlias(service, name)}),
    ...Object.fromEntries(joined),
    ...(service.volumes_from !== undefined && {
      volumes_from: listOf(service.volumes_from).map((from: unknown): unknown => volumesFrom(from, services)),
    }),
    ...(linked.length > 0 && {
      external_links: kept.length === 0 ? undefined : kept,
      links: [...listOf(service.links), ...linked],
    }),
  }
}

/** `container:NAME[:MODE]` becomes `SERVICE[:MODE]` if that container is one of the project's. */
function volumesFrom(from: unknown, services: ReadonlyMap<string, string>): unknown {
  const [, container = '', mode = ''] = typeof from === 'string' ? (/^container:([^:]+)(:.*)?$/.exec(from) ?? []) : []
  const service = services.get(container)
  return service === undefined ? from : `${service}${mode}`
}

/** Separates links to containers outside of the project from those to its own services. */
function partLinks(
  {external_links: written}: ComposeService,
  services: ReadonlyMap<string, string>,
): [kept: unknown[], linked: string[]] {
  const [kept, linked]: [unknown[], string[]] = [[], []]
  for (const link of listOf(written)) {
    const [container = '', alias = container] = typeof link === 'string' ? link.split(':') : []
    const service = services.get(container)
    if (service === undefined) kept.push(link)
    else linked.push(`${service}:${alias}`)
  }
  return [kept, linked]
}

function withAlias(service: ComposeService, alias: string): unknown {
  if (!hasNetworks(service)) return service.networks
  const networks = isRecord(service.networks) ? service.networks : {default: null}
  return Object.fromEntries(
    Object.entries(networks).map(([network, joined]) => {
      const settings = isRecord(joined) ? joined : {}
      return [network, {...settings, aliases: [...new Set([...listOf(settings.aliases), alias])]}]
    }),
  )
}

function editMain(model: ComposeModel, {image, networks, service: name, variables}: MainEdit): ComposeModel {
  const service = model.services[name] ?? {}
  const edited = withService(model, name, {
    image,
    // The image is already here: the registry was asked before.
    pull_policy: 'never',
    tty: true,
    stdin_open: true,
    environment: withVariables(mappingOf(service, 'environment'), variables),
  })
  return networks.reduce(
    (result, network, index) => joinNetwork(result, name, {key: `keg-${index + 1}`, network}),
    edited,
  )
}

/** The model for `up`: the app is not built there, so it needs the name of the built image. */
export function withoutBuild(model: ComposeModel, service: string, image: string): ComposeModel {
  return withService(model, service, {build: undefined, image: textOf(model.services[service], 'image') ?? image})
}

/** The model with other ports for a service. */
export function withPorts(model: ComposeModel, service: string, ports: readonly ComposePort[]): ComposeModel {
  return withService(model, service, {ports: ports.length === 0 ? undefined : ports.map(composePort)})
}

/** Whether a service has its own networks, so that it can join one and publish ports. */
export function hasNetworks(service: ComposeService | undefined): boolean {
  return textOf(service, 'network_mode') === undefined
}

/** @param joined the network, and its name in the model if that is fixed */
function joinNetwork(
  model: ComposeModel,
  name: string,
  {key, network}: {readonly key: string; readonly network: string},
): ComposeModel {
  const service = model.services[name] ?? {}
  if (!hasNetworks(service)) return model
  const joined = isRecord(service.networks) ? service.networks : {default: null}
  return {
    ...withService(model, name, {networks: {...joined, [key]: null}}),
    networks: {...model.networks, [key]: {name: network, external: true}},
  }
}

function withVariables(
  environment: Readonly<Record<string, string | null>>,
  variables: readonly string[],
): Record<string, string | null> {
  const edited = {...environment}
  for (const variable of variables) {
    const equals = variable.indexOf('=')
    const name = equals === -1 ? variable : variable.slice(0, equals)
    if (equals === -1) Reflect.deleteProperty(edited, name)
    else edited[name] = literal(variable.slice(equals + 1))
  }
  return edited
}

function withoutNull(mapping: Readonly<Record<string, string | null>>): Record<string, string> | undefined {
  const known = Object.entries(mapping).filter((entry): entry is [string, string] => entry[1] !== null)
  return known.length === 0 ? undefined : Object.fromEntries(known)
}

function literals(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, literal(value)]))
}
