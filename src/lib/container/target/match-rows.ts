import type {ContainerRow} from '../../engine/types.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'

const {branch: BRANCH, folder: FOLDER, role: ROLE, tapMain: TAP_MAIN} = CONTAINER_LABELS
const COMPOSE_PROJECT = 'com.docker.compose.project'
const COMPOSE_NUMBER = 'com.docker.compose.container-number'
const COMPOSE_ONE_OFF = 'com.docker.compose.oneoff'
export const COMPOSE_FOLDER = 'com.docker.compose.project.working_dir'
export const COMPOSE_SERVICE = 'com.docker.compose.service'

/** Those with exactly that name or full id. */
export function exactly(rows: readonly ContainerRow[], target: string): readonly ContainerRow[] {
  return rows.filter((row) => row.Id === target || row.Names?.includes(`/${target}`) === true)
}

/** Those of the service with that name in one of the folders, or else those with that id prefix. */
export function named(
  rows: readonly ContainerRow[],
  folders: readonly string[],
  target: string,
): readonly ContainerRow[] {
  const services = rows.filter(({Labels}) => Labels?.[COMPOSE_SERVICE] === target && belongsTo(Labels, folders))
  if (services.length > 0) return withoutReplaced(services)
  return /^[0-9a-f]+$/.test(target) ? rows.filter(({Id}) => Id.startsWith(target)) : []
}

/** Those that belong to one of the folders, the branch's first; of a tap, only the main one. */
export function rowsOfFolder(
  rows: readonly ContainerRow[],
  folders: readonly string[],
  branch: string | undefined,
): readonly ContainerRow[] {
  const own = withoutReplaced(rows.filter(({Labels}) => Labels?.[ROLE] !== 'package' && belongsTo(Labels, folders)))
  const ofBranch = own.filter(({Labels}) => branch !== undefined && Labels?.[BRANCH] === branch)
  const found = ofBranch.length > 0 ? ofBranch : own
  const main = found.filter(({Labels}) => Labels?.[TAP_MAIN] === 'true')
  return main.length === 1 ? main : found
}

function belongsTo(labels: ContainerRow['Labels'] | undefined, folders: readonly string[]): boolean {
  const folder = labels?.[FOLDER] ?? labels?.[COMPOSE_FOLDER]
  return folder !== undefined && folders.includes(folder) && !isOneOff(labels)
}

/**
 * Made by `docker compose run`: it has its service's labels, but is not one of the service's containers (docker/compose,
 * labels.go).
 */
export function isOneOff(labels: ContainerRow['Labels'] | undefined): boolean {
  return labels?.[COMPOSE_ONE_OFF]?.toLowerCase() === 'true'
}

/**
 * Without containers that a running one of the same service and number has replaced: an interrupted compose, or a removal in
 * progress, leaves the old one beside the new.
 */
function withoutReplaced(rows: readonly ContainerRow[]): readonly ContainerRow[] {
  const isUp = ({State}: ContainerRow): boolean => ['running', 'paused', 'restarting'].includes(State)
  const places = new Set(rows.filter(isUp).map(placeOf))
  return rows.filter((row) => isUp(row) || placeOf(row) === undefined || !places.has(placeOf(row)))
}

/** The service and number of a compose container; undefined for others. */
function placeOf({Labels}: ContainerRow): string | undefined {
  const parts = [COMPOSE_PROJECT, COMPOSE_SERVICE, COMPOSE_NUMBER].map((name) => Labels?.[name])
  return parts.includes(undefined) ? undefined : JSON.stringify(parts)
}

/** Those with processes. */
export function running(rows: readonly ContainerRow[]): readonly ContainerRow[] {
  return rows.filter(({State}) => State === 'running' || State === 'paused')
}
