import type {Answers} from '../../lib/command/answers.js'
import {FORCE_FLAG, SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import {resumeSyncs} from '../../lib/sync/change/resume-syncs.js'

export default class SyncResume extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = 'A sync whose folder has another branch checked out is refused (exit code 3).'
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's sync."},
    '<%= config.bin %> <%= command.id %> shop',
    '<%= config.bin %> <%= command.id %> --all',
  ]
  static override flags = {...SyncChangeCommand.flags, ...FORCE_FLAG}
  static override summary = 'Resume paused, halted or disconnected syncs.'

  async run(): Promise<Answers['sync:resume']> {
    const {args, flags} = await this.parse(SyncResume)
    const report = await resumeSyncs(this.work(flags), {
      ...this.selectionOptions(args.targets, flags),
      dryRun: flags['dry-run'],
      force: flags.force,
    })
    return this.printReport(report, flags, {verb: 'resume', done: 'Resumed', already: 'Already running'})
  }
}
