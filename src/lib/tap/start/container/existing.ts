import type {Engine} from '../../../engine/engine.js'
import type {ContainerDetails} from '../../../engine/types.js'
import {RefusedError} from '../../../error/keg-error.js'
import {CONTAINER_LABELS} from '../../../target/container-labels.js'
import {nameOf} from '../../../target/find-target.js'
import {printable} from '../../../terminal/text.js'
import {COMPOSE_LABELS} from '../../containers/container-order.js'
import {findTapContainers} from '../../containers/tap-containers.js'
import type {OpenTap} from '../../open-tap.js'
import type {TapNames} from '../../tap-names.js'

/** What is there of a tap already. */
export interface ExistingContainers {
  readonly main: ContainerDetails | undefined
  readonly services: readonly ContainerDetails[]
  /** Ids of all of them. */
  readonly ids: ReadonlySet<string>
}

/**
 * The containers of the tap's folder and branch.
 * @throws RefusedError `container-foreign` where somebody else's bear the names that they would get
 */
export async function findExisting(
  engine: Engine,
  {tap}: Pick<OpenTap, 'tap'>,
  {project}: TapNames,
): Promise<ExistingContainers> {
  const {main, services} = await findTapContainers(engine, tap)
  const ids = new Set([main, ...services].flatMap((container) => container?.Id ?? []))
  const named = await engine.container(project)
  if (named !== undefined && !ids.has(named.Id)) throw foreign(named, tap.folder)
  for (const {Id} of await engine.containers({label: [`${COMPOSE_LABELS.project}=${project}`]})) {
    const container = ids.has(Id) ? undefined : await engine.container(Id)
    if (container !== undefined) throw foreign(container, tap.folder)
  }
  return {main, services, ids}
}

function foreign(container: ContainerDetails, folder: string): RefusedError {
  const name = printable(nameOf(container))
  const owner = container.Config.Labels?.[CONTAINER_LABELS.folder]
  const whose =
    owner === undefined || owner === '' || owner === folder
      ? 'was not started by keg for this folder'
      : `belongs to ${printable(owner)}`
  return new RefusedError(`The container ${name} ${whose}, and keg touches it not.`, {
    code: 'container-foreign',
    hint: `Rename or remove it: docker rename ${name} ${name}-old. Or link this folder under another name.`,
    data: {container: container.Id, name, folder: owner ?? null},
  })
}
