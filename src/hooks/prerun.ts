import type {Hook} from '@oclif/core'
import {realpathSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import type {KegError} from '../lib/error/keg-error.js'

/**
 * Sets the defaults of the flags of this plugin's commands. Every plugin's hook runs for every command, side by side, so it
 * first checks whether the command's flags read a variable of keg at all, and then whether it belongs to this file's plugin;
 * nothing is loaded before that. oclif ignores what a hook throws, unless it uses `this.error`.
 */
const prerun: Hook.Prerun = async function ({argv, Command}) {
  const flags = {...Command.baseFlags, ...Command.flags}
  // A flag on the command line needs no default.
  const isTyped = (name: string): boolean => argv.some((word) => word === `--${name}` || word.startsWith(`--${name}=`))
  const variables = new Map(
    Object.entries(flags).flatMap(([name, {env, type}]) =>
      env?.startsWith('KEG_') === true && !isTyped(name) ? [[env, {isYesOrNo: type === 'boolean'}]] : [],
    ),
  )
  if (variables.size === 0) return
  const ownRoot = realpathSync(fileURLToPath(new URL('../..', import.meta.url)))
  if (Command.plugin === undefined || realpathSync(Command.plugin.root) !== ownRoot) return

  const {provideCommandDefaults} = await import('../lib/values/flag-default/command-defaults.js')
  const {firstArgument} = await import('../lib/values/flag-default/first-argument.js')
  const {currentFolder} = await import('../lib/process/current-folder.js')
  const {KegError} = await import('../lib/error/keg-error.js')
  const {showError} = await import('../lib/command/show-error.js')
  const {printable} = await import('../lib/terminal/text.js')
  try {
    await provideCommandDefaults({
      variables,
      environment: process.env,
      folder: () => currentFolder(),
      argument: firstArgument(argv, flags),
      warn: (line) => this.warn(printable(line, {keepLines: true})),
    })
  } catch (error) {
    const shown = error instanceof KegError ? error : await unexpected(error, Command, argv)
    showError(shown, {json: isJsonWanted(Command, argv)})
    this.exit(shown.exitCode)
  }
}

async function unexpected(
  fault: unknown,
  {id, plugin}: Parameters<Hook.Prerun>[0]['Command'],
  argv: readonly string[],
): Promise<KegError> {
  const {unexpectedError} = await import('../lib/command/unexpected-error.js')
  return unexpectedError(fault, {
    pjson: plugin?.pjson,
    argv: [...id.split(':'), ...argv],
    environment: process.env,
    write: (text) => process.stderr.write(text),
  })
}

/** As in oclif: words after `--` are not flags. */
function isJsonWanted({enableJsonFlag}: {readonly enableJsonFlag: boolean}, argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return enableJsonFlag && argv.slice(0, end === -1 ? undefined : end).includes('--json')
}

export default prerun
