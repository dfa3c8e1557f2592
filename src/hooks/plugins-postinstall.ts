import type {Hook} from '@oclif/core'
import type {Manifest} from '@oclif/core/interfaces'
import {readFile} from 'node:fs/promises'

/**
 * Renews the commands of the linked taps when a plugin was installed, which may have been this one in another version: oclif has
 * the old one in memory still, so its manifest is read from where this file is. What is in its way, the next command of taps meets.
 */
const pluginsPostinstall: Hook<'plugins:postinstall'> = async function ({config}) {
  const {tapProgram} = await import('../lib/command/tap-program.js')
  const {refreshTapCommands} = await import('../lib/tap/plugin/refresh-tap-commands.js')
  const manifest = JSON.parse(await readFile(new URL('../../oclif.manifest.json', import.meta.url), 'utf8')) as Manifest
  const program = {...tapProgram(config), tapCommands: Object.values(manifest.commands)}
  await refreshTapCommands({program, environment: process.env, signal: new AbortController().signal})
}

export default pluginsPostinstall
