import type {Answers} from '../../../lib/command/answers.js'
import {PackageQueryCommand} from '../../../lib/command/package-query-command.js'
import {verificationLines} from '../../../lib/package/verify/verification.js'
import {verifyPackage} from '../../../lib/package/verify/verify-package.js'

export default class DockerPackageVerify extends PackageQueryCommand {
  static override args = {...PackageQueryCommand.args}
  static override description = [
    'Hashes every layer, and compares the list of its files with the one that was recorded while the container was paused.',
    'Files that differ, or that were added on top of the package, are listed, and the exit code is 3. An image that the engine',
    'does not have is read from its registry, without pulling it. The path of a file needs a slash or .tar in it; the engine is',
    'not asked then.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --remote --json',
    '<%= config.bin %> <%= command.id %> shop.tar',
  ]
  static override hiddenAliases = ['dpg:verify']
  static override strict = false
  static override summary = 'Verify that an image is the package that keg made.'

  async run(): Promise<Answers['docker:package:verify']> {
    const {argv, flags} = await this.parse(DockerPackageVerify)
    const result = await verifyPackage(this.work(flags), this.packageQuery(argv, flags))
    const services = 'services' in result ? result.services : [result]
    const lines = services.flatMap((each) => [each.reference, ...verificationLines(each)])
    this.log(flags.quiet ? result.reference : lines.join('\n'))
    return result
  }
}
