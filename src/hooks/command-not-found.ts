import type {Hook} from '@oclif/core'
import {unknownCommand} from '../lib/command/unknown-command.js'
import {showError} from '../lib/command/show-error.js'

/** Unknown commands: asks nothing, and runs nothing that was not typed. */
const commandNotFound: Hook.CommandNotFound = async function ({argv = [], config, id}) {
  const error = await unknownCommand(id, config)
  showError(error, {json: argv.includes('--json')})
  this.exit(error.exitCode)
}

export default commandNotFound
