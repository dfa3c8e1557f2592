import {FailedError} from '../../error/keg-error.js'
import {formatReference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import type {Context} from '../run/run-context.js'
import {openProject} from '../project/open-project.js'
import {freeProject} from './project-name.js'

/**
 * Reports what would be started, if a reference names a packaged project. Nothing is pulled.
 * @returns whether it does; a registry that does not answer matters only when the package is run
 */
export async function describeProject(context: Context): Promise<boolean> {
  const {options, request, work} = context
  const project = await openProject(work, request.reference, work.engine).catch((error: unknown) => {
    if (error instanceof FailedError) return undefined
    throw error
  })
  if (project === undefined) return false
  const {digest, model} = project
  const {registry, repository} = request.reference
  const name = await freeProject(context)
  const services = Object.entries(model.services).map(([service, {image}]) => ({
    ...{service, containers: [], ports: [], url: null, notGranted: []},
    image: formatReference({registry, repository, digest: image}),
  }))
  const reference = formatReference(request.reference)
  for (const {image, service} of services) work.notice(printable(`Would start ${service} of ${name}: ${image}`))
  options.ready({project: name, reference, digest, services, understood: request.understood, composeFolder: null})
  return true
}
