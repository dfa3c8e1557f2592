import type {Values} from '../../environment/values.js'

/** The value that says where a dependency is in the container: DOC_KEG_CORE_PATH for `keg-core`. */
export function remoteValueOf(name: string): string {
  return `DOC_${localValueOf(name)}`
}

/** The value that says where a dependency is on this machine: KEG_CORE_PATH for `keg-core`. */
export function localValueOf(name: string): string {
  return `${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_PATH`
}

/** Whether two names are one in values, which know neither dashes nor letter case. */
export function sameName(one: string, other: string): boolean {
  return localValueOf(one) === localValueOf(other)
}

/** Whether the values say where a dependency of that name is in the container. */
export function isDependency(name: string, values: Pick<Values, 'text'>): boolean {
  const value = remoteValueOf(name)
  return !OWN_PATHS.has(value) && values.text(value) !== undefined
}

/** The values that say where a dependency is in the container, each with what the dependency is called in lower case. */
export function dependencyValues(values: Pick<Values, 'names' | 'text'>): ReadonlyMap<string, string> {
  const names = values.names.filter(
    (name) => /^DOC_\w+_PATH$/.test(name) && !OWN_PATHS.has(name) && values.text(name) !== undefined,
  )
  return new Map(
    names.map((value) => [value, value.slice('DOC_'.length, -'_PATH'.length).toLowerCase().replaceAll('_', '-')]),
  )
}

/** Paths of the tap itself that are called as those of dependencies are. */
const OWN_PATHS: ReadonlySet<string> = new Set(['DOC_APP_PATH', 'DOC_BUILD_PATH'])
