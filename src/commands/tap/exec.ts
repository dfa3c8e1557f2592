import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT} from '../../lib/command/tap-command.js'
import {TapExecCommand} from '../../lib/command/tap-exec-command.js'
import {splitCommand} from '../../lib/package/run/split-command.js'
import {actionTable, NO_ACTIONS} from '../../lib/tap/exec/action/action-table.js'
import {execActions, listTapActions} from '../../lib/tap/exec/action/exec-actions.js'
import {readExecArguments} from '../../lib/tap/exec/exec-arguments.js'
import {runInTap} from '../../lib/tap/exec/run-in-tap.js'
import {availableColumns} from '../../lib/terminal/columns.js'

export default class TapExec extends TapExecCommand {
  static override args = {
    tap: TAP_ARGUMENT,
    action: Args.string({
      description: 'Action, or several, in order; build is short for tap:build.',
      ignoreStdin: true,
    }),
  }
  static override description = [
    'Actions are defined in values.yml or mutagen.yml: a shell in the container runs their commands in order, until one fails.',
    'A command after -- is run as it is, without a shell. The exit code is that of the last command. Ctrl-C also ends it in the',
    'container.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> shop build',
      description: 'Run the action tap:build of the tap shop.',
    },
    {command: '<%= config.bin %> <%= command.id %> shop --list', description: 'List its actions.'},
    {
      command: '<%= config.bin %> <%= command.id %> shop --env CI=1 -- yarn test',
      description: 'Run a command in its container.',
    },
  ]
  static override flags = {
    ...TapExecCommand.flags,
    detach: Flags.boolean({char: 'd', description: 'Run it in the background.'}),
    'dry-run': Flags.boolean({description: 'Only show what would be run.'}),
    env: Flags.string({
      char: 'e',
      description: 'KEY=VALUE, or KEY to pass on its value from this shell.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    list: Flags.boolean({char: 'l', description: 'List the actions of the tap.'}),
    workdir: Flags.string({char: 'w', description: 'Folder in the container.', helpValue: 'PATH'}),
  }
  static override hiddenAliases = ['tap:action', 'tap:actions', 'tap:act', 'tap:ex']
  static override strict = false
  static override summary = "Run actions of a tap, or a command, in the tap's container."
  static override usage = ['<%= command.id %> [TAP] ACTION...', '<%= command.id %> [TAP] -- COMMAND...']

  async run(): Promise<Answers['tap:exec']> {
    const {before, command} = splitCommand(this.argv)
    const {argv, flags} = await this.parse(TapExec, before)
    const {actions, name} = await readExecArguments(argv.map(String), command, process.env)
    if (flags.list) {
      const listed = await listTapActions(this.work(flags), this.tapOptions(name, flags))
      if (listed.length === 0) this.notice(flags, NO_ACTIONS)
      else
        this.log(
          flags.quiet
            ? listed.map((action) => action.name).join('\n')
            : actionTable(listed, availableColumns(process.stdout, process.env)),
        )
      return listed
    }
    const {detach, env: variables = [], workdir: workingDirectory} = flags
    const options = {...this.inTap(name, flags), detach, dryRun: flags['dry-run'], variables, workingDirectory}
    if (command.length === 0)
      return execActions(this.work(flags), {...options, environmentName: flags.environment, actions})
    const result = await runInTap(this.work(flags), {...options, command})
    process.exitCode = result.exitCode ?? 0
    return result
  }
}
