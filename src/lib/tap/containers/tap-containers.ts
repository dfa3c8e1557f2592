import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {CONTAINER_LABELS} from '../../target/container-labels.js'
import {nameOf} from '../../target/find-target.js'
import type {Tap} from '../tap.js'
import {tapNames} from '../tap-names.js'

/** The containers that keg started for a folder. */
export interface TapContainers {
  /** The app of the branch checked out; its code is synced into it. */
  readonly main: ContainerDetails | undefined
  /** The others of the branch checked out, by their names. */
  readonly services: readonly ContainerDetails[]
  /** All that was looked for, by their names: those of other branches too, where they were asked for. */
  readonly all: readonly ContainerDetails[]
}

/** Which of them. */
export interface FindTapContainersOptions {
  /** Those of all branches of the folder, under whatever name it was linked when they were started. */
  readonly allBranches?: boolean
}

/**
 * Finds the containers of a tap by their labels, running or not: those of its folder and of the branch that is checked out
 * there. Containers of other folders, other worktrees included, are never among them. What an image says of its containers by
 * labels of its own is a stranger's word, and counts for nothing.
 */
export async function findTapContainers(
  engine: Engine,
  tap: Pick<Tap, 'branch' | 'folder' | 'name'>,
  {allBranches = false}: FindTapContainersOptions = {},
): Promise<TapContainers> {
  const rows = await engine.containers({label: [`${FOLDER}=${tap.folder}`, TAP]})
  const found = await Promise.all(rows.map(async ({Id}) => engine.container(Id)))
  const containers = found.filter((container) => container !== undefined)
  const images = await imagesOf(engine, containers)
  const own = containers
    .filter(
      (container) => container.Config.Labels?.[ROLE] === 'dev' && isLabelled(container, images.get(container.Image)),
    )
    .toSorted((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1))
  const ofBranch = own.filter(
    ({Config: {Labels}}) => Labels?.[TAP] === tap.name && (Labels[BRANCH] || undefined) === tap.branch,
  )
  const main = ofBranch.find(isMain)
  return {main, services: ofBranch.filter((container) => container !== main), all: allBranches ? own : ofBranch}
}

/** Whether a container is the one of its tap that the code is synced into. */
export function isMain({Config}: Pick<ContainerDetails, 'Config'>): boolean {
  return Config.Labels?.[MAIN] === 'true'
}

/** The branch that a container of a tap is for; undefined without git. */
export function branchOfTapContainer({Config}: Pick<ContainerDetails, 'Config'>): string | undefined {
  return Config.Labels?.[BRANCH] || undefined
}

const {branch: BRANCH, folder: FOLDER, role: ROLE, tap: TAP, tapMain: MAIN} = CONTAINER_LABELS

/** Whether a container got its labels when it was made, and not from its image, which may be a commit of such a container. */
function isLabelled(container: ContainerDetails, image: ImageDetails | undefined): boolean {
  const labels = container.Config.Labels ?? {}
  const ofImage = image?.Config?.Labels ?? {}
  if ([FOLDER, ROLE].every((label) => labels[label] !== ofImage[label])) return true
  // A name never comes from an image.
  const {project} = tapNames({name: labels[TAP] ?? '', branch: labels[BRANCH] || undefined})
  return `${nameOf(container)}-`.startsWith(`${project}-`)
}

/** Each once; an image that was removed says nothing. */
async function imagesOf(
  engine: Engine,
  containers: readonly ContainerDetails[],
): Promise<ReadonlyMap<string, ImageDetails>> {
  const ids = [...new Set(containers.map(({Image}) => Image))]
  const images = await Promise.all(ids.map(async (id) => [id, await engine.image(id)] as const))
  return new Map(images.flatMap(([id, image]) => (image === undefined ? [] : [[id, image]])))
}
