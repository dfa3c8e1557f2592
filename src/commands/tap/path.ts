import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {findTap} from '../../lib/tap/link/find-tap.js'

export default class TapPath extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override examples = ['<%= config.bin %> <%= command.id %> shop']
  static override summary = "Print the path of a tap's folder."

  async run(): Promise<{readonly path: string}> {
    const {args, flags} = await this.parse(TapPath)
    const {folder} = await findTap(this.tapOptions(args.tap, flags))
    this.log(folder)
    return {path: folder}
  }
}
