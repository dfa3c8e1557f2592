import * as Flags from '@oclif/core/flags'
import {NONE, namesOf, SYNC_TARGETS, SyncCommand} from '../../lib/command/sync-command.js'
import {observeSyncs, type ObservedSync} from '../../lib/sync/observe-syncs.js'
import {syncsText} from '../../lib/sync/sync-text.js'

export default class SyncStatus extends SyncCommand {
  static override args = {...SYNC_TARGETS}
  static override description = [
    'Both sides, settings, what is being sent, and each conflict and problem by its path with what to do.',
    'It only looks: the exit code says nothing of what it sees, but with --exit-code.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "This folder's syncs."},
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> --all --exit-code --quiet',
      description: 'For scripts: 1 where one is not clean.',
    },
  ]
  static override flags = {
    ...SyncCommand.flags,
    'exit-code': Flags.boolean({
      description: 'End with 1 where a sync is paused, at work, in trouble or of another branch.',
    }),
  }
  static override summary = 'Show how syncs are, and what stands in their way.'

  async run(): Promise<ObservedSync[]> {
    const {args, flags} = await this.parse(SyncStatus)
    const syncs = await observeSyncs({...this.selection(args.targets, flags), patient: true})
    if (syncs.length === 0) this.tell(flags, NONE)
    else this.log(flags.quiet ? namesOf(syncs) : syncsText(syncs))
    if (flags['exit-code'] && syncs.some(({clean}) => !clean)) process.exitCode = 1
    return syncs
  }
}
