import {FORCE_FLAG, SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import type {ChangedSync} from '../../lib/sync/change/change-syncs.js'
import {resetSyncs} from '../../lib/sync/change/reset-syncs.js'

export default class SyncReset extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'What both sides had in common is forgotten, so that nobody knows any more which of them changed: by the mode of the sync',
    'what differs becomes a conflict or is overwritten. A sync in whose folder another branch is checked out is refused (3).',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop --dry-run',
    '<%= config.bin %> <%= command.id %> shop --yes',
  ]
  static override flags = {...SyncChangeCommand.flags, ...FORCE_FLAG}
  static override summary = 'Have syncs compare both sides as if for the first time, after asking.'

  async run(): Promise<readonly ChangedSync[]> {
    const {args, flags} = await this.parse(SyncReset)
    const report = await resetSyncs({
      ...this.selection(args.targets, flags),
      dryRun: flags['dry-run'],
      force: flags.force,
    })
    return this.finish(report, flags, {verb: 'reset', done: 'Reset', already: 'Reset already'})
  }
}
