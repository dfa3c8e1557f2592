import {UsageError} from '../../error/keg-error.js'
import {freeName} from '../run/container-name.js'
import type {Context} from '../run/run-context.js'
import {COMPOSE_PROJECT} from '../target/compose-service.js'

/** A name for a compose project: compose allows fewer characters than docker does for containers. */
export function projectName(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9_-]/g, '-')
}

/**
 * A free name for the project that is run, so that two reviews can be side by side.
 * @throws UsageError `name-taken` if the user gave a name, and a project has it
 */
export async function freeProject({request, work}: Context): Promise<string> {
  const {engine, notice} = work
  const wanted = projectName(request.name)
  const filters = {label: [COMPOSE_PROJECT]}
  const all = await Promise.all([engine.containers(filters), engine.networks(filters), engine.volumes(filters)])
  const taken = new Set(all.flat().flatMap(({Labels}) => Labels?.[COMPOSE_PROJECT] ?? []))
  if (!taken.has(wanted)) return wanted
  if (request.nameIsGiven)
    throw new UsageError(`A compose project ${wanted} exists already.`, {
      code: 'name-taken',
      hint: 'Give another --name, or none: then keg finds a free one.',
      data: {name: wanted},
    })
  const free = freeName(wanted, taken)
  notice(`A compose project ${wanted} exists already, so this one is called ${free}.`)
  return free
}
