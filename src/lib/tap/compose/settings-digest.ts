import {createHash} from 'node:crypto'
import {isRecord, mappingOf, type ComposePort, type ComposeService} from '../../compose/compose-model.js'

/** A label on each container of a tap: digest of its settings. */
export const SETTINGS_LABEL = 'com.keg.tap.settings'

/** An exec passes it on as well: no container has to be recreated for a new value. */
const TOLD_LATER = ['KEG_EXEC_CMD']

/**
 * A digest of a service's container settings, which tells keg whether it would be created differently now.
 * @param ports as requested: the numbers that they were moved to do not count
 */
export function settingsDigest(service: ComposeService, ports: readonly ComposePort[]): string {
  const variables = Object.entries(mappingOf(service, 'environment')).filter(([name]) => !TOLD_LATER.includes(name))
  const settings = {...service, build: undefined, environment: Object.fromEntries(variables), ports}
  return createHash('sha256')
    .update(JSON.stringify(sorted(settings)))
    .digest('hex')
}

/** With sorted keys: compose does not guarantee an order. */
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
