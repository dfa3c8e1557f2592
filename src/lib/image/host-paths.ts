import {posix} from 'node:path'
import type {ContainerDetails} from '../engine/types.js'
import {printable} from '../terminal/text.js'

/** What is needed to tell a path of the host from one of the container. */
export interface HostPathOptions {
  readonly container: ContainerDetails
  /** The user's home folder on this machine; undefined if the environment has none. */
  readonly home: string | undefined
  /** Whether the container has a file or folder at a path. */
  readonly isInContainer: (path: string) => Promise<boolean>
  /** Names in the environment that are not in the container's image, or have another value there. */
  readonly addedEnvironment: readonly string[]
}

/** The parts of a container's configuration that name a home folder on the host. */
export interface HostPaths {
  /** Names of labels: they are left out of the package. */
  readonly labels: readonly string[]
  /** Names of environment variables: they belong to the container and are included. */
  readonly variables: readonly string[]
}

/**
 * Finds paths in labels and in the environment that are below a home folder of the host: the user's own, or one of the usual
 * places for homes on Linux, macOS and Windows. A path that exists in the container is the container's own, such as
 * `/home/node/app`.
 */
export async function findHostPaths(options: HostPathOptions): Promise<HostPaths> {
  const {addedEnvironment, container} = options
  const labels: string[] = []
  for (const [name, value] of Object.entries(container.Config.Labels ?? {}))
    // keg's labels are never copied.
    if (!name.startsWith('com.keg.') && (await hasHostPath(value, options))) labels.push(name)
  const variables: string[] = []
  for (const assignment of container.Config.Env ?? []) {
    const [name = ''] = assignment.split('=', 1)
    if (addedEnvironment.includes(name) && (await hasHostPath(assignment.slice(name.length + 1), options)))
      variables.push(name)
  }
  return {labels, variables}
}

/** The container without labels of these names. */
export function withoutLabels(container: ContainerDetails, names: readonly string[]): ContainerDetails {
  const kept = Object.entries(container.Config.Labels ?? {}).filter(([name]) => !names.includes(name))
  return {...container, Config: {...container.Config, Labels: Object.fromEntries(kept)}}
}

/** Warnings about them, one sentence each. */
export function hostPathWarnings({labels, variables}: HostPaths): string[] {
  const list = (names: readonly string[]): string => names.map((name) => printable(name)).join(', ')
  return [
    ...(labels.length > 0 ? [`Labels that contain a home folder are not in the package: ${list(labels)}.`] : []),
    ...(variables.length > 0
      ? [
          `Environment variables that contain a home folder of the host are in the package unchanged: ${list(variables)}.`,
        ]
      : []),
  ]
}

/** Longer values are not paths, and only this much of them is searched. */
const MAX_SEARCHED_LENGTH = 100_000

/** Where Docker Desktop, WSL and git's shell mount the drives and folders of their host. */
const HOST_ROOTS = String.raw`(?:file:\/\/|\/host_mnt|\/run\/desktop\/mnt\/host|\/mnt|[\\/]{2}wsl(?:\$|\.localhost)[\\/]+[\w.-]+)?(?:[\\/][a-z])?`

/** Home folders: `/home/ada`, `/var/home/ada`, `/root`, `/Users/ada`, `C:\Users\ada`, also with JSON's backslashes. */
const HOMES = String.raw`(?:(?:[\\/]var)?[\\/]+home[\\/]+[^\s\\/"',:;]+|[\\/]root(?![\w.-])|(?:[a-z]:)?[\\/]+users[\\/]+[^\s\\/"',:;]+)`

const HOME_PATH = new RegExp(String.raw`(?<![\w.~/\\-])${HOST_ROOTS}${HOMES}[^\s"',:;]*`, 'gi')

/** Whether a text contains a path that is usually below a home folder, on any machine. */
export function namesHome(text: string): boolean {
  return new RegExp(HOME_PATH, 'i').test(text)
}

async function hasHostPath(value: string, {home, isInContainer}: HostPathOptions): Promise<boolean> {
  const text = value.slice(0, MAX_SEARCHED_LENGTH)
  const paths = new Set([...text.matchAll(HOME_PATH)].map(([path]) => path))
  for (const path of ownPaths(text, home)) paths.add(path)
  for (const path of paths) {
    const isPosix = path.startsWith('/') && !path.startsWith('//')
    if (!isPosix || !(await isInContainer(posix.normalize(path)))) return true
  }
  return false
}

/** Paths in and below the user's home folder, wherever that is. */
function ownPaths(text: string, home: string | undefined): string[] {
  const folder = home?.replace(/\/+$/, '') ?? ''
  if (folder === '') return []
  const escaped = folder.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')
  return [...text.matchAll(new RegExp(`(?<![\\w.~-])${escaped}(?![\\w.-])[^\\s"',:;]*`, 'g'))].map(([path]) => path)
}
