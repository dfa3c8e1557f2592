import type {Hook} from '@oclif/core'
import {realpathSync} from 'node:fs'
import {fileURLToPath} from 'node:url'

/**
 * Gives the flags of this plugin's own commands their defaults. Every plugin's hook runs for every command, side by side, so
 * it first asks whether the command's flags read a variable of keg's at all, and then whether it is of the plugin that this file
 * is part of; before that nothing is loaded. oclif swallows what a hook throws, except through `this.error`.
 */
const prerun: Hook.Prerun = async function ({argv, Command}) {
  const flags = {...Command.baseFlags, ...Command.flags}
  const variables = new Map(
    Object.values(flags).flatMap(({env, type}) =>
      env?.startsWith('KEG_') === true ? [[env, {isYesOrNo: type === 'boolean'}]] : [],
    ),
  )
  if (variables.size === 0) return
  const ownRoot = realpathSync(fileURLToPath(new URL('../..', import.meta.url)))
  if (Command.plugin === undefined || realpathSync(Command.plugin.root) !== ownRoot) return

  const {provideCommandDefaults} = await import('../lib/environment/command/command-defaults.js')
  const {firstArgument} = await import('../lib/environment/command/first-argument.js')
  const {errorJson, KegError} = await import('../lib/error/keg-error.js')
  const {printable} = await import('../lib/terminal/text.js')
  try {
    await provideCommandDefaults({
      variables,
      environment: process.env,
      folder: () => process.cwd(),
      argument: firstArgument(argv, flags),
      warn: (line) => this.warn(printable(line, {keepLines: true})),
    })
  } catch (error) {
    if (error instanceof KegError) {
      if (isJsonWanted(Command, argv)) process.stdout.write(`${JSON.stringify(errorJson(error), null, 2)}\n`)
      this.error(printable([error.message, error.hint].join('\n').trimEnd(), {keepLines: true}), {exit: error.exitCode})
    } else {
      this.error(error instanceof Error ? error : String(error), {exit: 1})
    }
  }
}

/** As oclif sees it: what stands after `--` is no flag. */
function isJsonWanted({enableJsonFlag}: {readonly enableJsonFlag: boolean}, argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return enableJsonFlag && argv.slice(0, end === -1 ? undefined : end).includes('--json')
}

export default prerun
