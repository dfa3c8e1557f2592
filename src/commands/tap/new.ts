import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {newTapText} from '../../lib/tap/new/new-tap-text.js'
import {newTap, type NewTap} from '../../lib/tap/new/new-tap.js'

export default class TapNew extends KegCommand {
  static override args = {
    name: Args.string({description: 'Name of the tap: lower case letters, digits and dashes.', ignoreStdin: true}),
  }
  static override description = [
    'Dockerfile, compose file, values, sync settings, run script and a page: a tap that builds and starts at once. Nothing is',
    'fetched but the base image, which needs a shell, and a httpd for the page. No file is overwritten.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %> shop', description: 'Make the folder shop, and link it.'},
    {
      command: '<%= config.bin %> <%= command.id %> shop --path . --base node:22 --from ghcr.io/acme/shop:develop',
      description: 'Make the app in this folder a tap, whose image is pulled.',
    },
    '<%= config.bin %> <%= command.id %> shop --dry-run',
  ]
  static override flags = {
    base: Flags.string({default: 'busybox:stable', description: 'Image to build on.', helpValue: 'IMAGE'}),
    'dry-run': Flags.boolean({description: 'Only show which files would be made.'}),
    from: Flags.string({description: 'Image to pull and run (default: one that is built here).', helpValue: 'IMAGE'}),
    link: Flags.boolean({allowNo: true, default: true, description: 'Link the new tap.'}),
    path: Flags.string({description: 'Folder of the tap (default: one of its name, here).', helpValue: 'FOLDER'}),
    port: Flags.integer({default: 8080, description: 'Port in the container.', max: 65_535, min: 1}),
  }
  static override summary = 'Make a tap that starts at once.'

  async run(): Promise<NewTap> {
    const {args, flags} = await this.parse(TapNew)
    const made = await newTap({
      name: args.name,
      path: flags.path,
      base: flags.base,
      from: flags.from,
      port: flags.port,
      link: flags.link,
      dryRun: flags['dry-run'],
      folder: process.cwd(),
      environment: this.environment(flags),
      program: tapProgram(this.config),
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    this.log(flags.quiet ? made.name : newTapText(made))
    return made
  }
}
