import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {OpenTapOptions} from '../values/open-tap.js'
import {renewTapCommands} from '../tap-folder/plugin/refresh-tap-commands.js'
import {KegCommand, type SharedFlags} from './keg-command.js'
import {tapProgram} from './tap-program.js'

/** The flags that tap commands share, parsed. */
export interface TapFlags extends SharedFlags {
  readonly environment?: string | undefined
}

/** The flags of commands that run a tap's own command, parsed. */
export interface RunFlags extends TapFlags {
  readonly 'dry-run': boolean
  readonly env?: readonly string[] | undefined
}

/** The argument that names a tap. Each command defines its own `args`: oclif's parser does not see inherited ones. */
export const TAP_ARGUMENT = Args.string({
  description: "Linked tap (default: this folder's tap).",
  // Standard input can be meant for a program in the container, or for whoever started keg in a loop.
  ignoreStdin: true,
})

/** What commands that work with a tap share. */
export abstract class TapCommand extends KegCommand {
  static override flags = {
    environment: Flags.string({
      description:
        'Environment: which values-<environment>.yml is used (default: KEG_ENV, the setting environment, local).',
      helpValue: 'NAME',
    }),
  }

  /** Recreates the commands of linked taps if an older @keg/tap made them. */
  protected override async init(): Promise<void> {
    await super.init()
    await renewTapCommands({environment: process.env, signal: this.signal}, {program: tapProgram(this.config)})
  }

  /** Which tap, and with which values. */
  protected tapOptions(name: string | undefined, flags: TapFlags): Pick<OpenTapOptions, 'environmentName' | 'name'> {
    return {name, environmentName: flags.environment}
  }

  /** Options for a service that runs a tap's command; with `--json` and `--quiet` standard output has only the result. */
  protected runOptions(name: string | undefined, flags: RunFlags) {
    const stdout = this.jsonEnabled() || flags.quiet ? process.stderr : process.stdout
    return {
      ...this.tapOptions(name, flags),
      dryRun: flags['dry-run'],
      streams: {stdin: process.stdin, stdout, stderr: process.stderr},
      variables: flags.env ?? [],
    }
  }
}
