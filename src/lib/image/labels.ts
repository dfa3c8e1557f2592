import {listProperty, parseJson, property} from '../json/json.js'
import {printable} from '../terminal/text.js'
import type {RunSettings} from './run-settings.js'

/** The version of the labels below. */
export const PACKAGE_SCHEMA = '1'

/** Another container that may have written to mounts while they were read. */
export interface WriterLabel {
  /** Its name. */
  readonly container: string
  /** Destinations of the mounts. */
  readonly mounts: readonly string[]
}

/** A mount layer of a package as its label names it. */
export interface MountLayerLabel {
  /** The mount point, with symlinks followed. */
  readonly path: string
  /** Docker's word: `volume`, `bind` or `tmpfs`. */
  readonly type: string
  /** diffID of the layer. */
  readonly layer: string
  /** Whether the mount itself is left out, and the layer only hides what the mount hid. */
  readonly empty?: boolean
}

/** Files that syncs created for themselves in a container, and that are not in its package. */
export interface AgentFilesLabel {
  /** diffID of the layer that hides those in the container's writable layer; null if there is none. */
  readonly layer: string | null
  /** Paths of everything left out, including in mounts. */
  readonly paths: readonly string[]
}

/** What the user excluded from a package. */
export interface ExcludedLabel {
  /** The topmost paths, as many as fit. */
  readonly paths: readonly string[]
  /** How many there were. */
  readonly count: number
  /** Names of variables. */
  readonly environment: readonly string[]
}

/** On a package of a service that was packaged together with the others of its compose project: its name. */
export const SERVICE_LABEL = 'com.keg.package.service'

/** The longest text of a label that is read again: longer than anybody writes. */
export const MAX_TEXT_LENGTH = 10_000

/** Text as long as is read again. */
function cutText(text: string): string {
  return text.length <= MAX_TEXT_LENGTH
    ? text
    : `${text.slice(0, MAX_TEXT_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}\u2026`
}

/** What a package's labels say; undefined means unknown, and the label is left out. */
export interface PackageFacts {
  readonly run: string
  /** Its container: compose's `PROJECT/SERVICE`, else its name. */
  readonly container: string | undefined
  /** Its service, if it was packaged together with the others of its compose project. */
  readonly service: string | undefined
  readonly created: string
  readonly author: string | undefined
  readonly message: string | undefined
  readonly branch: string | undefined
  readonly commit: string | undefined
  readonly dirty: boolean | undefined
  /** Web address of the source repository. */
  readonly source: string | undefined
  /** The tag it is packaged under. */
  readonly version: string
  readonly baseName: string
  readonly baseDigest: string | undefined
  readonly mounts: readonly MountLayerLabel[]
  /** Digest of the entry list. */
  readonly entries: string
  /** When all syncs into the container were clean, just before it was read; ISO 8601. */
  readonly synced: string | undefined
  /** Undefined if there was nothing to leave out. */
  readonly agentFiles: AgentFilesLabel | undefined
  /** How its container was run. */
  readonly settings: RunSettings
  /** Undefined if nothing was excluded. */
  readonly excluded: ExcludedLabel | undefined
  /** Mounts packaged with new content of their sources, and not what the container had. */
  readonly replaced: readonly string[]
  /** Other containers that may have written to mounts while they were read. */
  readonly writers: readonly WriterLabel[]
}

/** The labels of a package: keg's own, and the standard ones of the OCI image-spec (annotations.md). */
export function packageLabels(facts: PackageFacts): Record<string, string> {
  // Readers take no text with control characters, and Windows ends lines with two.
  const author = facts.author && cutText(printable(facts.author))
  const message = facts.message && cutText(printable(facts.message.replace(/\r\n?/g, '\n'), {keepLines: true}))
  const labels: Record<string, string | undefined> = {
    'com.keg.role': 'package',
    'com.keg.run': facts.run,
    'com.keg.package.schema': PACKAGE_SCHEMA,
    'com.keg.package.author': author,
    'com.keg.package.branch': facts.branch,
    'com.keg.package.container': facts.container,
    [SERVICE_LABEL]: facts.service,
    'com.keg.package.dirty': facts.dirty === undefined ? undefined : String(facts.dirty),
    'com.keg.package.entries': facts.entries,
    'com.keg.package.excluded': facts.excluded && JSON.stringify(facts.excluded),
    'com.keg.package.folder-commit': facts.commit,
    'com.keg.package.agent-files': facts.agentFiles && JSON.stringify(facts.agentFiles),
    'com.keg.package.message': message,
    'com.keg.package.mounts': JSON.stringify(facts.mounts),
    'com.keg.package.replaced': facts.replaced.length === 0 ? undefined : JSON.stringify(facts.replaced),
    'com.keg.package.writers':
      facts.writers.length === 0
        ? undefined
        : JSON.stringify(facts.writers.map(({container, mounts}) => ({container, mounts}))),
    'com.keg.package.synced': facts.synced,
    'com.keg.package.run': JSON.stringify(facts.settings),
    'org.opencontainers.image.created': facts.created,
    'org.opencontainers.image.authors': author,
    'org.opencontainers.image.source': facts.source,
    'org.opencontainers.image.revision': facts.commit,
    'org.opencontainers.image.version': facts.version,
    'org.opencontainers.image.base.name': facts.baseName,
    'org.opencontainers.image.base.digest': facts.baseDigest,
  }
  const known = Object.entries(labels).filter((label): label is [string, string] => label[1] !== undefined)
  return Object.fromEntries(known)
}

const MAX_MOUNTS = 127

/**
 * The mount layers that an image's label names. Only a hint, which anybody can write: what does not fit the schema is ignored.
 */
export function readMountLayers(labels: Readonly<Record<string, string>> | null | undefined): MountLayerLabel[] {
  const text = labels?.['com.keg.package.mounts']
  if (text === undefined || labels?.['com.keg.package.schema'] !== PACKAGE_SCHEMA) return []
  const value = parseJson(text)
  return Array.isArray(value) && value.length <= MAX_MOUNTS && value.every(isMountLayer) ? value : []
}

const MAX_PATHS = 1000

/** What an image's label names as left out: a hint too. */
export function readAgentFilesLabel(
  labels: Readonly<Record<string, string>> | null | undefined,
): AgentFilesLabel | undefined {
  const text = labels?.['com.keg.package.agent-files']
  if (text === undefined || labels?.['com.keg.package.schema'] !== PACKAGE_SCHEMA) return undefined
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  const {layer, paths}: {layer?: unknown; paths?: unknown} = value
  const isLayer = layer === null || isLayerDigest(layer)
  const arePaths = Array.isArray(paths) && paths.length > 0 && paths.length <= MAX_PATHS && paths.every(isPath)
  return isLayer && arePaths ? {layer, paths} : undefined
}

/** What an image's label names as excluded: a hint too. */
export function readExcluded(text: string): ExcludedLabel | undefined {
  const value = parseJson(text)
  const [paths, environment, count] = [
    listProperty(value, 'paths'),
    listProperty(value, 'environment'),
    property(value, 'count'),
  ]
  const arePaths = paths.length <= MAX_PATHS && paths.every(isPath)
  const areNames = environment.length <= MAX_PATHS && environment.every(isVariableName)
  const isCount = typeof count === 'number' && Number.isSafeInteger(count) && count >= paths.length
  return arePaths && areNames && isCount ? {paths, count, environment} : undefined
}

/** As much of it as a label can hold; undefined if there is nothing. */
export function excludedLabel(paths: readonly string[], environment: readonly string[]): ExcludedLabel | undefined {
  if (paths.length === 0 && environment.length === 0) return undefined
  return {paths: paths.filter(isPath).slice(0, MAX_PATHS), count: paths.length, environment}
}

function isVariableName(value: unknown): value is string {
  return typeof value === 'string' && /^[^=\0]{1,200}$/.test(value)
}

/** The mounts that an image's label names as replaced: a hint too. */
export function readReplaced(text: string): readonly string[] | undefined {
  const value = parseJson(text)
  return Array.isArray(value) && value.length > 0 && value.length <= MAX_MOUNTS && value.every(isPath)
    ? value
    : undefined
}

/** The containers that an image's label names as writing at the same time: a hint too. */
export function readWriters(text: string): readonly WriterLabel[] | undefined {
  const value = parseJson(text)
  if (!Array.isArray(value) || value.length === 0 || value.length > MAX_WRITERS) return undefined
  const writers = value.map((each: unknown): WriterLabel | undefined => {
    const [container, mounts] = [property(each, 'container'), listProperty(each, 'mounts')]
    if (typeof container !== 'string' || !CONTAINER_NAME.test(container)) return undefined
    return mounts.length > 0 && mounts.length <= MAX_MOUNTS && mounts.every(isPath) ? {container, mounts} : undefined
  })
  return writers.every((writer) => writer !== undefined) ? writers : undefined
}

/** More than anybody runs on one volume. */
const MAX_WRITERS = 1000

/** As engines accept it (moby, daemon/names/names.go). */
const CONTAINER_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

function isPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/[^\0]+$/.test(value) && !value.split('/').includes('..')
}

function isLayerDigest(value: unknown): value is string {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value)
}

function isMountLayer(value: unknown): value is MountLayerLabel {
  if (typeof value !== 'object' || value === null) return false
  const {empty, layer, path, type}: {empty?: unknown; layer?: unknown; path?: unknown; type?: unknown} = value
  const isEmpty = empty === undefined || typeof empty === 'boolean'
  return isPath(path) && typeof type === 'string' && isLayerDigest(layer) && isEmpty
}
