import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {findTap} from '../../lib/tap/link/find-tap.js'

export default class TapPath extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = 'In a git worktree of its repository that is the same place in the worktree.'
  static override examples = [
    {command: 'cd "$(<%= config.bin %> <%= command.id %> shop)"', description: 'Go to the folder of the tap shop.'},
    {
      command: '<%= config.bin %> <%= command.id %> --json',
      description: "This folder's tap, with its name, its branch and its commit.",
    },
  ]
  static override hiddenAliases = ['tap:prn']
  static override summary = "Print the path of a tap's folder."

  async run(): Promise<FoundTap> {
    const {args, flags} = await this.parse(TapPath)
    const {branch, commit, folder, linkedFolder, name} = await findTap(this.tapOptions(args.tap, flags))
    this.log(folder)
    return {name, path: folder, linkedPath: linkedFolder, branch: branch ?? null, commit: commit ?? null}
  }
}

/** A tap as it is at hand. */
interface FoundTap {
  readonly name: string
  readonly path: string
  /** What the link leads to: another folder where this one is a worktree. */
  readonly linkedPath: string
  readonly branch: string | null
  readonly commit: string | null
}
