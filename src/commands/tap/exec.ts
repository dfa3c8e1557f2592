import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {TapExecCommand} from '../../lib/command/tap-exec-command.js'
import {splitCommand} from '../../lib/package/run/split-command.js'
import {actionTable} from '../../lib/tap/exec/action/action-table.js'
import {
  execActions,
  listTapActions,
  type ExecActionsResult,
  type ListedAction,
} from '../../lib/tap/exec/action/exec-actions.js'
import {readExecWords} from '../../lib/tap/exec/exec-words.js'
import {runInTap, type InTapResult} from '../../lib/tap/exec/run-in-tap.js'

export default class TapExec extends TapExecCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    action: Args.string({description: 'Action, or several in their order: build is tap:build.', ignoreStdin: true}),
  }
  static override description = [
    'Actions are written into values.yml or mutagen.yml: their commands are run one after another by a shell of the container, until',
    'one fails. What goes after -- is run as it is, without a shell. The exit code is that of what ended last. Ctrl-C ends it in the',
    'container, too.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop build',
      description: 'Run the action tap:build of the tap shop.',
    },
    {command: '<%= config.bin %> <%= command.id %> shop --list', description: 'Show its actions.'},
    {command: '<%= config.bin %> <%= command.id %> shop --env CI=1 -- yarn test', description: 'Run a command there.'},
  ]
  static override flags = {
    ...TapExecCommand.flags,
    detach: Flags.boolean({char: 'd', description: 'Leave it running, and follow nothing of it.'}),
    'dry-run': Flags.boolean({description: 'Only say what would be run.'}),
    env: Flags.string({
      char: 'e',
      description: 'KEY=VALUE, or KEY for the value it has here.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    list: Flags.boolean({char: 'l', description: 'Show the actions of the tap.'}),
    workdir: Flags.string({char: 'w', description: 'Folder in the container.', helpValue: 'PATH'}),
  }
  static override hiddenAliases = ['tap:action', 'tap:actions', 'tap:act', 'tap:ex']
  static override strict = false
  static override summary = "Run actions of a tap, or a command, in the tap's container."
  static override usage = ['<%= command.id %> [TAP] ACTION...', '<%= command.id %> [TAP] -- COMMAND...']

  async run(): Promise<ExecActionsResult | InTapResult | readonly ListedAction[]> {
    const {before, command} = splitCommand(this.argv)
    const {argv, flags} = await this.parse(TapExec, before)
    const {actions, name} = await readExecWords(argv.map(String), command, process.env)
    if (flags.list) {
      const listed = await listTapActions(this.tapOptions(name, flags))
      this.log(
        flags.quiet ? listed.map((action) => action.name).join('\n') : actionTable(listed, process.stdout.columns),
      )
      return listed
    }
    const {detach, env: variables = [], workdir: workingDirectory} = flags
    const options = {...this.inTap(name, flags), detach, dryRun: flags['dry-run'], variables, workingDirectory}
    if (command.length === 0) return execActions({...options, actions, questions: this.questions(flags)})
    const result = await runInTap(command, options)
    process.exitCode = result.exitCode ?? 0
    return result
  }
}
