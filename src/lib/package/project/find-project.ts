import {nameOf} from '../../container/container-name.js'
import {findTarget} from '../../container/target/find-target.js'
import {foldersUpTo} from '../../container/target/connected-folder.js'
import {COMPOSE_FOLDER, COMPOSE_SERVICE, isOneOff} from '../../container/target/match-rows.js'
import type {EngineWork} from '../../engine/engine-work.js'
import type {ContainerDetails, ContainerRow} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import type {Repository} from '../../git/repository.js'
import {commandLine} from '../../terminal/command-line.js'
import {didYouMean} from '../../terminal/closest-word.js'
import {printable} from '../../terminal/text.js'
import {COMPOSE_PROJECT} from '../target/compose-service.js'
import type {ComposeProject, ProjectContainer} from './model.js'

/** How to find a compose project. */
export interface FindProjectOptions {
  /** A project by name, or one of its containers as for `findTarget`; undefined for that of the current folder. */
  readonly target: string | undefined
  /** The repository of the current folder. */
  readonly repository: Pick<Repository, 'branch' | 'folder'> | undefined
  /** Services to leave out. */
  readonly excluded: readonly string[]
}

const COMPOSE_NUMBER = 'com.docker.compose.container-number'

/**
 * Finds a compose project that has containers in the engine, whatever their state. Containers of `docker compose run` are not part of it.
 * @throws UsageError `project-missing` if the container belongs to none, `project-ambiguous`, `project-service-unknown` if a service to leave out
 * is not there, `project-empty` if nothing is left; what findTarget throws
 */
export async function findComposeProject(work: EngineWork, options: FindProjectOptions): Promise<ComposeProject> {
  const {engine} = work
  const rows = (await engine.containers()).filter(isOfService)
  const name = await nameOfProject(work, rows, options)
  const own = rows.filter(({Labels}) => Labels?.[COMPOSE_PROJECT] === name)
  const details = await Promise.all(own.map(({Id}) => engine.container(Id)))
  const services = new Map<string, ContainerDetails[]>()
  // One that was removed meanwhile is not there any more.
  for (const container of details.filter((each) => each !== undefined)) {
    const service = container.Config.Labels?.[COMPOSE_SERVICE] ?? ''
    services.set(service, [...(services.get(service) ?? []), container])
  }
  const {excluded} = options
  const unknown = excluded.find((service) => !services.has(service))
  if (unknown !== undefined) throw await serviceUnknown(unknown, name, [...services.keys()].sort())
  const found = [...services].filter(([service]) => !excluded.includes(service)).map(asService)
  if (found.length === 0)
    throw new UsageError(`Nothing is left of the compose project ${printable(name)}.`, {
      code: 'project-empty',
      hint: 'Leave out fewer services with --exclude-service.',
    })
  return {name, services: found.sort((one, other) => (one.service < other.service ? -1 : 1))}
}

function isOfService({Labels}: ContainerRow): boolean {
  return Labels?.[COMPOSE_PROJECT] !== undefined && Labels[COMPOSE_SERVICE] !== undefined && !isOneOff(Labels)
}

async function nameOfProject(
  work: EngineWork,
  rows: readonly ContainerRow[],
  {repository, target}: FindProjectOptions,
): Promise<string> {
  const projects = (of: readonly ContainerRow[]): string[] =>
    [...new Set(of.flatMap(({Labels}) => Labels?.[COMPOSE_PROJECT] ?? []))].sort()
  if (target !== undefined && projects(rows).includes(target)) return target
  if (target === undefined) {
    const folders = await foldersUpTo(work.folder, repository?.folder)
    const here = projects(rows.filter(({Labels}) => folders.includes(Labels?.[COMPOSE_FOLDER] ?? '')))
    const [only, ...others] = here
    if (only !== undefined && others.length === 0) return only
    if (only !== undefined) return chooseProject(work, here)
  }
  const container = await findTarget(work, {
    target,
    top: repository?.folder,
    branch: repository?.branch,
    usage: commandLine`keg docker package --project PROJECT`,
  })
  const name = container.Config.Labels?.[COMPOSE_PROJECT]
  if (name !== undefined && isOfService({Labels: container.Config.Labels} as ContainerRow)) return name
  throw new UsageError(`${printable(nameOf(container))} does not belong to a compose project.`, {
    code: 'project-missing',
    hint: `Package it alone, without --project. The projects of this engine: ${commandLine`docker compose ls --all`}`,
  })
}

async function chooseProject({prompt}: Pick<EngineWork, 'prompt'>, names: readonly string[]): Promise<string> {
  if (prompt.isInteractive) {
    const choices = names.map((name) => ({name: printable(name), value: name}))
    return prompt.choose('Which compose project?', choices, {flag: 'PROJECT'})
  }
  throw new UsageError(
    `Several compose projects belong to this folder: ${names.map((name) => printable(name)).join(', ')}.`,
    {
      code: 'project-ambiguous',
      hint: `Name one: ${commandLine`keg docker package --project PROJECT`}`,
      data: {projects: names},
    },
  )
}

/** The first container of a service, by compose's number, and the others. */
function asService([service, containers]: readonly [string, readonly ContainerDetails[]]): ProjectContainer {
  const numberOf = ({Config}: ContainerDetails): number => Number(Config.Labels?.[COMPOSE_NUMBER] ?? Infinity)
  const isUp = ({State}: ContainerDetails): boolean => State.Running || State.Paused
  const [container, ...replicas] = [...containers].sort(
    (one, other) => Number(isUp(other)) - Number(isUp(one)) || numberOf(one) - numberOf(other),
  )
  if (container === undefined) throw new Error('a service without containers')
  return {service, container, replicas}
}

async function serviceUnknown(name: string, project: string, services: readonly string[]): Promise<UsageError> {
  const question = await didYouMean(name, services)
  return new UsageError(`--exclude-service ${printable(name)} is not a service of ${printable(project)}.`, {
    code: 'project-service-unknown',
    hint: `${question}Its services are: ${services.map((each) => printable(each)).join(', ')}.`,
    data: {services},
  })
}
