import type {ConnectionFlags} from '../../engine/connection-environment.js'
import {shellLine} from '../../terminal/text.js'
import {blankedLabels} from '../../container/blanked-labels.js'
import type {ContainerPlan} from './container-config.js'
import {hostAndPort, type Protocol} from '../../port/published-ports.js'

/** What the line says besides the plan. */
export interface EquivalentOptions {
  readonly plan: ContainerPlan
  /** Removed at its end, by keg or by the engine. */
  readonly remove: boolean
  /** `-e` and `--env-file` as they were typed: no value is shown that was not. */
  readonly typedVariables: readonly string[]
  readonly environmentFiles: readonly string[]
  /** Which engine was named on the command line, if any. */
  readonly engine: ConnectionFlags
}

/** Labels of every package that may stay on a container which keg did not make: they only say that it is one. */
const KEPT_BY_HAND: readonly string[] = ['com.keg.role', 'com.keg.run']

/** The `docker run` line that does the same without keg, quoted for a POSIX shell. */
export function equivalentLine({engine, environmentFiles, plan, remove, typedVariables}: EquivalentOptions): string {
  const {init, readOnly, shmSize, tmpfs, tty, writable} = plan.settings
  const words = ['docker']
  if (engine.host) words.push('--host', engine.host)
  if (engine.context) words.push('--context', engine.context)
  words.push('run')
  if (plan.detach) words.push('--detach')
  if (remove) words.push('--rm')
  words.push('--name', plan.name)
  if (init) words.push('--init')
  if (tty) words.push('--tty')
  if (readOnly) words.push('--read-only')
  if (shmSize !== undefined) words.push('--shm-size', String(shmSize))
  for (const [path, options] of Object.entries(tmpfs))
    words.push('--tmpfs', options === '' ? path : `${path}:${options}`)
  for (const path of writable) words.push('--volume', path)
  if (plan.network !== undefined) words.push('--network', plan.network)
  for (const {address, hostPort, port, protocol} of plan.ports)
    words.push('--publish', publishValue(address, hostPort, port, protocol))
  for (const file of environmentFiles) words.push('--env-file', file)
  for (const variable of [...plan.ownVariables, ...typedVariables]) words.push('--env', variable)
  const labels = Object.entries({...blankedLabels(plan.imageLabels), ...plan.proxyLabels})
  for (const [label, value] of labels) if (!KEPT_BY_HAND.includes(label)) words.push('--label', `${label}=${value}`)
  if (plan.entrypoint !== undefined) words.push('--entrypoint', plan.entrypoint)
  return shellLine([...words, plan.image, ...plan.command])
}

function publishValue(address: string, hostPort: string, port: number, protocol: Protocol): string {
  const host = address === '' ? hostPort : hostAndPort(address, hostPort)
  return `${host}:${port}${protocol === 'tcp' ? '' : `/${protocol}`}`
}
