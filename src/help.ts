import {CLIError, ExitError} from '@oclif/core/errors'
import {Help} from '@oclif/core/help'
import {join} from 'node:path'
import {showError} from './lib/command/show-error.js'
import {unknownCommand} from './lib/command/unknown-command.js'

/** The first steps of a new user, from a running container to the reviewer. */
const FIRST_STEPS = [
  ['Sync this folder with the container shop-dev.', 'sync create shop-dev'],
  ["Package this folder's container under its git branch, and push it.", 'docker package --registry ghcr.io/acme'],
  ['Run a package from its line in a pull request.', 'docker package run ghcr.io/acme/shop:my-branch'],
] as const

/** keg's help: oclif's, with the main job first and keg's own message for an unknown command. */
export default class KegHelp extends Help {
  override async showHelp(argv: string[]): Promise<void> {
    try {
      await super.showHelp(argv)
    } catch (error) {
      if (!(error instanceof CLIError) || !/^Command .* not found\.$/s.test(error.message)) throw error
      const id = error.message.replace(/^Command (.*) not found\.$/s, '$1')
      const unknown = await unknownCommand(id, this.config)
      showError(unknown, {json: false})
      throw new ExitError(unknown.exitCode)
    }
  }

  override formatRoot(): string {
    const {bin, root} = this.config
    const steps = FIRST_STEPS.map(([description, words]) => `${description}\n\n  $ ${bin} ${words}`)
    const pages = `Get help for a command with: ${bin} help COMMAND\nThe documentation is in this folder:\n${join(root, 'docs')}`
    return [
      super.formatRoot(),
      this.section('EXAMPLES', steps.join('\n\n')),
      // A wrapped path cannot be copied.
      this.section('DOCUMENTATION', pages),
    ].join('\n\n')
  }
}
