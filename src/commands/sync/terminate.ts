import type {Answers} from '../../lib/command/answers.js'
import {SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import {terminateSyncs} from '../../lib/sync/change/terminate-syncs.js'

export default class SyncTerminate extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = 'No file is changed. keg asks before it ends more than one.'
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> shop-dev',
    '<%= config.bin %> <%= command.id %> --all --yes',
  ]
  static override summary = 'End syncs; the files stay on both sides.'

  async run(): Promise<Answers['sync:terminate']> {
    const {args, flags} = await this.parse(SyncTerminate)
    const report = await terminateSyncs(this.work(flags), {
      ...this.selectionOptions(args.targets, flags),
      dryRun: flags['dry-run'],
    })
    return this.printReport(report, flags, {verb: 'end', done: 'Ended', already: 'Already ended', ends: true})
  }
}
