import {SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import type {ChangedSync} from '../../lib/sync/change/change-syncs.js'
import {terminateSyncs} from '../../lib/sync/change/terminate-syncs.js'

export default class SyncTerminate extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = ['No file is touched. It asks where it is more than one.'].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> shop-dev',
    '<%= config.bin %> <%= command.id %> --all --yes',
  ]
  static override summary = 'End syncs; the files stay on both sides.'

  async run(): Promise<readonly ChangedSync[]> {
    const {args, flags} = await this.parse(SyncTerminate)
    const report = await terminateSyncs({...this.selection(args.targets, flags), dryRun: flags['dry-run']})
    return this.finish(report, flags, {verb: 'end', done: 'Ended', already: 'Ended already', ends: true})
  }
}
