import {property} from '../json/json.js'
import {sha256Digest} from '../tar/bytes.js'

/** The label with the digest of the rest of the configuration. */
export const CONFIG_LABEL = 'com.keg.package.config'

/**
 * The fields of a configuration that decide how an image runs and how it describes itself (OCI image-spec, config.md; docker's
 * own).
 */
const FIELDS = [
  'Cmd',
  'Entrypoint',
  'Env',
  'ExposedPorts',
  'Healthcheck',
  'Labels',
  'OnBuild',
  'Shell',
  'StopSignal',
  'User',
  'Volumes',
  'WorkingDir',
] as const

/**
 * `sha256:...` of an image's configuration, including labels except the one with this digest. Ignores the order of keys and empty
 * values, because every builder writes those in its own way.
 */
export function configDigest(config: unknown): string {
  const comparable = FIELDS.map((field) => {
    const value = property(config, field)
    const isLabels = field === 'Labels' && typeof value === 'object' && value !== null
    const kept = isLabels ? Object.fromEntries(Object.entries(value).filter(([name]) => name !== CONFIG_LABEL)) : value
    return [field, sorted(kept)] as const
  })
  return sha256Digest(Buffer.from(JSON.stringify(comparable.filter(([, value]) => !isEmpty(value)))))
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1))
  return Object.fromEntries(entries.map(([name, content]) => [name, sorted(content)]))
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    (typeof value === 'object' && Object.keys(value).length === 0)
  )
}
