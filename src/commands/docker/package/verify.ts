import {Args, Flags} from '@oclif/core'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {PULL_POLICIES} from '../../../lib/package/obtain-image.js'
import {verificationLines} from '../../../lib/package/verify/verification.js'
import {verifyPackage, type VerifyResult} from '../../../lib/package/verify/verify-package.js'

export default class DockerPackageVerify extends KegCommand {
  static override args = {
    reference: Args.string({description: 'Reference, address of a registry or package page, or docker pull line.'}),
  }
  static override description = [
    'Every layer is hashed, and the list of its files is made again and compared with the one recorded when its container',
    'stood still. What is on top of the package, or is another, is listed, and the exit code is 3.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --pull always --json',
  ]
  static override flags = {
    pull: Flags.option({default: 'missing', description: 'When to pull.', options: PULL_POLICIES})(),
  }
  static override hiddenAliases = ['dpg:verify']
  static override strict = false
  static override summary = 'Check that an image is the package that was made, and nothing else.'

  async run(): Promise<VerifyResult> {
    const {argv, flags} = await this.parse(DockerPackageVerify)
    const result = await verifyPackage({
      environment: this.environment(flags),
      progress: this.progress(flags),
      pull: flags.pull,
      questions: this.questions(flags),
      // A line that was pasted without quotes comes in words.
      reference: argv.length > 0 ? argv.join(' ') : undefined,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    this.log(flags.quiet ? result.reference : [result.reference, ...verificationLines(result)].join('\n'))
    return result
  }
}
