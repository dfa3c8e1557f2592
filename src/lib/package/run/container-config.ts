import {blankedLabels} from '../../container/blanked-labels.js'
import type {ProcessOwner} from '../../lock/process-owner.js'
import {ATTACHED, OWNER, ROLE, RUN} from '../../label/temporary-labels.js'
import type {PlannedPort} from '../../container/port/port-plan.js'
import {portKey} from '../../container/port/published-ports.js'
import type {DockerRequest} from './docker-flags.js'
import {hostConfigOf} from './host-config.js'
import type {GrantedSettings} from './model.js'

/** How to create a package's container. */
export interface ContainerPlan {
  /** The image as docker shows it. */
  readonly image: string
  readonly imageLabels: Readonly<Record<string, string>>
  /** Where it starts, as written. */
  readonly workingDirectory?: string
  /** Labels for a proxy. */
  readonly proxyLabels: Readonly<Record<string, string>>
  readonly name: string
  readonly detach: boolean
  /** Removed by the engine when it ends. */
  readonly autoRemove: boolean
  /** Removed by keg when it ends. */
  readonly isAttached: boolean
  readonly command: readonly string[]
  readonly entrypoint: string | undefined
  /** `KEY=VALUE`, or `KEY` for an unset one: the user's variables. */
  readonly variables: readonly string[]
  /** keg's variables, which the user's override. */
  readonly ownVariables: readonly string[]
  readonly network: string | undefined
  readonly ports: readonly PlannedPort[]
  readonly settings: GrantedSettings
  /** What else the user gives it. */
  readonly docker?: DockerRequest
  /** Id of this run of keg, for the label `com.keg.run`. */
  readonly run: string
  readonly owner: ProcessOwner
}

/**
 * The body of `POST /containers/create`. Contains nothing of the host's environment, and no rights beyond docker's defaults
 * except those that the user gave.
 */
export function containerConfig(plan: ContainerPlan): object {
  const {docker, settings} = plan
  const {domainname, interactive, stopTimeout, tty, writable} = settings
  const hostname = docker?.flags.hostname ?? settings.hostname
  const aliases = docker?.flags['network-alias'] ?? []
  const bindings: Record<string, {HostIp: string; HostPort: string}[]> = {}
  for (const port of plan.ports) (bindings[portKey(port)] ??= []).push({HostIp: port.address, HostPort: port.hostPort})
  return {
    Image: plan.image,
    Env: [...plan.ownVariables, ...plan.variables],
    Labels: {
      ...blankedLabels(plan.imageLabels),
      ...plan.proxyLabels,
      [ROLE]: 'package',
      [RUN]: plan.run,
      [OWNER]: JSON.stringify(plan.owner),
      ...(plan.isAttached && {[ATTACHED]: 'true'}),
    },
    ExposedPorts: Object.fromEntries(Object.keys(bindings).map((key) => [key, {}])),
    ...(plan.command.length > 0 && {Cmd: plan.command}),
    ...(plan.entrypoint !== undefined && {Entrypoint: [plan.entrypoint]}),
    ...(tty && {Tty: true}),
    ...(interactive && {OpenStdin: true}),
    ...(hostname !== undefined && {Hostname: hostname}),
    ...(domainname !== undefined && {Domainname: domainname}),
    ...(stopTimeout !== undefined && {StopTimeout: stopTimeout}),
    ...(docker?.flags.workdir !== undefined && {WorkingDir: docker.flags.workdir}),
    ...(writable.length > 0 && {Volumes: Object.fromEntries(writable.map((path) => [path, {}]))}),
    HostConfig: {
      AutoRemove: plan.autoRemove,
      PortBindings: bindings,
      ...(plan.network !== undefined && {NetworkMode: plan.network}),
      ...hostConfigOf(settings, docker),
    },
    ...(plan.network !== undefined &&
      aliases.length > 0 && {NetworkingConfig: {EndpointsConfig: {[plan.network]: {Aliases: aliases}}}}),
  }
}
