import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {OpenTapOptions} from '../tap/open-tap.js'
import {renewTapCommands} from '../tap/plugin/refresh-tap-commands.js'
import {KegCommand, type SharedFlags} from './keg-command.js'
import {tapProgram} from './tap-program.js'

/** The flags that commands of taps share, once parsed. */
export interface TapFlags extends SharedFlags {
  readonly environment?: string | undefined
}

/** The argument that names a tap; `args` are named by each command again, because oclif's parser sees those of the class itself alone. */
export const TAP_ARGUMENT = Args.string({
  description: 'Linked tap; without, the one that this folder is in.',
  // What comes there may be for a program in the container, or for whoever started keg in a loop.
  ignoreStdin: true,
})

/** What the commands share that work with a tap. */
export abstract class TapCommand extends KegCommand {
  static override flags = {
    environment: Flags.string({
      description: 'Which values-<environment>.yml counts (default: KEG_ENV, the setting environment, local).',
      helpValue: 'NAME',
    }),
  }

  /** Taps are commands by what an older @keg/tap made of them, until one of its own commands runs. */
  protected override async init(): Promise<void> {
    await super.init()
    await renewTapCommands({program: tapProgram(this.config), environment: process.env, signal: this.signal})
  }

  /** Which tap is meant, for openTap. */
  protected tapOptions(name: string | undefined, flags: TapFlags): OpenTapOptions {
    return {name, folder: process.cwd(), environment: this.environment(flags), environmentName: flags.environment}
  }
}
