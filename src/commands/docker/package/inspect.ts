import {PackageQueryCommand} from '../../../lib/command/package-query-command.js'
import {inspectPackage, type InspectResult} from '../../../lib/package/inspect/inspect-package.js'
import {inspectText} from '../../../lib/package/inspect/inspect-text.js'

export default class DockerPackageInspect extends PackageQueryCommand {
  static override args = {...PackageQueryCommand.args}
  static override description = [
    'What its labels say: branch, commit, author, message, base, mounts, how its container ran. Labels can be written by',
    'anybody; those that do not fit are shown as invalid. Whether the image is what they say is told by package verify.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --json',
  ]
  static override hiddenAliases = ['dpg:inspect']
  static override strict = false
  static override summary = 'Show where a package comes from and what is in it.'

  async run(): Promise<InspectResult> {
    const {argv, flags} = await this.parse(DockerPackageInspect)
    const result = await inspectPackage(this.query(argv, flags))
    this.log(flags.quiet ? result.image : inspectText(result))
    return result
  }
}
