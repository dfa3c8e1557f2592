import {createHash} from 'node:crypto'
import {isRecord, mappingOf, type ComposePort, type ComposeService} from './compose-model.js'

/** On each container of a tap: digest of the settings that it was made with. */
export const SETTINGS_LABEL = 'com.keg.tap.settings'

/** What a service's container is told by an exec as well: for another word of it no container has to be made anew. */
const TOLD_LATER = ['KEG_EXEC_CMD']

/**
 * A digest of what a service's container is made with, by which keg knows whether it would be made otherwise now.
 * @param ports as they are asked for: the numbers that they were moved to are no part of it
 */
export function settingsDigest(service: ComposeService, ports: readonly ComposePort[]): string {
  const variables = Object.entries(mappingOf(service, 'environment')).filter(([name]) => !TOLD_LATER.includes(name))
  const settings = {...service, build: undefined, environment: Object.fromEntries(variables), ports}
  return createHash('sha256')
    .update(JSON.stringify(sorted(settings)))
    .digest('hex')
}

/** With all keys in order: compose promises none. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, each]) => each !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, each]) => [name, sorted(each)]),
  )
}
