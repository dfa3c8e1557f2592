import type {Engine} from '../../engine/engine.js'
import type {ContainerDetails, ImageDetails} from '../../engine/types.js'
import {CONTAINER_LABELS} from '../../label/container-labels.js'
import type {Tap} from '../../tap-folder/tap.js'
import {nameOf} from '../container-name.js'
import {tapProject} from '../../tap-folder/tap-project.js'

/** The containers that keg started for a folder. */
export interface TapContainers {
  /** The app of the checked-out branch; its code is synced into it. */
  readonly main: ContainerDetails | undefined
  /** The others of the checked-out branch, by name. */
  readonly services: readonly ContainerDetails[]
  /** All that were found, by name; with `allBranches` those of other branches too. */
  readonly all: readonly ContainerDetails[]
}

/** Which containers to find. */
export interface FindTapContainersOptions {
  /** Those of all branches of the folder, whatever the tap's name was when they were started. */
  readonly allBranches?: boolean
}

/**
 * Finds the containers of a tap by label, running or not: those of its folder and of the branch checked out there.
 * Containers of other folders, including other worktrees, are never among them. Labels that come from an image are not
 * trusted.
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

/** Whether this is the container of its tap that the code is synced into. */
export function isMain({Config}: Pick<ContainerDetails, 'Config'>): boolean {
  return Config.Labels?.[MAIN] === 'true'
}

/** The branch of a tap's container; undefined without git. */
export function branchOfTapContainer({Config}: Pick<ContainerDetails, 'Config'>): string | undefined {
  return Config.Labels?.[BRANCH] || undefined
}

const {branch: BRANCH, folder: FOLDER, role: ROLE, tap: TAP, tapMain: MAIN} = CONTAINER_LABELS

/** Whether a container has its labels from its creation, not from its image, which may be a commit of a tap's container. */
function isLabelled(container: ContainerDetails, image: ImageDetails | undefined): boolean {
  const labels = container.Config.Labels ?? {}
  const ofImage = image?.Config?.Labels ?? {}
  if ([FOLDER, ROLE].every((label) => labels[label] !== ofImage[label])) return true
  // Names never come from an image.
  const project = tapProject({name: labels[TAP] ?? '', branch: labels[BRANCH] || undefined})
  return `${nameOf(container)}-`.startsWith(`${project}-`)
}

/** Each image once; a removed image has no labels. */
async function imagesOf(
  engine: Engine,
  containers: readonly ContainerDetails[],
): Promise<ReadonlyMap<string, ImageDetails>> {
  const ids = [...new Set(containers.map(({Image}) => Image))]
  const images = await Promise.all(ids.map(async (id) => [id, await engine.image(id)] as const))
  return new Map(images.flatMap(([id, image]) => (image === undefined ? [] : [[id, image]])))
}
