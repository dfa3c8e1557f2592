import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {findTapFolder} from '../../lib/tap-folder/link/find-tap.js'
import {readFoundTap} from '../../lib/tap-folder/link/found-tap.js'

export default class TapPath extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = 'In a git worktree of its repository, prints the same folder in the worktree.'
  static override examples = [
    {command: 'cd "$(<%= config.bin %> <%= command.id %> shop)"', description: 'Go to the folder of the tap shop.'},
    {
      command: '<%= config.bin %> <%= command.id %> --json',
      description: "Show this folder's tap, with its name, branch and commit.",
    },
  ]
  static override hiddenAliases = ['tap:prn']
  static override summary = "Print the path of a tap's folder."

  async run(): Promise<Answers['tap:path'] | undefined> {
    const {args, flags} = await this.parse(TapPath)
    const place = await findTapFolder(this.work(flags), {name: args.tap})
    this.log(place.folder)
    // The path alone needs no git.
    return this.jsonEnabled() ? readFoundTap(place, this.work(flags).environment) : undefined
  }
}
