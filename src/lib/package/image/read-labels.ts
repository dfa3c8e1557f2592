import {FailedError} from '../../error/keg-error.js'
import {parseJson} from '../../json/json.js'
import {isDigest, isTag} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import {CONFIG_LABEL} from './config-digest.js'
import {PACKAGE_SCHEMA, readLeftOut, readMountLayers, type LeftOutLabel, type MountLayerLabel} from './labels.js'
import {isRunSettings, type RunSettings} from './run-settings.js'

/** A label whose value is not what such a label says. */
export interface InvalidLabel {
  readonly label: string
  /** Fit to be shown, and cut. */
  readonly value: string
}

/** What a package's labels say of it. Anybody can write labels: what does not fit is null here, and named in `invalid`. */
export interface ReadFacts {
  readonly schema: string
  /** Id of the run of keg that made it. */
  readonly run: string | null
  readonly created: string | null
  readonly author: string | null
  readonly message: string | null
  readonly branch: string | null
  readonly commit: string | null
  readonly dirty: boolean | null
  readonly source: string | null
  readonly version: string | null
  readonly base: {readonly name: string | null; readonly digest: string | null}
  readonly mounts: readonly MountLayerLabel[] | null
  /** Digest of the list of its files. */
  readonly entries: string | null
  /** Digest of the rest of its configuration. */
  readonly config: string | null
  /** What syncs had made for themselves in its container and is not in it; null where there was nothing. */
  readonly leftOut: LeftOutLabel | null
  /** When all syncs into its container were clean, just before it was read; null where they were not, or were none. */
  readonly synced: string | null
  /** How its container was run, beyond what the image's configuration says. */
  readonly settings: RunSettings | null
  readonly invalid: readonly InvalidLabel[]
}

/**
 * Reads the labels of a package.
 * @param name of the image, for messages.
 * @throws FailedError `not-a-package`, `package-schema-unknown`.
 */
export function readPackageFacts(name: string, labels: Readonly<Record<string, string>> | null | undefined): ReadFacts {
  const schema = labels?.['com.keg.package.schema']
  if (!labels || schema === undefined || labels['com.keg.role'] !== 'package') throw notAPackage(name)
  if (schema !== PACKAGE_SCHEMA) throw unknownSchema(name, schema)
  const invalid: InvalidLabel[] = []
  const read = <Value>(label: string, parse: (text: string) => Value | undefined): Value | null => {
    const text = labels[label]
    if (text === undefined) return null
    const value = parse(text)
    if (value === undefined) invalid.push({label, value: printable(text.slice(0, LONGEST_SHOWN))})
    return value ?? null
  }
  return {
    schema,
    run: read('com.keg.run', matching(/^[\w-]{1,64}$/)),
    created: read('org.opencontainers.image.created', asTime),
    author: read('com.keg.package.author', asLine),
    message: read('com.keg.package.message', asText),
    branch: read('com.keg.package.branch', asLine),
    commit: read('com.keg.package.folder-commit', matching(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/)),
    dirty: read('com.keg.package.dirty', (text) => (text === 'true' ? true : text === 'false' ? false : undefined)),
    source: read('org.opencontainers.image.source', asWebAddress),
    version: read('org.opencontainers.image.version', (text) => (isTag(text) ? text : undefined)),
    base: {
      name: read('org.opencontainers.image.base.name', asLine),
      digest: read('org.opencontainers.image.base.digest', asDigest),
    },
    mounts: read('com.keg.package.mounts', (text) => {
      const mounts = readMountLayers(labels)
      return mounts.length > 0 || text === '[]' ? mounts : undefined
    }),
    entries: read('com.keg.package.entries', asDigest),
    config: read(CONFIG_LABEL, asDigest),
    leftOut: read('com.keg.package.left-out', () => readLeftOut(labels)),
    synced: read('com.keg.package.synced', asTime),
    settings: read('com.keg.package.run', (text) => {
      const value = parseJson(text)
      return isRunSettings(value) ? value : undefined
    }),
    invalid,
  }
}

const LONGEST_SHOWN = 200

/** Longer than anybody writes. */
const LONGEST_TEXT = 10_000

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined)
}

/** Text without anything that drives a terminal. */
function asLine(text: string): string | undefined {
  return text.length <= LONGEST_TEXT && printable(text) === text ? text : undefined
}

function asText(text: string): string | undefined {
  return text.length <= LONGEST_TEXT && printable(text, {keepLines: true}) === text ? text : undefined
}

/** RFC 3339, as the OCI image-spec has it. */
function asTime(text: string): string | undefined {
  const hasForm = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)
  return hasForm && !Number.isNaN(Date.parse(text)) ? text : undefined
}

function asWebAddress(text: string): string | undefined {
  return asLine(text) !== undefined && URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined
}

function asDigest(text: string): string | undefined {
  return isDigest(text) ? text : undefined
}

function notAPackage(name: string): FailedError {
  return new FailedError(`${printable(name)} is no package of keg: it has no labels of one.`, {
    code: 'not-a-package',
    hint: 'docker image inspect shows what it is. Packages are made by: keg docker package',
  })
}

function unknownSchema(name: string, schema: string): FailedError {
  return new FailedError(
    `${printable(name)} was packaged by another version of keg: its labels are of schema ${printable(schema.slice(0, 20))}, this keg knows ${PACKAGE_SCHEMA}.`,
    {code: 'package-schema-unknown', hint: 'Update keg.'},
  )
}
