import {basename} from 'node:path'
import {readOverride, type Override} from '../../config/override.js'
import {userConfigurationFile} from '../../config/user-configuration.js'
import {readResolved} from '../../process/resolved.js'
import {isForeignName, isOwnName} from '../../config/schema/foreign-names.js'
import {KNOWN_VALUES} from '../../config/schema/known-values.js'
import type {OriginKind, ResolveOptions} from '../values.js'
import type {Candidate, CollectedCandidates} from './candidate.js'
import {fixedValues, folderDefaults} from './folder-values.js'
import type {TapFolder, ValuesFile} from '../../tap-folder/model.js'
import {refuseInvalid, type WrittenSetting} from '../../config/model.js'

/** The values of one source, by name. */
type Source = ReadonlyMap<string, Candidate>

/**
 * Reads all sources, from low to high.
 * @throws UsageError `configuration-invalid`, FailedError `configuration-unreadable` for an override file that cannot be
 * used
 */
export async function collectCandidates(options: ResolveOptions): Promise<CollectedCandidates> {
  const {environment, flags, tap} = options
  const candidates = new Map<string, Candidate[]>()
  const ignored: {name: string; origin: Candidate['origin']}[] = []
  const override = tap === undefined ? undefined : await readOverride(tap.tap.name, environment)
  for (const source of [
    builtIn(),
    folderDefaults(options),
    fromConfiguration(options),
    ...(tap?.files.values ?? []).map((file) => fromFile(file, kindOf(file))),
    ...(tap === undefined ? [] : [fromDotenv(tap.files)]),
    ...(override === undefined ? [] : [fromOverride(override)]),
    fromEnvironment(environment),
    new Map([...flags].map(([name, {flag, text}]) => [name, candidateOf(text, 'flag', flag)])),
    // The highest source: what keg determined before it could read any value.
    fixedValues(options),
  ])
    for (const [name, candidate] of source) {
      if (isUsableName(name)) candidates.set(name, [...withoutOrigin(candidate, candidates.get(name)), candidate])
      else ignored.push({name, origin: candidate.origin})
    }
  const invalid = [...(override?.invalid ?? [])].map(([, {error}]) => error)
  const problems = new Set([...(override?.env.values() ?? [])].map(({problem}) => problem))
  return {candidates, ignored, invalid: invalid.filter((error) => !problems.has(error))}
}

/** The variable that decided it is not another source with the same value. */
function withoutOrigin({origin: {kind, place}}: Candidate, lower: readonly Candidate[] = []): readonly Candidate[] {
  return lower.filter(({origin}) => origin.kind !== kind || origin.place !== place)
}

/** Whether a value can have that name: a valid variable that does not belong to oclif. */
function isUsableName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !isForeignName(name)
}

function builtIn(): Source {
  return new Map(
    KNOWN_VALUES.flatMap(({default: text, name}) =>
      text === undefined ? [] : [[name, candidateOf(text, 'default', 'keg')]],
    ),
  )
}

function fromConfiguration({configuration, environment}: ResolveOptions): Source {
  const file = userConfigurationFile(environment)
  const problem = configuration.invalid.get('registry')?.error
  const registry = problem === undefined ? configuration.registry : ''
  const ofRegistry = {...candidateOf(registry ?? '', 'configuration', file), ...(problem && {problem})}
  return new Map([
    ...(registry === undefined ? [] : [['KEG_REGISTRY', ofRegistry] as const]),
    ...fromSettings(configuration.env, file, 'configuration'),
  ])
}

function fromOverride(override: Override): Source {
  refuseInvalid(override, 'env')
  const {env, file} = override
  return new Map(fromSettings(env, file, 'override'))
}

function fromSettings(settings: ReadonlyMap<string, WrittenSetting>, file: string, kind: OriginKind) {
  return [...settings].map(
    ([name, {line, problem, text}]) =>
      [name, {...fileCandidate(text, kind, `${file}:${line}`), ...(problem && {problem})}] as const,
  )
}

function fromFile({file, values}: ValuesFile, kind: OriginKind): Source {
  return new Map([...values].map(([name, {line, text}]) => [name, fileCandidate(text, kind, `${file}:${line}`)]))
}

function kindOf({file}: ValuesFile): OriginKind {
  return /^values\.ya?ml$/.test(basename(file)) ? 'values' : 'environment-values'
}

/** Other programs use `.env` too, and have their variables in it. */
function fromDotenv({dotenv}: TapFolder): Source {
  if (dotenv === undefined) return new Map()
  return new Map([...fromFile(dotenv, 'dotenv')].filter(([name]) => isOwnName(name)))
}

/** The user's variables, without keg's own; empty ones count as not set. */
function fromEnvironment(environment: NodeJS.ProcessEnv): Source {
  const own = readResolved(environment)
  return new Map(
    Object.entries(environment).flatMap(([name, text]) =>
      text === undefined || text === '' || !isOwnName(name) || own.has(name)
        ? []
        : [[name, candidateOf(text, 'environment', name)]],
    ),
  )
}

function fileCandidate(text: string, kind: OriginKind, place: string): Candidate {
  return {text, origin: {kind, place}, hasTemplates: true}
}

function candidateOf(text: string, kind: OriginKind, place: string): Candidate {
  return {text, origin: {kind, place}, hasTemplates: false}
}
