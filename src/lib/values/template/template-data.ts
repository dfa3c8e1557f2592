import {KegError} from '../../error/keg-error.js'
import {parseRegistry} from '../../reference/reference.js'
import type {InvalidEntry} from '../../config/model.js'
import type {ResolveOptions} from '../values.js'

/** Texts by their names in templates, or the error of the setting. */
export type TemplateData = ReadonlyMap<string, string | KegError>

/**
 * What templates can name of the user configuration and of the linked taps: the names of earlier kegs, as far as they still
 * exist. The tap's own names always mean its current folder.
 */
export function templateData({configuration, tap}: ResolveOptions): TemplateData {
  const {invalid, paths, taps} = configuration
  const registry = (part: 'host' | 'namespace') =>
    attempt(() => (configuration.registry === undefined ? undefined : parseRegistry(configuration.registry)[part]))
  const invalidEntry = ([name, {error}]: [string, InvalidEntry]): [string, KegError][] => {
    const tap = /^taps\.(.+)$/s.exec(name)?.[1]
    const names = tap === undefined ? [`cli.${name}`] : tapData(tap, '').map(([each]) => each)
    return names.map((each) => [each, error])
  }
  const data: [string, string | KegError | undefined][] = [
    ...[...invalid].flatMap(invalidEntry),
    ...[...taps].flatMap(([name, {path}]) => tapData(name, path)),
    ...[...paths].map(([name, path]): [string, string] => [`cli.paths.${name}`, path]),
    ['cli.settings.defaultEnv', attempt(() => configuration.environment ?? 'local')],
    ['cli.settings.docker.defaultTag', attempt(() => configuration.defaultTag)],
    ['docker.providerUrl', registry('host')],
    ['docker.namespace', registry('namespace')],
  ]
  if (tap !== undefined)
    for (const alias of [tap.tap.name, tap.files.alias, ...tap.files.ownAliases])
      if (alias !== undefined) data.push(...tapData(alias, tap.files.folder))
  return new Map(data.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))
}

/** Before keg 5, a link was only its path. */
function tapData(name: string, path: string): [string, string][] {
  return [
    [`cli.taps.${name}.path`, path],
    [`cli.taps.links.${name}`, path],
  ]
}

/** A text, or the error of its setting. */
function attempt<T>(work: () => T): T | KegError {
  try {
    return work()
  } catch (error) {
    if (error instanceof KegError) return error
    throw error
  }
}
