import {NONE, namesOf, SYNC_TARGETS, SyncCommand} from '../../lib/command/sync-command.js'
import {observeSyncs, type ObservedSync} from '../../lib/sync/observe-syncs.js'
import {syncTable} from '../../lib/sync/sync-text.js'

export default class SyncList extends SyncCommand {
  static override args = {
    targets: {
      ...SYNC_TARGETS.targets,
      description: 'Sync, container, folder or beginning of an id; without, all of them.',
    },
  }
  static override description =
    'Those that something else made with Mutagen are not shown: mutagen sync list has them all.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '<%= config.bin %> <%= command.id %> shop-dev', description: 'Those into the container shop-dev.'},
    {command: '<%= config.bin %> <%= command.id %> .', description: 'Those of this folder and of folders in it.'},
  ]
  static override summary = 'List the syncs that keg made.'

  async run(): Promise<ObservedSync[]> {
    const {args, flags} = await this.parse(SyncList)
    const selection = this.selection(args.targets, flags)
    const all = flags.all || selection.targets.length === 0
    const syncs = await observeSyncs({...selection, all, patient: false})
    if (syncs.length === 0) this.tell(flags, NONE)
    else
      this.log(
        flags.quiet ? namesOf(syncs) : syncTable(syncs, process.stdout.isTTY ? process.stdout.columns : undefined),
      )
    return syncs
  }
}
