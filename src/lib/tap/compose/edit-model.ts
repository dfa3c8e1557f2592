import {
  composePort,
  isRecord,
  literal,
  mappingOf,
  textOf,
  withService,
  type ComposeModel,
  type ComposePort,
  type ComposeService,
} from './compose-model.js'

/** What keg says of the app's service. */
export interface MainEdit {
  readonly service: string
  readonly containerName: string
  readonly image: string
  /** `KEY=VALUE`, or `KEY` to take away what the file or the image says. */
  readonly variables: readonly string[]
  /** Networks that are there already, such as the proxy's. */
  readonly networks: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

/** What keg says of the whole project. */
export interface ModelEdit {
  readonly project: string
  readonly main: MainEdit
  /** Labels of every service. */
  readonly labels: Readonly<Record<string, string>>
  /** KEG_NO_INJECTED_COMPOSE: only names and labels are changed. */
  readonly isLeftAlone: boolean
}

/**
 * The model for one folder and branch: its own project and names, so that several run side by side, and the image, labels and
 * networks of the app's service. Ports are another matter: see {@link withPorts}.
 */
export function editModel(model: ComposeModel, {isLeftAlone, labels, main, project}: ModelEdit): ComposeModel {
  let edited: ComposeModel = {...model, name: project}
  for (const [name, service] of Object.entries(model.services)) {
    const isMain = name === main.service
    edited = withService(edited, name, {
      // One name cannot be had by two containers; those of a project have names of its own.
      container_name: isMain ? main.containerName : undefined,
      labels: {...mappingOf(service, 'labels'), ...literals({...(isMain && main.labels), ...labels})},
      // Null is what nothing gave a value; asked again it could be filled in otherwise.
      environment: withoutNull(mappingOf(service, 'environment')),
    })
  }
  return isLeftAlone ? edited : editMain(edited, main)
}

function editMain(model: ComposeModel, {image, networks, service: name, variables}: MainEdit): ComposeModel {
  const service = model.services[name] ?? {}
  const edited = withService(model, name, {
    image,
    // It is here by now: whatever it was pulled by has been asked already.
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

/** The model as it goes to `up`: nothing of the app is built there, so that it needs the name of what was. */
export function withoutBuild(model: ComposeModel, service: string, image: string): ComposeModel {
  return withService(model, service, {build: undefined, image: textOf(model.services[service], 'image') ?? image})
}

/** The model with other ports for a service. */
export function withPorts(model: ComposeModel, service: string, ports: readonly ComposePort[]): ComposeModel {
  return withService(model, service, {ports: ports.length === 0 ? undefined : ports.map(composePort)})
}

/** Whether a service has networks of its own, so that one can be joined, and ports be published. */
export function hasNetworks(service: ComposeService | undefined): boolean {
  return textOf(service, 'network_mode') === undefined
}

/** @param joined the network, and its name in the model, where not every name will do */
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
