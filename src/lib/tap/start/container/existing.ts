import type {ContainerDetails} from '../../../engine/types.js'
import {RefusedError} from '../../../error/keg-error.js'
import {CONTAINER_LABELS} from '../../../label/container-labels.js'
import {commandLine} from '../../../terminal/command-line.js'
import {printable} from '../../../terminal/text.js'
import {COMPOSE_LABELS} from '../../containers/container-order.js'
import {findTapContainers} from '../../../container/tap/tap-containers.js'
import type {Tap} from '../../../tap-folder/tap.js'
import type {ExistingContainers, StartContext} from '../model.js'
import {nameOf} from '../../../container/container-name.js'

/**
 * The containers of the tap's folder and branch.
 * @throws RefusedError `container-foreign` if others have their names
 */
export async function findExisting({
  engine,
  opened: {tap},
  project,
}: Pick<StartContext, 'engine' | 'opened' | 'project'>): Promise<ExistingContainers> {
  const [{main, services}, named, ofProject] = await Promise.all([
    findTapContainers(engine, tap),
    engine.container(project),
    engine.containers({label: [`${COMPOSE_LABELS.project}=${project}`]}),
  ])
  const ids = new Set([main, ...services].flatMap((container) => container?.Id ?? []))
  const others = await Promise.all(ofProject.filter(({Id}) => !ids.has(Id)).map(({Id}) => engine.container(Id)))
  const inProject = others.filter((container) => container !== undefined)
  if (inProject.length > 0) throw foreignProject(inProject, tap)
  if (named !== undefined && !ids.has(named.Id)) throw foreignName(named, tap)
  return {main, services}
}

/** Compose would take them for its own whatever their names, for example after the folder was moved. */
function foreignProject(containers: readonly ContainerDetails[], tap: Tap): RefusedError {
  const names = containers.map(nameOf).sort()
  const [first = ''] = names
  // For a missing folder, only the container knows the branch.
  const branch = containers.find((container) => nameOf(container) === first)?.Config.Labels?.[CONTAINER_LABELS.branch]
  const kept = ['--tag', 'kept', '--no-push']
  const options = branch === undefined || branch === '' ? kept : [...kept, '--branch', branch]
  return refusal(containers, tap, {
    names,
    hint: `To keep what only they hold: ${commandLine`keg docker package ${first} ${options}`}. Then remove them: ${commandLine`docker rm --force ${names}`}`,
  })
}

/** A container that only has the name. */
function foreignName(container: ContainerDetails, tap: Tap): RefusedError {
  const name = nameOf(container)
  return refusal([container], tap, {
    names: [name],
    hint: `Rename it: ${commandLine`docker rename ${name} ${name}-old`}`,
  })
}

function refusal(
  containers: readonly ContainerDetails[],
  {branch, folder, name}: Tap,
  {hint, names}: {readonly names: readonly string[]; readonly hint: string},
): RefusedError {
  const [first] = containers
  const labels = first?.Config.Labels ?? {}
  const owner = labels[CONTAINER_LABELS.folder]
  const other = labels[CONTAINER_LABELS.tap] === name ? labels[CONTAINER_LABELS.branch] : undefined
  const isOne = containers.length === 1
  const belongs = isOne ? 'belongs' : 'belong'
  const whose =
    owner === folder && other !== branch && other?.toLowerCase() === branch?.toLowerCase()
      ? `${belongs} to the branch ${printable(other ?? '')}, which differs from ${printable(branch ?? '')} in letter case alone`
      : owner === undefined || owner === '' || owner === folder
        ? `${isOne ? 'was' : 'were'} not started by keg for this folder`
        : `${belongs} to ${printable(owner)}`
  const what = `The ${isOne ? 'container' : 'containers'} ${printable(names.join(', '))}`
  return new RefusedError(`${what} ${whose}. keg leaves ${isOne ? 'it' : 'them'} alone.`, {
    code: 'container-foreign',
    hint: `${printable(hint)}. Or link this folder under another name: ${commandLine`keg tap link ${folder} --name ${name}-2`}`,
    data: {container: first?.Id, name: names[0], names, folder: owner ?? null},
  })
}
