import type {Values} from '../../values/values.js'

/** The value with a dependency's folder in the container: DOC_KEG_CORE_PATH for `keg-core`. */
export function remoteValueOf(name: string): string {
  return `DOC_${localValueOf(name)}`
}

/** The value with a dependency's folder on this machine: KEG_CORE_PATH for `keg-core`. */
export function localValueOf(name: string): string {
  return `${name.toUpperCase().replace(/[^A-Z0-9]+/g, '_')}_PATH`
}

/** Whether two names are the same in values, which have no dashes or letter case. */
export function sameName(one: string, other: string): boolean {
  return localValueOf(one) === localValueOf(other)
}

/** Whether the values have a folder in the container for a dependency of that name. */
export function isDependency(name: string, values: Pick<Values, 'text'>): boolean {
  const value = remoteValueOf(name)
  return !OWN_PATHS.has(value) && values.text(value) !== undefined
}

/** The values with dependencies' folders in the container, each with the dependency's name in lower case. */
export function dependencyValues(values: Pick<Values, 'names' | 'text'>): ReadonlyMap<string, string> {
  const names = values.names.filter(
    (name) => /^DOC_\w+_PATH$/.test(name) && !OWN_PATHS.has(name) && values.text(name) !== undefined,
  )
  return new Map(
    names.map((value) => [value, value.slice('DOC_'.length, -'_PATH'.length).toLowerCase().replaceAll('_', '-')]),
  )
}

/** Paths of the tap itself, whose names look like those of dependencies. */
const OWN_PATHS: ReadonlySet<string> = new Set(['DOC_APP_PATH', 'DOC_BUILD_PATH'])
