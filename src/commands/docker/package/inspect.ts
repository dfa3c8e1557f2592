import type {Answers} from '../../../lib/command/answers.js'
import {PackageQueryCommand} from '../../../lib/command/package-query-command.js'
import {inspectPackage} from '../../../lib/package/inspect/inspect-package.js'
import {inspectText, projectInspectText} from '../../../lib/package/inspect/inspect-text.js'
import {availableColumns} from '../../../lib/terminal/columns.js'

export default class DockerPackageInspect extends PackageQueryCommand {
  static override args = {...PackageQueryCommand.args}
  static override description = [
    'Shows the labels of a package: branch, commit, author, message, base image, mounts, and how its container ran. --json',
    'shows everything. Anybody can write labels; invalid ones are listed at the end. Use package verify to check that the image',
    'is what its labels say. An image that the engine does not have is read from its registry, without pulling it. The path of',
    'a file needs a slash or .tar in it; the engine is not asked then.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --json',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --remote',
    '<%= config.bin %> <%= command.id %> shop.tar',
  ]
  static override hiddenAliases = ['dpg:inspect']
  static override strict = false
  static override summary = 'Show where a package comes from and what is in it.'

  async run(): Promise<Answers['docker:package:inspect']> {
    const {argv, flags} = await this.parse(DockerPackageInspect)
    const result = await inspectPackage(this.work(flags), this.packageQuery(argv, flags))
    const width = availableColumns(process.stdout, process.env)
    const options = {now: new Date(), width}
    const isProject = 'services' in result
    if (flags.quiet) this.log(isProject ? result.digest : result.image)
    else this.log(isProject ? projectInspectText(result, options) : inspectText(result, options))
    return result
  }
}
