import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {createText} from '../../lib/sync/create/create-result.js'
import {takeTapName} from '../../lib/tap/link/take-tap-name.js'
import {syncFolders, type SyncedFolder} from '../../lib/tap/sync/sync-folders.js'

export default class TapSync extends TapCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    dependency: Args.string({description: 'Dependency, or several, as core or core:install.', ignoreStdin: true}),
  }
  static override description = [
    "Without a dependency it is the tap's own folder, whose sync is made or goes on. A dependency is in the container where",
    'DOC_<NAME>_PATH says, and here where <NAME>_PATH says, or keg config set paths.<NAME>, or a linked tap of that name.',
    'core:install runs the action core:install after it. Where core is a linked tap itself, the tap goes first: shop core.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> shop core:install',
      description: 'Sync the dependency core, and install what it needs.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop core --local ../core --dry-run',
      description: 'Show what would be synced from another folder.',
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    'dry-run': Flags.boolean({description: 'Only show what would be synced, and how.'}),
    force: Flags.boolean({description: "Sync the tap's folder with a container of another branch, too."}),
    local: Flags.string({description: 'Folder here.', helpValue: 'PATH'}),
    remote: Flags.string({description: 'Folder in the container.', helpValue: 'PATH'}),
  }
  static override hiddenAliases = ['tap:sy']
  static override strict = false
  static override summary = "Sync a tap's folder, or its dependencies', with its container."
  static override usage = '<%= command.id %> [TAP] [DEPENDENCY...]'

  async run(): Promise<SyncedFolder[]> {
    const {argv, flags} = await this.parse(TapSync)
    const {name, rest: dependencies} = await takeTapName(argv.map(String), process.env)
    const stdout = this.jsonEnabled() || flags.quiet ? process.stderr : process.stdout
    const synced = await syncFolders({
      ...flags,
      ...this.tapOptions(name, flags),
      dependencies,
      local: flags.local,
      remote: flags.remote,
      dryRun: flags['dry-run'],
      progress: this.progress(flags),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
      streams: {stdin: process.stdin, stdout, stderr: process.stderr},
    })
    const texts = synced.map((each) => createText(each, {isWaitedFor: !flags['dry-run']}))
    this.log(flags.quiet ? synced.map((each) => each.name ?? '').join('\n') : texts.join('\n'))
    return synced
  }
}
