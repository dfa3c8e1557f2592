import * as Flags from '@oclif/core/flags'
import type {ExecStreams} from '../exec/exec-streams.js'
import type {InTapOptions} from '../tap/exec/run-in-tap.js'
import type {OpenTapOptions} from '../tap/open-tap.js'
import {TapCommand, type TapFlags} from './tap-command.js'

/** The flags of commands that run something in a tap's container, once parsed. */
interface TapExecFlags extends TapFlags {
  readonly service?: string | undefined
  readonly user?: string | undefined
}

export const SERVICE_FLAG = {
  service: Flags.string({description: "Service of the tap (default: the tap's own container).", helpValue: 'NAME'}),
}

/** What the commands share that run something in a container of a tap. */
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

  /** keg's standard streams, for a program in a container: its output is not keg's result where that is data. */
  protected streams(): ExecStreams {
    const stdout = this.jsonEnabled() ? process.stderr : process.stdout
    return {stdin: process.stdin, stdout, stderr: process.stderr}
  }

  protected inTap(
    name: string | undefined,
    flags: TapExecFlags,
  ): Omit<InTapOptions, 'detach' | 'dryRun' | 'variables'> & OpenTapOptions {
    return {
      ...this.tapOptions(name, flags),
      service: flags.service,
      user: flags.user,
      streams: this.streams(),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    }
  }
}
