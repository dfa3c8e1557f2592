import {SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import type {ChangedSync} from '../../lib/sync/change/change-syncs.js'
import {pauseSyncs} from '../../lib/sync/change/pause-syncs.js'

export default class SyncPause extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Nothing comes over meanwhile, in either direction, also when the machine starts anew.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> --all',
  ]
  static override summary = 'Have syncs stand still until they are resumed.'

  async run(): Promise<readonly ChangedSync[]> {
    const {args, flags} = await this.parse(SyncPause)
    const report = await pauseSyncs({...this.selection(args.targets, flags), dryRun: flags['dry-run']})
    return this.finish(report, flags, {verb: 'pause', done: 'Paused', already: 'Paused already'})
  }
}
