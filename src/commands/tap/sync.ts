import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {createText} from '../../lib/sync/create/create-result.js'
import {takeTapName} from '../../lib/tap-folder/link/take-tap-name.js'
import {syncFolders} from '../../lib/tap/sync/sync-folders.js'

export default class TapSync extends TapCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    dependency: Args.string({description: 'Dependencies, such as core or core:install.', ignoreStdin: true}),
  }
  static override description = [
    "Without a dependency, syncs the tap's own folder: its sync is created or resumed. DOC_<NAME>_PATH is the folder of a",
    'dependency in the container; its local folder is <NAME>_PATH, keg config set paths.<NAME>, or the linked tap of that name.',
    'core:install also runs the action core:install afterwards. If core is a linked tap itself, name the tap first: shop core.',
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
    force: Flags.boolean({description: "Sync the tap's folder even with a container of another branch."}),
    local: Flags.string({description: 'Folder on this machine.', helpValue: 'PATH'}),
    remote: Flags.string({description: 'Folder in the container.', helpValue: 'PATH'}),
  }
  static override hiddenAliases = ['tap:sy']
  static override strict = false
  static override summary = "Sync a tap's folder, or its dependencies', with its container."
  static override usage = '<%= command.id %> [TAP] [DEPENDENCY...]'

  async run(): Promise<Answers['tap:sync']> {
    const {argv, flags} = await this.parse(TapSync)
    const {name, rest: dependencies} = await takeTapName(argv.map(String), process.env)
    const stdout = this.jsonEnabled() || flags.quiet ? process.stderr : process.stdout
    const synced = await syncFolders(this.work(flags), {
      ...flags,
      ...this.tapOptions(name, flags),
      dependencies,
      local: flags.local,
      remote: flags.remote,
      dryRun: flags['dry-run'],
      streams: {stdin: process.stdin, stdout, stderr: process.stderr},
    })
    const texts = synced.map((each) => createText(each, {isWaitedFor: !flags['dry-run']}))
    this.log(flags.quiet ? synced.map((each) => each.name ?? '').join('\n') : texts.join('\n'))
    return synced
  }
}
