import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {restartTap, type RestartTapResult} from '../../lib/tap/life/restart-tap.js'

export default class TapRestart extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Containers that were stopped, also by a machine that started anew, are started; others are restarted. None is made anew.',
    'Its syncs go on, and its command is run in it again and followed, where it idles for one.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {command: '<%= config.bin %> <%= command.id %> --detach', description: "This folder's, in the background."},
  ]
  static override flags = {
    ...TapCommand.flags,
    command: Flags.string({description: 'What its run script starts: KEG_EXEC_CMD.', helpValue: 'NAME'}),
    detach: Flags.boolean({char: 'd', description: 'Return when it answers, and leave its command running.'}),
    'dry-run': Flags.boolean({description: 'Only say what would be done.'}),
    env: Flags.string({
      char: 'e',
      description: 'KEY=VALUE for its command, or KEY for the value it has here.',
      multiple: true,
      multipleNonGreedy: true,
    }),
    force: Flags.boolean({description: 'Let the sync go on though it is of another branch.'}),
    wait: Flags.string({description: 'How long to wait until it answers (default: 60s).', helpValue: 'TIME'}),
  }
  static override hiddenAliases = ['tap:rst']
  static override summary = 'Start the containers of a tap again, and its syncs and its command.'

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TapRestart)
    const ready = (result: RestartTapResult): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else this.log(flags.quiet ? result.container : (result.url ?? result.name))
    }
    // With --json and --quiet standard output is the result alone.
    const stdout = this.jsonEnabled() || flags.quiet ? process.stderr : process.stdout
    process.exitCode = await restartTap({
      ...flags,
      ...this.tapOptions(args.tap, flags),
      dryRun: flags['dry-run'],
      progress: this.progress(flags),
      questions: this.questions(flags),
      ready,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
      streams: {stdin: process.stdin, stdout, stderr: process.stderr},
      variables: flags.env ?? [],
    })
  }
}
