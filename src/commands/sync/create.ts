import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {createText} from '../../lib/sync/create/create-result.js'
import {createSync} from '../../lib/sync/create/create-sync.js'
import {WATCH_MODES} from '../../lib/mutagen/mutagen.js'
import {SYNC_MODES} from '../../lib/mutagen/session.js'

export default class SyncCreate extends KegCommand {
  static override args = {
    container: Args.string({
      description: 'Container, linked tap, service of this folder, or id (default: the container of this folder).',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Changes on one side are synced to the other, until the sync is terminated. An existing sync of the same folders is reused.',
    'Version control, node_modules and what the .gitignore at the top of the folder names are ignored. Files in the container',
    'get the owner and modes of the folder there, or else those of the user of the container.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %>',
      description: 'Sync this folder with the working directory of its container.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --local . --remote /srv/app',
      description: 'Sync the current folder with /srv/app in the container shop.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --ignore "/var/cache" --ignore "*.log" --group 65753',
      description: 'Ignore more, and let the group 65753 write to the files in the container.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --mode one-way-replica --dry-run',
      description: 'Show what would be deleted in the container if it became a copy of the folder.',
    },
  ]
  static override flags = {
    'directory-mode': Flags.string({description: 'Mode of folders created in the container.', helpValue: '0755'}),
    'dry-run': Flags.boolean({description: 'Only show what would be synced, and how.'}),
    'file-mode': Flags.string({description: 'Mode of files created in the container.', helpValue: '0644'}),
    force: Flags.boolean({description: 'Sync even with a container of another branch.'}),
    group: Flags.string({
      description: 'Group of new files in the container, which can write to them.',
      helpValue: 'GROUP',
    }),
    ignore: Flags.string({
      description: 'Also ignore what matches this pattern, written as in a .gitignore.',
      helpValue: 'PATTERN',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'ignore-vcs': Flags.boolean({allowNo: true, default: true, description: 'Ignore version control folders.'}),
    local: Flags.string({
      description: "Folder on this machine (default: the container's, or the repository).",
      helpValue: 'PATH',
    }),
    mode: Flags.option({default: 'two-way-safe', description: 'Sync mode: which side wins.', options: SYNC_MODES})(),
    name: Flags.string({description: "Name of the sync (default: the container's).", helpValue: 'NAME'}),
    owner: Flags.string({description: 'Owner of new files in the container.', helpValue: 'USER'}),
    remote: Flags.string({description: 'Folder in the container (default: its working directory).', helpValue: 'PATH'}),
    wait: Flags.boolean({allowNo: true, default: true, description: 'Wait for the first sync.'}),
    'watch-mode': Flags.option({default: 'portable', description: 'How to notice changes.', options: WATCH_MODES})(),
  }
  static override summary = 'Sync a folder with a running container.'

  async run(): Promise<Answers['sync:create']> {
    const {args, flags} = await this.parse(SyncCreate)
    const result = await createSync(this.work(flags), {
      target: args.container,
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
    })
    this.log(flags.quiet ? (result.name ?? '') : createText(result, {isWaitedFor: flags.wait && !flags['dry-run']}))
    return result
  }
}
