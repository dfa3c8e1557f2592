import {FailedError} from '../error/keg-error.js'
import {parseJson} from '../json/json.js'
import {isDigest, isTag} from '../reference/reference.js'
import {commandLine} from '../terminal/command-line.js'
import {cutColumns} from '../terminal/columns.js'
import {printable} from '../terminal/text.js'
import {CONFIG_LABEL} from './config-digest.js'
import {
  MAX_TEXT_LENGTH,
  PACKAGE_SCHEMA,
  SERVICE_LABEL,
  readExcluded,
  readAgentFilesLabel,
  readMountLayers,
  readReplaced,
  readWriters,
  type ExcludedLabel,
  type AgentFilesLabel,
  type MountLayerLabel,
  type WriterLabel,
} from './labels.js'
import {isRunSettings, MAX_RUN_SETTINGS_LENGTH, type RunSettings} from './run-settings.js'

/** A label with an invalid value. */
export interface InvalidLabel {
  /** Key of the label. */
  readonly label: string
  /** Safe to print, and shortened. */
  readonly value: string
}

/** What a package's labels say. Anybody can write labels: an invalid value is null here, and listed in `invalid`. */
export interface ReadFacts {
  /** Version of the labels. */
  readonly schema: string
  /** Id of the keg run that made it. */
  readonly run: string | null
  /** When it was made, as ISO 8601. */
  readonly created: string | null
  /** Who made it. */
  readonly author: string | null
  /** Compose's `PROJECT/SERVICE`, else the name of its container. */
  readonly container: string | null
  /** Its service, if it was packaged together with the others of its compose project; null if not. */
  readonly service: string | null
  /** What it shows, in its author's words. */
  readonly message: string | null
  /** The git branch that it was made from. */
  readonly branch: string | null
  /** The commit that was checked out. */
  readonly commit: string | null
  /** Whether there were uncommitted changes. */
  readonly dirty: boolean | null
  /** Address of its repository. */
  readonly source: string | null
  /** The tag that it was made for. */
  readonly version: string | null
  /** The image that its container was made from. */
  readonly base: {
    /** Its name. */
    readonly name: string | null
    /** Digest of its manifest in its registry. */
    readonly digest: string | null
  }
  /** Which layer holds which mount: several layers may hold parts of one, from the bottom. */
  readonly mounts: readonly MountLayerLabel[] | null
  /** Digest of the list of its files. */
  readonly entries: string | null
  /** Digest of the rest of its configuration. */
  readonly config: string | null
  /** Files that syncs had created for themselves in its container, and that are not in it; null if there were none. */
  readonly agentFiles: AgentFilesLabel | null
  /** What the user excluded from it; null if nothing. */
  readonly excluded: ExcludedLabel | null
  /** Mounts packaged with new content of their sources, and not what the container had; null if there are none. */
  readonly replaced: readonly string[] | null
  /** Other containers that may have written to mounts while they were read; null if there were none. */
  readonly writers: readonly WriterLabel[] | null
  /** When all syncs into its container were clean, just before it was read; null if they were not, or there were none. */
  readonly synced: string | null
  /** How its container was run, beyond what the image's configuration says. */
  readonly settings: RunSettings | null
  /** Labels with invalid values. */
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
    if (value === undefined) invalid.push({label, value: cutColumns(printable(text), MAX_SHOWN_LENGTH)})
    return value ?? null
  }
  return {
    schema,
    run: read('com.keg.run', matching(/^[\w-]{1,64}$/)),
    created: read('org.opencontainers.image.created', asTime),
    author: read('com.keg.package.author', asLine),
    container: read('com.keg.package.container', asLine),
    service: read(SERVICE_LABEL, asLine),
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
    agentFiles: read('com.keg.package.agent-files', () => readAgentFilesLabel(labels)),
    excluded: read('com.keg.package.excluded', readExcluded),
    replaced: read('com.keg.package.replaced', readReplaced),
    writers: read('com.keg.package.writers', readWriters),
    synced: read('com.keg.package.synced', asTime),
    settings: read('com.keg.package.run', (text) => {
      const value = text.length > MAX_RUN_SETTINGS_LENGTH ? undefined : parseJson(text)
      return isRunSettings(value) ? value : undefined
    }),
    invalid,
  }
}

const MAX_SHOWN_LENGTH = 200

function matching(pattern: RegExp): (text: string) => string | undefined {
  return (text) => (pattern.test(text) ? text : undefined)
}

/** Text without terminal control characters. */
function asLine(text: string): string | undefined {
  return text.length <= MAX_TEXT_LENGTH && printable(text) === text ? text : undefined
}

function asText(text: string): string | undefined {
  return text.length <= MAX_TEXT_LENGTH && printable(text, {keepLines: true}) === text ? text : undefined
}

/** RFC 3339, as in the OCI image-spec. */
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
  return new FailedError(`${printable(name)} is not a package of keg: it does not have the labels of one.`, {
    code: 'not-a-package',
    hint: `${commandLine`docker image inspect ${name}`} shows what it is. Create a package with: ${commandLine`keg docker package`}`,
  })
}

function unknownSchema(name: string, schema: string): FailedError {
  return new FailedError(
    `${printable(name)} was packaged by another version of keg: its labels have schema ${cutColumns(printable(schema), 20)}, and this keg supports ${PACKAGE_SCHEMA}.`,
    {code: 'package-schema-unknown', hint: 'Update keg.'},
  )
}
