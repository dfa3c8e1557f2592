import type {Answers} from '../../lib/command/answers.js'
import {FORCE_FLAG, SYNC_TARGETS, SyncChangeCommand} from '../../lib/command/sync-command.js'
import {resetSyncs} from '../../lib/sync/change/reset-syncs.js'

export default class SyncReset extends SyncChangeCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Mutagen forgets what both sides had in common, and so which of them changed a file: depending on the mode of the sync,',
    'what differs becomes a conflict or is overwritten. A sync whose folder has another branch checked out is refused (exit',
    'code 3).',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop --dry-run',
    '<%= config.bin %> <%= command.id %> shop --yes',
  ]
  static override flags = {...SyncChangeCommand.flags, ...FORCE_FLAG}
  static override summary = 'Reset syncs, so that they compare both sides as if for the first time.'

  async run(): Promise<Answers['sync:reset']> {
    const {args, flags} = await this.parse(SyncReset)
    const report = await resetSyncs(this.work(flags), {
      ...this.selectionOptions(args.targets, flags),
      dryRun: flags['dry-run'],
      force: flags.force,
    })
    return this.printReport(report, flags, {verb: 'reset', done: 'Reset', already: 'Already reset'})
  }
}
