import {mkdir, writeFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {FailedError, UsageError} from '../../error/keg-error.js'
import {property} from '../../json/json.js'
import {formatReference} from '../../reference/reference.js'
import {commandLine} from '../../terminal/command-line.js'
import {printable} from '../../terminal/text.js'
import type {Context} from '../run/run-context.js'
import {composeFile} from './compose-file.js'
import type {RegistryProject} from '../project/open-project.js'
import {checkFlags, fromRegistry, prepareServices} from './prepare-services.js'
import {projectName} from './project-name.js'

const FILE = 'compose.yaml'

/**
 * Writes the compose file that starts a packaged project as `package run` does, for plain `docker compose up`. Nothing is pulled.
 * @param folder made if it is missing
 * @throws UsageError `compose-file-exists`, `project-flag`; FailedError `compose-file-failed`
 */
export async function writeCompose(
  context: Context,
  {digest, model}: RegistryProject,
  folder: string,
): Promise<number> {
  const {options, request, work} = context
  checkFlags(context)
  // A number that is free now may be taken when the file is used.
  const services = await prepareServices(context, model, fromRegistry(context))
  const project = projectName(request.name)
  const file = composeFile({project, model, services, labels: {}, arePulled: false})
  const place = resolve(work.folder, folder)
  const {stringify} = await import('yaml')
  const reference = formatReference({...request.reference, digest})
  const text = `# ${reference}\n${stringify(file)}`
  try {
    await mkdir(place, {recursive: true})
    await writeFile(join(place, FILE), text, {flag: 'wx'})
  } catch (cause) {
    throw failed(place, cause)
  }
  work.notice(
    `Wrote ${printable(join(place, FILE))}. Start it with: ${commandLine`cd ${place}`} && ${commandLine`docker compose up`}`,
  )
  options.ready({
    project,
    reference: formatReference(request.reference),
    digest,
    services: services.map(({image, name, notGranted}) => ({
      ...{service: name, containers: [], image, ports: [], url: null, notGranted},
    })),
    understood: request.understood,
    composeFolder: place,
  })
  return 0
}

function failed(place: string, cause: unknown): UsageError | FailedError {
  if (property(cause, 'code') === 'EEXIST')
    return new UsageError(`There is something already where the compose file would be written: ${printable(place)}.`, {
      code: 'compose-file-exists',
      hint: 'Give a folder that has no compose.yaml, or none at all: it is made.',
      cause,
    })
  const reason = cause instanceof Error ? cause.message : ''
  return new FailedError(`The compose file cannot be written to ${printable(place)}: ${printable(reason)}`, {
    code: 'compose-file-failed',
    hint: 'Give another folder with --output-compose.',
    cause,
  })
}
