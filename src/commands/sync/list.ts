import type {Answers} from '../../lib/command/answers.js'
import {namesOf, noneText, SYNC_TARGETS, SyncCommand} from '../../lib/command/sync-command.js'
import {observeSyncs} from '../../lib/sync/observe-syncs.js'
import {syncTable} from '../../lib/sync/sync-text.js'
import {availableColumns} from '../../lib/terminal/columns.js'

export default class SyncList extends SyncCommand {
  static override args = {
    targets: {
      ...SYNC_TARGETS.targets,
      description: 'Sync, container, folder or start of an id (default: all syncs).',
    },
  }
  static override description = 'Syncs that keg did not create are not shown: mutagen sync list shows all.'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {command: '<%= config.bin %> <%= command.id %> shop-dev', description: 'List the syncs of the container shop-dev.'},
    {
      command: '<%= config.bin %> <%= command.id %> .',
      description: 'List the syncs of this folder and of folders in it.',
    },
  ]
  static override summary = 'List the syncs that keg created.'

  async run(): Promise<Answers['sync:list']> {
    const {args, flags} = await this.parse(SyncList)
    const selection = this.selectionOptions(args.targets, flags)
    const all = flags.all || selection.targets.length === 0
    const syncs = await observeSyncs(this.work(flags), {...selection, all, patient: false})
    if (syncs.length === 0) this.notice(flags, noneText())
    else this.log(flags.quiet ? namesOf(syncs) : syncTable(syncs, availableColumns(process.stdout, process.env)))
    return syncs
  }
}
