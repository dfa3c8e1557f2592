import {branchHostName} from '../reference/branch-host-name.js'
import type {Tap} from './tap.js'

/** What a tap's things are called on an engine: each folder and branch has its own. */
export interface TapNames {
  /** Compose's name of the project, and the name of the tap's own container: `shop-feature-x`. */
  readonly project: string
  /** The first part of the host name behind a proxy: at most 63 characters, as DNS has it. */
  readonly host: string
}

/** The names for the branch that is checked out; without git the tap's name alone. */
export function tapNames({branch, name}: Pick<Tap, 'branch' | 'name'>): TapNames {
  if (branch === undefined) return {project: name, host: name}
  const project = `${name}-${branchHostName(branch)}`
  return {project, host: project.length <= LONGEST_HOST_LABEL ? project : branchHostName(`${name}-${branch}`)}
}

const LONGEST_HOST_LABEL = 63
