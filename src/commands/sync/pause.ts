import type {Answers} from '../../lib/command/answers.js'
import {SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import {pauseSyncs} from '../../lib/sync/change/pause-syncs.js'

export default class SyncPause extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Nothing is synced until they are resumed, in either direction, also after the machine restarts.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> --all',
  ]
  static override summary = 'Pause syncs.'

  async run(): Promise<Answers['sync:pause']> {
    const {args, flags} = await this.parse(SyncPause)
    const report = await pauseSyncs(this.work(flags), {
      ...this.selectionOptions(args.targets, flags),
      dryRun: flags['dry-run'],
    })
    return this.printReport(report, flags, {verb: 'pause', done: 'Paused', already: 'Already paused'})
  }
}
