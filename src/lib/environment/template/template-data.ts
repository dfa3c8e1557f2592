import type {ResolveOptions} from '../resolve-values.js'
import {parseRegistry} from '../../reference/reference.js'

/**
 * What templates can name of the user configuration and of the linked taps: the words of earlier kegs, as far as there is something
 * behind them. The tap's own names always mean the folder at hand.
 */
export function templateData({configuration, tap}: ResolveOptions): ReadonlyMap<string, string> {
  const {defaultTag, environment, paths, taps} = configuration
  const registry = configuration.registry === undefined ? undefined : parseRegistry(configuration.registry)
  const data: [string, string | undefined][] = [
    ...[...taps].flatMap(([name, {path}]) => tapData(name, path)),
    ...[...paths].map(([name, path]): [string, string] => [`cli.paths.${name}`, path]),
    ['cli.settings.defaultEnv', environment ?? 'local'],
    ['cli.settings.docker.defaultTag', defaultTag],
    ['docker.providerUrl', registry?.host],
    ['docker.namespace', registry?.namespace],
  ]
  if (tap !== undefined)
    for (const alias of [tap.tap.name, tap.files.alias, ...tap.files.ownAliases])
      if (alias !== undefined) data.push(...tapData(alias, tap.files.folder))
  return new Map(data.flatMap(([name, text]) => (text === undefined ? [] : [[name, text]])))
}

/** Before keg 5 a link was its path alone. */
function tapData(name: string, path: string): [string, string][] {
  return [
    [`cli.taps.${name}.path`, path],
    [`cli.taps.links.${name}`, path],
  ]
}
