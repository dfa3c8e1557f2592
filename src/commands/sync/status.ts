import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {namesOf, noneText, SYNC_TARGETS, SyncCommand} from '../../lib/command/sync-command.js'
import {observeSyncs} from '../../lib/sync/observe-syncs.js'
import {syncsText} from '../../lib/sync/sync-text.js'
import {availableColumns} from '../../lib/terminal/columns.js'

export default class SyncStatus extends SyncCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Shows both sides, the settings, the transfer in progress, and each conflict and problem with its path and what to do. The',
    'exit code is 0 whatever the state is, unless --exit-code is given.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's syncs."},
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> --all --exit-code --quiet',
      description: 'Exit with 1 if a sync is not clean, for scripts.',
    },
  ]
  static override flags = {
    ...SyncCommand.flags,
    'exit-code': Flags.boolean({
      description: 'Exit with 1 if a sync is paused, busy, has problems or belongs to another branch.',
    }),
  }
  static override summary = 'Show the state of syncs, and their problems.'

  async run(): Promise<Answers['sync:status']> {
    const {args, flags} = await this.parse(SyncStatus)
    const syncs = await observeSyncs(this.work(flags), {...this.selectionOptions(args.targets, flags), patient: true})
    if (syncs.length === 0) this.notice(flags, noneText())
    else this.log(flags.quiet ? namesOf(syncs) : syncsText(syncs, availableColumns(process.stdout, process.env)))
    if (flags['exit-code'] && syncs.some(({clean}) => !clean)) process.exitCode = 1
    return syncs
  }
}
