import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {createText, type CreateSyncResult} from '../../lib/sync/create/create-result.js'
import {createSync} from '../../lib/sync/create/create-sync.js'
import {WATCH_MODES} from '../../lib/sync/mutagen.js'
import {SYNC_MODES} from '../../lib/sync/session.js'

export default class SyncCreate extends KegCommand {
  static override args = {
    container: Args.string({
      description: 'Container, linked tap, service of this folder, or id; without, the container of this folder.',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'What changes on one side comes over to the other, until the sync is ended. A sync of the same folders is used again.',
    'Left out are version control, node_modules and what the .gitignore at the top of the folder names.',
    'Files in the container get the owner and the modes of the folder there, or else of the user of the container.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %>',
      description: "Sync this folder's container with the folder, where its programs work.",
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --local . --remote /srv/app',
      description: 'Sync the current folder with /srv/app in the container shop.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --ignore "/var/cache" --ignore "*.log" --group 65753',
      description: 'Leave more out, and let the group 65753 write what comes into the container.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --mode one-way-replica --dry-run',
      description: 'Show what would be deleted in the container, were it made like the folder.',
    },
  ]
  static override flags = {
    'directory-mode': Flags.string({description: 'Mode of folders made in the container.', helpValue: '0755'}),
    'dry-run': Flags.boolean({description: 'Only show what would be synced, and how.'}),
    'file-mode': Flags.string({description: 'Mode of files made in the container.', helpValue: '0644'}),
    force: Flags.boolean({description: 'Sync with a container of another branch too.'}),
    group: Flags.string({description: 'Group of what is made in the container, who may write it.', helpValue: 'GROUP'}),
    ignore: Flags.string({
      description: 'Leave out what fits, too, written as in a .gitignore.',
      helpValue: 'PATTERN',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'ignore-vcs': Flags.boolean({allowNo: true, default: true, description: 'Leave out version control folders.'}),
    local: Flags.string({description: "Folder here (default: the container's, or the repository).", helpValue: 'PATH'}),
    mode: Flags.option({default: 'two-way-safe', description: 'Who wins.', options: SYNC_MODES})(),
    name: Flags.string({description: "Name of the sync (default: the container's).", helpValue: 'NAME'}),
    owner: Flags.string({description: 'Owner of what is made in the container.', helpValue: 'USER'}),
    remote: Flags.string({description: 'Folder in the container (default: where it works).', helpValue: 'PATH'}),
    wait: Flags.boolean({allowNo: true, default: true, description: 'Wait for the first sync.'}),
    'watch-mode': Flags.option({default: 'portable', description: 'How to notice changes.', options: WATCH_MODES})(),
  }
  static override summary = 'Sync a folder with a running container.'

  async run(): Promise<CreateSyncResult> {
    const {args, flags} = await this.parse(SyncCreate)
    const result = await createSync({
      target: args.container,
      folder: process.cwd(),
      environment: this.environment(flags),
      local: flags.local,
      remote: flags.remote,
      name: flags.name,
      mode: flags.mode,
      ignore: flags.ignore ?? [],
      ignoresVersionControl: flags['ignore-vcs'],
      watchMode: flags['watch-mode'],
      permissions: {
        owner: flags.owner,
        group: flags.group,
        fileMode: flags['file-mode'],
        directoryMode: flags['directory-mode'],
      },
      force: flags.force,
      wait: flags.wait,
      dryRun: flags['dry-run'],
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      progress: this.progress(flags),
      signal: this.signal,
    })
    this.log(flags.quiet ? (result.name ?? '') : createText(result, {isWaitedFor: flags.wait && !flags['dry-run']}))
    return result
  }
}
