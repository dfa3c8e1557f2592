import {commandLine} from '../../terminal/command-line.js'
import {blankedLabels} from '../../container/blanked-labels.js'
import type {ContainerPlan} from './container-config.js'
import {dockerFlagArguments} from './docker-flags.js'
import {settingArguments} from './host-config.js'
import {hostAndPort, type Protocol} from '../../container/port/published-ports.js'

/** What goes into the line besides the plan. */
export interface EquivalentOptions {
  readonly plan: ContainerPlan
  /** Whether it is removed when it ends, by keg or by the engine. */
  readonly remove: boolean
  /** `-e` and `--env-file` as they were typed: no other values are shown. */
  readonly typedVariables: readonly string[]
  readonly environmentFiles: readonly string[]
}

/** Labels of every package that may stay on a container which keg did not create: they only say that it is one. */
const KEPT_BY_HAND: readonly string[] = ['com.keg.role', 'com.keg.run']

/** The `docker run` line that does the same without keg, quoted for a POSIX shell. */
export function equivalentLine({environmentFiles, plan, remove, typedVariables}: EquivalentOptions): string {
  const args: string[] = []
  if (plan.detach) args.push('--detach')
  if (remove) args.push('--rm')
  args.push('--name', plan.name)
  args.push(...settingArguments(plan.settings), ...dockerFlagArguments(plan.docker?.flags ?? {}))
  if (plan.network !== undefined) args.push('--network', plan.network)
  for (const {address, hostPort, port, protocol} of plan.ports)
    args.push('--publish', publishValue(address, hostPort, port, protocol))
  for (const file of environmentFiles) args.push('--env-file', file)
  for (const variable of [...plan.ownVariables, ...typedVariables]) args.push('--env', variable)
  const labels = Object.entries({...blankedLabels(plan.imageLabels), ...plan.proxyLabels})
  for (const [label, value] of labels) if (!KEPT_BY_HAND.includes(label)) args.push('--label', `${label}=${value}`)
  if (plan.entrypoint !== undefined) args.push('--entrypoint', plan.entrypoint)
  return commandLine`docker run ${args} ${plan.image} ${plan.command}`
}

function publishValue(address: string, hostPort: string, port: number, protocol: Protocol): string {
  const host = address === '' ? hostPort : hostAndPort(address, hostPort)
  return `${host}:${port}${protocol === 'tcp' ? '' : `/${protocol}`}`
}
