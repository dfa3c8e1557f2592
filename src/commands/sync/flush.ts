import type {Answers} from '../../lib/command/answers.js'
import {FORCE_FLAG, SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import {flushSyncs} from '../../lib/sync/change/flush-syncs.js'

export default class SyncFlush extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Exits with 1, and lists each path, if a conflict or a problem prevents it. A sync whose folder has another branch checked',
    'out is paused and refused (exit code 3).',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> shop-dev',
    '<%= config.bin %> <%= command.id %> --all',
  ]
  static override flags = {...SyncChangeCommand.flags, ...FORCE_FLAG}
  static override summary = 'Sync all changes now, and wait until both sides are the same.'

  async run(): Promise<Answers['sync:flush']> {
    const {args, flags} = await this.parse(SyncFlush)
    const report = await flushSyncs(this.work(flags), {
      ...this.selectionOptions(args.targets, flags),
      dryRun: flags['dry-run'],
      force: flags.force,
    })
    return this.printReport(report, flags, {verb: 'flush', done: 'In sync:', already: 'Already in sync'})
  }
}
