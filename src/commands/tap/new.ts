import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {KegCommand} from '../../lib/command/keg-command.js'
import {tapProgram} from '../../lib/command/tap-program.js'
import {newTapText} from '../../lib/tap/new/new-tap-text.js'
import {newTap} from '../../lib/tap/new/new-tap.js'

export default class TapNew extends KegCommand {
  static override args = {
    name: Args.string({description: 'Name of the tap: lower case letters, digits and dashes.', ignoreStdin: true}),
  }
  static override description = [
    'Creates a Dockerfile, compose file, values, sync settings, run script and a page: a tap that builds and starts at once.',
    'Only the base image is pulled; it needs a shell, and httpd for the page. A folder with a compose.yaml at its top, and no',
    'container/, is a tap as it is: it is linked, and its compose file is used. No file is overwritten.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %> shop', description: 'Create the folder shop, and link it.'},
    {
      command: '<%= config.bin %> <%= command.id %> shop --path . --base node:22 --from ghcr.io/acme/shop:develop',
      description: 'Make the app in this folder a tap that pulls its image.',
    },
    '<%= config.bin %> <%= command.id %> shop --dry-run',
  ]
  static override flags = {
    base: Flags.string({description: 'Image to build on (default: busybox:stable).', helpValue: 'IMAGE'}),
    'dry-run': Flags.boolean({description: 'Only show which files would be created.'}),
    from: Flags.string({description: 'Image to pull and run (default: one that is built here).', helpValue: 'IMAGE'}),
    link: Flags.boolean({allowNo: true, default: true, description: 'Link the new tap.'}),
    path: Flags.string({
      description: 'Folder of the tap (default: this one if it has a compose file, else one of its name).',
      helpValue: 'FOLDER',
    }),
    port: Flags.integer({
      description: "Port in the container (default: 8080, or the compose file's).",
      max: 65_535,
      min: 1,
    }),
  }
  static override summary = 'Create a tap that starts at once.'

  async run(): Promise<Answers['tap:new']> {
    const {args, flags} = await this.parse(TapNew)
    const made = await newTap(this.work(flags), {
      name: args.name,
      path: flags.path,
      base: flags.base,
      from: flags.from,
      port: flags.port,
      link: flags.link,
      dryRun: flags['dry-run'],
      program: tapProgram(this.config),
    })
    this.log(flags.quiet ? made.name : newTapText(made))
    return made
  }
}
