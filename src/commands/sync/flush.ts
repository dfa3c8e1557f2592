import {FORCE_FLAG, SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import type {ChangedSync} from '../../lib/sync/change/change-syncs.js'
import {flushSyncs} from '../../lib/sync/change/flush-syncs.js'

export default class SyncFlush extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'It ends with 1 and names each path where a conflict or a problem stands in the way. A sync in whose folder another',
    'branch is checked out is paused and refused (3).',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> shop-dev',
    '<%= config.bin %> <%= command.id %> --all',
  ]
  static override flags = {...SyncChangeCommand.flags, ...FORCE_FLAG}
  static override summary = 'Bring over what changed, and wait until both sides are the same.'

  async run(): Promise<readonly ChangedSync[]> {
    const {args, flags} = await this.parse(SyncFlush)
    const report = await flushSyncs({
      ...this.selection(args.targets, flags),
      dryRun: flags['dry-run'],
      force: flags.force,
      progress: this.progress(flags),
    })
    return this.finish(report, flags, {verb: 'flush', done: 'In sync:', already: 'In sync already'})
  }
}
