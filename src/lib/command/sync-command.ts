import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {ChangeOptions, ChangeReport} from '../sync/change/change-syncs.js'
import type {ObservedSync} from '../sync/observe-syncs.js'
import {changeText, type ChangeWords} from '../sync/sync-text.js'
import {printable} from '../terminal/text.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

/** The syncs that a command is about: in every command named by the same words. */
export const SYNC_TARGETS = {
  targets: Args.string({
    description: "Sync, container, folder or beginning of an id, several if need be; without, this folder's.",
    multiple: true,
    ignoreStdin: true,
  }),
}

export const FORCE_FLAG = {
  force: Flags.boolean({
    char: 'f',
    description: 'Also where another branch is checked out; the sync is of that branch from then on.',
  }),
}

interface SyncFlags extends SharedFlags {
  readonly all: boolean
}

/** What the commands share that look at syncs or change them. `args` are named by each: oclif's parser sees no inherited ones. */
export abstract class SyncCommand extends KegCommand {
  static override flags = {
    all: Flags.boolean({char: 'a', description: 'All syncs that keg made.'}),
  }

  /** Which syncs are meant, and with what services look for them. */
  protected selection(targets: readonly string[] | undefined, flags: SyncFlags): Omit<ChangeOptions, 'dryRun'> {
    return {
      targets: targets ?? [],
      all: flags.all,
      folder: process.cwd(),
      environment: this.environment(flags),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    }
  }
}

/** What the commands share that change syncs. */
export abstract class SyncChangeCommand extends SyncCommand {
  static override flags = {
    ...SyncCommand.flags,
    'dry-run': Flags.boolean({description: 'Only say what would be done.'}),
  }

  /** Prints what became of each. @throws the error of what failed, once the rest is shown */
  protected finish({failure, syncs}: ChangeReport, flags: SyncFlags, words: ChangeWords): ChangeReport['syncs'] {
    const others = syncs.filter(({outcome}) => outcome !== 'failed')
    if (syncs.length === 0) this.tell(flags, NONE)
    else if (others.length > 0 && !this.jsonEnabled())
      this.log(flags.quiet ? namesOf(others) : changeText(others, words))
    if (failure !== undefined) throw failure
    return syncs
  }
}

/** What is told where there is nothing to show. */
export const NONE = 'keg has made no sync that fits. Make one with: keg sync create'

/** For `--quiet`: a name, or an id where there is none, a line. */
export function namesOf(syncs: readonly ObservedSync[]): string {
  return syncs.map(({id, name}) => printable(name ?? id)).join('\n')
}
