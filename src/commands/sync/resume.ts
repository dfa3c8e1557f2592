import {FORCE_FLAG, SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import type {ChangedSync} from '../../lib/sync/change/change-syncs.js'
import {resumeSyncs} from '../../lib/sync/change/resume-syncs.js'

export default class SyncResume extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = ['A sync in whose folder another branch is checked out is refused (3).'].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> shop',
    '<%= config.bin %> <%= command.id %> --all',
  ]
  static override flags = {...SyncChangeCommand.flags, ...FORCE_FLAG}
  static override summary = 'Let syncs go on that are paused, halted or disconnected.'

  async run(): Promise<readonly ChangedSync[]> {
    const {args, flags} = await this.parse(SyncResume)
    const report = await resumeSyncs({
      ...this.selection(args.targets, flags),
      dryRun: flags['dry-run'],
      force: flags.force,
    })
    return this.finish(report, flags, {verb: 'resume', done: 'Resumed', already: 'Goes on already'})
  }
}
