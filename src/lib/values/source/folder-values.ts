import type {Origin, ResolveOptions} from '../values.js'
import type {Candidate} from './candidate.js'

/** Default values that depend on the tap's folder. */
export function folderDefaults({environmentName, tap}: ResolveOptions): ReadonlyMap<string, Candidate> {
  const texts: Record<string, string | undefined> = {
    NODE_ENV: environmentName,
    KEG_COMPOSE_DEFAULT: tap?.files.composeFile,
    KEG_DOCKER_FILE: tap?.files.dockerfile,
    KEG_MUTAGEN_FILE: tap?.files.mutagenFile,
    KEG_VALUES_FILE: tap?.files.values[0]?.file,
  }
  return candidates(texts, TAP_FOLDER)
}

/** Values that no source can change, because keg needs them before it reads the sources. */
export function fixedValues(options: ResolveOptions): ReadonlyMap<string, Candidate> {
  const {environmentName, environmentOrigin, tap} = options
  return new Map([
    ...candidates(
      {KEG_CONTEXT_PATH: tap?.files.folder, KEG_CONTAINER_PATH: tap?.files.containerFolder},
      CURRENT_FOLDER,
    ),
    ...candidates({KEG_ENV: environmentName}, environmentOrigin ?? ENVIRONMENT_FLAG),
  ])
}

const TAP_FOLDER: Origin = {kind: 'default', place: "the tap's folder"}
const ENVIRONMENT_FLAG: Origin = {kind: 'flag', place: '--environment'}
const CURRENT_FOLDER: Origin = {kind: 'default', place: 'the folder at hand'}

function candidates(texts: Record<string, string | undefined>, origin: Origin): Map<string, Candidate> {
  return new Map(
    Object.entries(texts).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, {text, origin, hasTemplates: false}]],
    ),
  )
}
