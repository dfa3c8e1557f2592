import * as Flags from '@oclif/core/flags'
import type {ExecStreams} from '../container/exec/exec-streams.js'
import type {InTapOptions} from '../tap/exec/run-in-tap.js'
import {TapCommand, type TapFlags} from './tap-command.js'

/** The flags of commands that run something in a tap's container, parsed. */
interface TapExecFlags extends TapFlags {
  readonly service?: string | undefined
  readonly user?: string | undefined
}

export const SERVICE_FLAG = {
  service: Flags.string({description: "Service of the tap (default: the tap's own container).", helpValue: 'NAME'}),
}

/** What commands that run something in a tap's container share. */
export abstract class TapExecCommand extends TapCommand {
  static override flags = {
    ...TapCommand.flags,
    ...SERVICE_FLAG,
    user: Flags.string({
      char: 'u',
      description: "User in the container (default: the container's).",
      helpValue: 'USER',
    }),
  }

  /** keg's standard streams, for a program in a container: with JSON its output is not keg's result. */
  protected streams(): ExecStreams {
    const stdout = this.jsonEnabled() ? process.stderr : process.stdout
    return {stdin: process.stdin, stdout, stderr: process.stderr}
  }

  /** Where to run something, and as which user. */
  protected inTap(
    name: string | undefined,
    flags: TapExecFlags,
  ): Omit<InTapOptions, 'detach' | 'dryRun' | 'variables'> {
    return {...this.tapOptions(name, flags), service: flags.service, user: flags.user, streams: this.streams()}
  }
}
