import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {restartTap} from '../../lib/tap/life/restart-tap.js'

export default class TapRestart extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Stopped containers are started, also after a reboot; others are restarted. None is recreated. The syncs are resumed, and',
    'if the container is idle, its command is run again: in the foreground, or in the background if it ran there before.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> --detach',
      description: "Restart this folder's tap in the background.",
    },
  ]
  static override flags = {
    ...TapCommand.flags,
    command: Flags.string({description: 'What the run script starts (KEG_EXEC_CMD).', helpValue: 'NAME'}),
    detach: Flags.boolean({
      allowNo: true,
      char: 'd',
      description:
        'Return when it answers, and leave its command running; --no-detach follows it (default: as before).',
    }),
    'dry-run': Flags.boolean({description: 'Only show what would be done.'}),
    env: Flags.string({
      char: 'e',
      description: 'KEY=VALUE for its command, or KEY to pass on its value from this shell.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    force: Flags.boolean({description: 'Sync even if the sync belongs to another branch.'}),
    wait: Flags.string({description: 'How long to wait until it answers (default: 60s).', helpValue: 'TIME'}),
  }
  static override hiddenAliases = ['tap:rst']
  static override summary = "Restart a tap's containers, its syncs and its command."

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TapRestart)
    const ready = (result: Answers['tap:restart']): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else this.log(flags.quiet ? result.container : (result.url ?? result.name))
    }
    process.exitCode = await restartTap(this.work(flags), {
      ...flags,
      ...this.runOptions(args.tap, flags),
      ready,
    })
  }
}
