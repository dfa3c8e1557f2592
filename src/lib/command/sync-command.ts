import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {ChangeOptions, ChangeReport} from '../sync/change/change-syncs.js'
import type {ObservedSync} from '../sync/observe-syncs.js'
import {changeText, type ChangeWords} from '../sync/sync-text.js'
import {commandLine} from '../terminal/command-line.js'
import {printable} from '../terminal/text.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

/** Which syncs a command works on: the same flags and arguments in every command. */
export const SYNC_TARGETS = {
  targets: Args.string({
    description: "Syncs, containers, folders or starts of an id (default: this folder's sync).",
    multiple: true,
    ignoreStdin: true,
  }),
}

export const FORCE_FLAG = {
  force: Flags.boolean({
    char: 'f',
    description: 'Sync even if another branch is checked out; the sync then belongs to that branch.',
  }),
}

interface SyncFlags extends SharedFlags {
  readonly all: boolean
}

/** What commands that show or change syncs share. Each defines its own `args`: oclif's parser does not see inherited ones. */
export abstract class SyncCommand extends KegCommand {
  static override flags = {
    all: Flags.boolean({char: 'a', description: 'All syncs that keg created.'}),
  }

  /** Which syncs to select. */
  protected selectionOptions(targets: readonly string[] | undefined, flags: SyncFlags): Omit<ChangeOptions, 'dryRun'> {
    return {
      targets: targets ?? [],
      all: flags.all,
    }
  }
}

/** What commands that change syncs share. */
export abstract class SyncChangeCommand extends SyncCommand {
  static override flags = {
    ...SyncCommand.flags,
    'dry-run': Flags.boolean({description: 'Only show what would be done.'}),
  }

  /** Prints what happened to each sync. @throws the first error, after the rest is shown */
  protected printReport({failure, syncs}: ChangeReport, flags: SyncFlags, words: ChangeWords): ChangeReport['syncs'] {
    const others = syncs.filter(({outcome}) => outcome !== 'failed')
    if (syncs.length === 0) this.notice(flags, noneText())
    else if (others.length > 0 && !this.jsonEnabled())
      this.log(flags.quiet ? namesOf(others) : changeText(others, words))
    if (failure !== undefined) throw failure
    return syncs
  }
}

/** The text for an empty result. */
export function noneText(): string {
  return `There is no matching sync of keg. Create one with: ${commandLine`keg sync create`}`
}

/** For `--quiet`: one name a line, or the id of a sync without a name. */
export function namesOf(syncs: readonly ObservedSync[]): string {
  return syncs.map(({id, name}) => printable(name ?? id)).join('\n')
}
