import type {ContainerDetails} from '../../engine/types.js'
import {parseJson} from '../../json/json.js'
import {runSettingsOf} from './run-settings.js'

/** The version of the labels below. */
export const PACKAGE_SCHEMA = '1'

/** A mount layer of a package as its label names it. */
export interface MountLayerLabel {
  /** The mount point, symlinks followed. */
  readonly path: string
  readonly type: string
  /** diffID of the layer. */
  readonly layer: string
}

/** What syncs made for themselves in a container and is not in its package. */
export interface LeftOutLabel {
  /** diffID of the layer that hides what of it is in the container's own layer; null where none is. */
  readonly layer: string | null
  /** Paths of all that stays out, also of mounts. */
  readonly paths: readonly string[]
}

/** What is said about a package in its labels; what is undefined is not known, and its label left out. */
export interface PackageFacts {
  readonly run: string
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
  /** Undefined where nothing had to be left out. */
  readonly leftOut: LeftOutLabel | undefined
}

/** The labels of a package: keg's own, and the standard ones of the OCI image-spec (annotations.md). */
export function packageLabels(facts: PackageFacts, container: ContainerDetails): Record<string, string> {
  const labels: Record<string, string | undefined> = {
    'com.keg.role': 'package',
    'com.keg.run': facts.run,
    'com.keg.package.schema': PACKAGE_SCHEMA,
    'com.keg.package.author': facts.author,
    'com.keg.package.branch': facts.branch,
    'com.keg.package.dirty': facts.dirty === undefined ? undefined : String(facts.dirty),
    'com.keg.package.entries': facts.entries,
    'com.keg.package.folder-commit': facts.commit,
    'com.keg.package.left-out': facts.leftOut && JSON.stringify(facts.leftOut),
    'com.keg.package.message': facts.message,
    'com.keg.package.mounts': JSON.stringify(facts.mounts),
    'com.keg.package.synced': facts.synced,
    'com.keg.package.run': JSON.stringify(runSettingsOf(container)),
    'org.opencontainers.image.created': facts.created,
    'org.opencontainers.image.authors': facts.author,
    'org.opencontainers.image.source': facts.source,
    'org.opencontainers.image.revision': facts.commit,
    'org.opencontainers.image.version': facts.version,
    'org.opencontainers.image.base.name': facts.baseName,
    'org.opencontainers.image.base.digest': facts.baseDigest,
  }
  const known = Object.entries(labels).filter((label): label is [string, string] => label[1] !== undefined)
  return Object.fromEntries(known)
}

const MOST_MOUNTS = 127

/** The mount layers that an image's label names: a hint that anybody can write, so what does not fit the schema is nothing. */
export function readMountLayers(labels: Readonly<Record<string, string>> | null | undefined): MountLayerLabel[] {
  const text = labels?.['com.keg.package.mounts']
  if (text === undefined || labels?.['com.keg.package.schema'] !== PACKAGE_SCHEMA) return []
  const value = parseJson(text)
  return Array.isArray(value) && value.length <= MOST_MOUNTS && value.every(isMountLayer) ? value : []
}

const MOST_PATHS = 1000

/** What an image's label names as left out: a hint as well. */
export function readLeftOut(labels: Readonly<Record<string, string>> | null | undefined): LeftOutLabel | undefined {
  const text = labels?.['com.keg.package.left-out']
  if (text === undefined || labels?.['com.keg.package.schema'] !== PACKAGE_SCHEMA) return undefined
  const value = parseJson(text)
  if (typeof value !== 'object' || value === null) return undefined
  const {layer, paths}: {layer?: unknown; paths?: unknown} = value
  const isLayer = layer === null || isLayerDigest(layer)
  const arePaths = Array.isArray(paths) && paths.length > 0 && paths.length <= MOST_PATHS && paths.every(isPath)
  return isLayer && arePaths ? {layer, paths} : undefined
}

function isPath(value: unknown): value is string {
  return typeof value === 'string' && /^\/[^\0]+$/.test(value) && !value.split('/').includes('..')
}

function isLayerDigest(value: unknown): value is string {
  return typeof value === 'string' && /^sha256:[0-9a-f]{64}$/.test(value)
}

function isMountLayer(value: unknown): value is MountLayerLabel {
  if (typeof value !== 'object' || value === null) return false
  const {layer, path, type}: {layer?: unknown; path?: unknown; type?: unknown} = value
  return isPath(path) && typeof type === 'string' && isLayerDigest(layer)
}
