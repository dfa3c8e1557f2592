import type {ContainerDetails, ContainerRow} from '../engine/types.js'
import {printable} from '../terminal/text.js'

/** A container's name as docker shows it. */
export function nameOf({Name}: Pick<ContainerDetails, 'Name'>): string {
  return withoutSlash(Name)
}

/** The same, printable. */
export function shownName(container: Pick<ContainerDetails, 'Name'>): string {
  return printable(nameOf(container))
}

/** The name of a container in a list, or its short id if it has none. */
export function rowName({Id, Names}: Pick<ContainerRow, 'Id' | 'Names'>): string {
  const [name] = Names ?? []
  return name === undefined ? Id.slice(0, 12) : withoutSlash(name)
}

/** Engines report container names as paths. */
export function withoutSlash(name: string): string {
  return name.replace(/^\//, '')
}
