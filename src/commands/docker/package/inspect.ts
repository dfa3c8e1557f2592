import {Args, Flags} from '@oclif/core'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {inspectPackage, type InspectResult} from '../../../lib/package/inspect/inspect-package.js'
import {inspectText} from '../../../lib/package/inspect/inspect-text.js'
import {PULL_POLICIES} from '../../../lib/package/obtain-image.js'

export default class DockerPackageInspect extends KegCommand {
  static override args = {
    reference: Args.string({description: 'Reference, address of a registry or package page, or docker pull line.'}),
  }
  static override description = [
    'What its labels say: branch, commit, author, message, base, mounts, how its container ran. Labels can be written by',
    'anybody; those that do not fit are shown as invalid. Whether the image is what they say is told by package verify.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --json',
  ]
  static override flags = {
    pull: Flags.option({default: 'missing', description: 'When to pull.', options: PULL_POLICIES})(),
  }
  static override hiddenAliases = ['dpg:inspect']
  static override strict = false
  static override summary = 'Show where a package comes from and what is in it.'

  async run(): Promise<InspectResult> {
    const {argv, flags} = await this.parse(DockerPackageInspect)
    const result = await inspectPackage({
      environment: this.environment(flags),
      progress: this.progress(flags),
      pull: flags.pull,
      questions: this.questions(flags),
      // A line that was pasted without quotes comes in words.
      reference: argv.length > 0 ? argv.join(' ') : undefined,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    this.log(flags.quiet ? result.image : inspectText(result))
    return result
  }
}
