import type {Hook} from '@oclif/core'
import {realpathSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/**
 * Gives the flags of this plugin's own commands their defaults. Every plugin's hook runs for every command, side by side, so
 * it first asks whether the command is of the plugin that this file is part of, and then whether its flags read a variable
 * that has such a default. oclif swallows what a hook throws, except through `this.error`.
 */
const prerun: Hook.Prerun = async function ({Command}) {
  const ownRoot = realpathSync(fileURLToPath(new URL('../..', import.meta.url)))
  if (Command.plugin === undefined || realpathSync(Command.plugin.root) !== ownRoot) return
  const flags = Object.values({...Command.baseFlags, ...Command.flags})
  const names = new Set(flags.flatMap(({env}) => (env === undefined ? [] : [env])))
  if (!names.has('KEG_REGISTRY') && !names.has('KEG_TAG')) return

  const {provideCommandDefaults} = await import('../lib/environment/command-defaults.js')
  const {KegError} = await import('../lib/error/keg-error.js')
  const {printable} = await import('../lib/terminal/text.js')
  try {
    await provideCommandDefaults({names, environment: process.env, folder: () => process.cwd()})
  } catch (error) {
    if (error instanceof KegError) {
      this.error(printable([error.message, error.hint].join('\n').trimEnd(), {keepLines: true}), {exit: error.exitCode})
    } else {
      this.error(error instanceof Error ? error : String(error), {exit: 1})
    }
  }
}

export default prerun
