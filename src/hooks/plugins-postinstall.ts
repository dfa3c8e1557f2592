import type {Hook} from '@oclif/core'
import type {Manifest} from '@oclif/core/interfaces'
import {readFile} from 'node:fs/promises'

/**
 * Renews the commands of the linked taps when a plugin was installed, perhaps another version of this one: oclif still has
 * the old one in memory, so its manifest is read from the folder of this file. If that fails, the next tap command reports
 * it.
 */
const pluginsPostinstall: Hook<'plugins:postinstall'> = async function ({config}) {
  const {tapProgram} = await import('../lib/command/tap-program.js')
  const {refreshTapCommands} = await import('../lib/tap-folder/plugin/refresh-tap-commands.js')
  const manifest = JSON.parse(await readFile(new URL('../../oclif.manifest.json', import.meta.url), 'utf8')) as Manifest
  const program = {...tapProgram(config), tapCommands: Object.values(manifest.commands)}
  await refreshTapCommands({environment: process.env, signal: new AbortController().signal}, {program})
}

export default pluginsPostinstall
