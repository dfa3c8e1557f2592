import {branchHostName, MAX_HOST_LABEL_LENGTH} from '../branch/branch-host-name.js'
import type {Tap} from './tap.js'

/**
 * The name of a tap on an engine: `shop-feature-x` is the name of its compose project and of its own container, the prefix
 * of its other containers, and the first part of its host name behind a proxy. Each branch has its own; without git it is
 * the tap's name. If two taps get the same name, starting the second is refused. At most 63 characters, as in DNS.
 */
export function tapProject({branch, name}: Pick<Tap, 'branch' | 'name'>): string {
  if (branch === undefined) return name
  return `${name}-${branchHostName(branch, MAX_HOST_LABEL_LENGTH - name.length - 1)}`
}
