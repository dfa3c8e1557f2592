import type {ResolveOptions} from '../resolve-values.js'
import type {Origin} from '../values.js'
import type {Candidate} from './candidate.js'

/** Values that are as the tap's folder is, where nobody says otherwise. */
export function foundValues({environmentName, tap}: ResolveOptions): ReadonlyMap<string, Candidate> {
  const texts: Record<string, string | undefined> = {
    NODE_ENV: environmentName,
    KEG_COMPOSE_DEFAULT: tap?.files.composeFile,
    KEG_DOCKER_FILE: tap?.files.dockerfile,
    KEG_MUTAGEN_FILE: tap?.files.mutagenFile,
    KEG_VALUES_FILE: tap?.files.values[0]?.file,
  }
  return candidates(texts, FOUND)
}

/** Values that no source can change, because keg needs them before it reads a source. */
export function decidedValues(options: ResolveOptions): ReadonlyMap<string, Candidate> {
  const {environmentName, environmentOrigin, tap} = options
  return new Map([
    ...candidates({KEG_CONTEXT_PATH: tap?.files.folder, KEG_CONTAINER_PATH: tap?.files.containerFolder}, AT_HAND),
    ...candidates({KEG_ENV: environmentName}, environmentOrigin ?? SAID),
  ])
}

const FOUND: Origin = {kind: 'default', place: "the tap's folder"}
const SAID: Origin = {kind: 'flag', place: '--environment'}
const AT_HAND: Origin = {kind: 'default', place: 'the folder at hand'}

function candidates(texts: Record<string, string | undefined>, origin: Origin): Map<string, Candidate> {
  return new Map(
    Object.entries(texts).flatMap(([name, text]) =>
      text === undefined ? [] : [[name, {text, origin, hasTemplates: false}]],
    ),
  )
}
