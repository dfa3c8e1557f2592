import {basename} from 'node:path'
import {readOverride} from '../../config/override.js'
import {userConfigurationFile, type WrittenSetting} from '../../config/user-configuration.js'
import type {TapFolder, ValuesFile} from '../../tap/folder/tap-folder.js'
import {readResolved} from '../resolved.js'
import type {ResolveOptions} from '../resolve-values.js'
import {isForeignName, isOwnName} from '../schema/foreign-names.js'
import {KNOWN_VALUES} from '../schema/known-values.js'
import type {OriginKind} from '../values.js'
import type {Candidate, CollectedCandidates} from './candidate.js'
import {decidedValues, foundValues} from './folder-values.js'

/** What one source says, by the names of the values. */
type Source = ReadonlyMap<string, Candidate>

/**
 * Asks all sources, from low to high.
 * @throws UsageError `configuration-invalid`, FailedError `configuration-unreadable` for an override file that cannot be used
 */
export async function collectCandidates(options: ResolveOptions): Promise<CollectedCandidates> {
  const {environment, flags, tap} = options
  const candidates = new Map<string, Candidate[]>()
  const ignored: {name: string; origin: Candidate['origin']}[] = []
  for (const source of [
    builtIn(),
    foundValues(options),
    ofConfiguration(options),
    ...(tap?.files.values ?? []).map((file) => ofFile(file, kindOf(file))),
    ...(tap === undefined ? [] : [ofDotenv(tap.files)]),
    ...(tap === undefined ? [] : [await ofOverride(tap.tap.name, environment)]),
    ofEnvironment(environment),
    new Map([...flags].map(([name, {flag, text}]) => [name, said(text, 'flag', flag)])),
    // Above all: what keg found out itself before it could read any value.
    decidedValues(options),
  ])
    for (const [name, candidate] of source) {
      if (isUsableName(name)) candidates.set(name, [...othersThan(candidate, candidates.get(name)), candidate])
      else ignored.push({name, origin: candidate.origin})
    }
  return {candidates, ignored}
}

/** The variable that decided is no other source that says the same. */
function othersThan({origin: {kind, place}}: Candidate, lower: readonly Candidate[] = []): readonly Candidate[] {
  return lower.filter(({origin}) => origin.kind !== kind || origin.place !== place)
}

/** Whether a value may have that name: what a program can be given, and nothing that belongs to oclif. */
function isUsableName(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !isForeignName(name)
}

function builtIn(): Source {
  return new Map(
    KNOWN_VALUES.flatMap(({default: text, name}) => (text === undefined ? [] : [[name, said(text, 'default', 'keg')]])),
  )
}

function ofConfiguration({configuration, environment}: ResolveOptions): Source {
  const file = userConfigurationFile(environment)
  const registry = configuration.registry
  return new Map([
    ...(registry === undefined ? [] : [['KEG_REGISTRY', said(registry, 'configuration', file)] as const]),
    ...ofSettings(configuration.env, file, 'configuration'),
  ])
}

async function ofOverride(tap: string, environment: NodeJS.ProcessEnv): Promise<Source> {
  const {env, file} = await readOverride(tap, environment)
  return new Map(ofSettings(env, file, 'override'))
}

function ofSettings(settings: ReadonlyMap<string, WrittenSetting>, file: string, kind: OriginKind) {
  return [...settings].map(([name, {line, text}]) => [name, written(text, kind, `${file}:${line}`)] as const)
}

function ofFile({file, values}: ValuesFile, kind: OriginKind): Source {
  return new Map([...values].map(([name, {line, text}]) => [name, written(text, kind, `${file}:${line}`)]))
}

function kindOf({file}: ValuesFile): OriginKind {
  return /^values\.ya?ml$/.test(basename(file)) ? 'values' : 'environment-values'
}

/** `.env` is read by other programs too, and has their variables in it. */
function ofDotenv({dotenv}: TapFolder): Source {
  if (dotenv === undefined) return new Map()
  return new Map([...ofFile(dotenv, 'dotenv')].filter(([name]) => isOwnName(name)))
}

/** What the user set, not what keg did; empty variables are not set. */
function ofEnvironment(environment: NodeJS.ProcessEnv): Source {
  const own = readResolved(environment)
  return new Map(
    Object.entries(environment).flatMap(([name, text]) =>
      text === undefined || text === '' || !isOwnName(name) || own.has(name)
        ? []
        : [[name, said(text, 'environment', name)]],
    ),
  )
}

function written(text: string, kind: OriginKind, place: string): Candidate {
  return {text, origin: {kind, place}, hasTemplates: true}
}

function said(text: string, kind: OriginKind, place: string): Candidate {
  return {text, origin: {kind, place}, hasTemplates: false}
}
