import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import type {Finding} from './check.js'
import {isOlder} from '../process/version.js'
import {TAP_PLUGIN_NAME} from '../tap-folder/plugin/tap-commands.js'

/** The installed keg and its environment. */
export interface Installation {
  readonly version: string
  /** The Node versions that keg needs: `>=20.19`. */
  readonly nodeRange: string | undefined
  readonly nodeVersion: string
  readonly plugins: readonly {readonly name: string; readonly version: string}[]
}

/** keg itself: its version, its plugins' and Node's. Skips the plugin that keg generates for linked taps. */
export function checkInstallation({nodeRange, nodeVersion, version, ...installation}: Installation): Finding {
  const plugins = installation.plugins.filter(({name}) => name !== TAP_PLUGIN_NAME)
  const parts = [`${version} on Node ${nodeVersion}`, ...plugins.map(({name, version: its}) => `${name} ${its}`)]
  const found = {detail: printable(parts.join(', ')), data: {version, node: nodeVersion, nodeRange, plugins}}
  const oldest = /^>=\s*(\d[\d.]*)$/.exec(nodeRange ?? '')?.[1]
  if (oldest !== undefined && isOlder(nodeVersion, oldest))
    return {
      ...found,
      status: 'problem',
      detail: `${found.detail}: keg needs Node ${oldest} or newer`,
      remedy: 'https://nodejs.org/en/download',
    }
  const others = plugins.filter((plugin) => plugin.name.startsWith('@keg/') && plugin.version !== version)
  if (others.length > 0)
    return {
      ...found,
      status: 'notice',
      notes: others.map(({name}) => printable(`${name} has another version than keg itself`)),
      remedy: `npm install --global @keg/cli && ${commandLine`keg plugins update`}`,
    }
  return {...found, status: 'ok'}
}
