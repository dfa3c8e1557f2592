import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {rewriteHistory} from '../../image/image.js'
import type {Image} from '../../image/model.js'

/** A container as if it had been started without some variables, wherever they are set. */
export function withoutEnvironment(container: ContainerDetails, names: readonly string[]): ContainerDetails {
  if (names.length === 0) return container
  const kept = (container.Config.Env ?? []).filter((assignment) => !names.includes(nameOf(assignment)))
  return {...container, Config: {...container.Config, Env: kept}}
}

/** The names of excluded variables, with their values in a container and in its image. */
export function excludedValues(
  container: ContainerDetails,
  base: ImageDetails,
  names: readonly string[],
): ReadonlyMap<string, readonly string[]> {
  const all = [...(container.Config.Env ?? []), ...(base.Config?.Env ?? [])]
  return new Map(
    names.map((name) => {
      const assignments = all.filter((assignment) => nameOf(assignment) === name)
      return [name, assignments.map((assignment) => assignment.slice(name.length + 1)).filter((value) => value !== '')]
    }),
  )
}

/** An image without values of variables in its history too: `ENV NAME=value` is in that of its base image. */
export function withoutValues(image: Image, values: ReadonlyMap<string, readonly string[]>): Image {
  if (values.size === 0) return image
  return rewriteHistory(image, (step) => ({...step, created_by: withoutValuesIn(step.created_by, values)}))
}

/** Values at least this long are replaced everywhere; shorter ones only where they are assigned. */
const MIN_TELLING_LENGTH = 8

function withoutValuesIn(text: string, values: ReadonlyMap<string, readonly string[]>): string {
  let result = text
  for (const [name, known] of values)
    for (const value of known) {
      for (const assigned of [`${name}=${value}`, `${name}="${value}"`, `${name}='${value}'`, `${name} ${value}`])
        result = result.replaceAll(assigned, `${name}=***`)
      if (value.length >= MIN_TELLING_LENGTH) result = result.replaceAll(value, '***')
    }
  return result
}

function nameOf(assignment: string): string {
  return assignment.split('=', 1)[0] ?? assignment
}
