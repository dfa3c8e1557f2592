import {posix} from 'node:path'
import {blankedLabels} from '../../container/blanked-labels.js'
import type {ImageDetails} from '../../engine/types.js'
import {RefusedError} from '../../error/keg-error.js'
import type {Owner} from '../../maintenance/owner.js'
import {ATTACHED, OWNER, ROLE, RUN} from '../../maintenance/temporary-labels.js'
import {printable} from '../../terminal/text.js'
import type {PlannedPort} from '../../port/port-plan.js'
import {portKey} from '../../port/published-ports.js'
import type {GrantedSettings} from './granted-settings.js'

/** How a package's container is to be made. */
export interface ContainerPlan {
  /** The image as docker shows it. */
  readonly image: string
  readonly imageLabels: Readonly<Record<string, string>>
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
  /** `KEY=VALUE`, or `KEY` for one that is unset: what the user says. */
  readonly variables: readonly string[]
  /** What keg says, below that. */
  readonly ownVariables: readonly string[]
  readonly network: string | undefined
  readonly ports: readonly PlannedPort[]
  readonly settings: GrantedSettings
  /** Id of this run of keg, for the label `com.keg.run`. */
  readonly run: string
  readonly owner: Owner
}

/** The body of `POST /containers/create`. Nothing of the host's environment, and no right beyond docker's defaults, is ever in it. */
export function containerConfig(plan: ContainerPlan): object {
  const {init, readOnly, shmSize, tmpfs, tty, writable} = plan.settings
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
    ...(writable.length > 0 && {Volumes: Object.fromEntries(writable.map((path) => [path, {}]))}),
    HostConfig: {
      AutoRemove: plan.autoRemove,
      PortBindings: bindings,
      ...(plan.network !== undefined && {NetworkMode: plan.network}),
      ...(init && {Init: true}),
      ...(readOnly && {ReadonlyRootfs: true}),
      ...(shmSize !== undefined && {ShmSize: shmSize}),
      ...(Object.keys(tmpfs).length > 0 && {Tmpfs: tmpfs}),
    },
  }
}

/**
 * A working directory under /proc is how CVE-2024-21626 gets at the host through a file descriptor that runc left open.
 * @throws RefusedError `working-directory-refused`.
 */
export function checkWorkingDirectory({Config}: Pick<ImageDetails, 'Config'>): void {
  const directory = Config?.WorkingDir ?? ''
  if (!/^\/+(?:proc|dev\/fd|dev\/std(?:in|out|err))(?:\/|$)/.test(posix.resolve('/', directory))) return
  throw new RefusedError(`The image wants to start in ${printable(directory)}, which can lead out of a container.`, {
    code: 'working-directory-refused',
    hint: 'No honest image does that (CVE-2024-21626): ask whoever made it.',
  })
}
