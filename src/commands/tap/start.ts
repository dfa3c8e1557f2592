import * as Flags from '@oclif/core/flags'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {PULL_POLICIES} from '../../lib/registry/obtain-image.js'
import type {StartResult} from '../../lib/tap/start/start-options.js'
import {startTap} from '../../lib/tap/start/start-tap.js'

const several = {multiple: true, multipleNonGreedy: true} as const

export default class TapStart extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Each folder and branch has containers, names and ports of its own. The folder is synced with the container, and where that',
    'idles its command is run in it and followed, until Ctrl-C ends that. The container runs on: keg tap stop stops it.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> shop',
    {
      command: '<%= config.bin %> <%= command.id %> shop --from shop:feature-x --no-sync',
      description: "Run the package of another branch, from the tap's registry, as it is.",
    },
    '<%= config.bin %> <%= command.id %> --build --detach',
  ]
  static override flags = {
    ...TapCommand.flags,
    build: Flags.boolean({description: "Build the image from the tap's Dockerfile.", exclusive: ['from']}),
    command: Flags.string({description: 'What its run script starts: KEG_EXEC_CMD.', helpValue: 'NAME'}),
    detach: Flags.boolean({char: 'd', description: 'Return when it answers, and leave its command running.'}),
    'dry-run': Flags.boolean({description: 'Only say what would be done; with --json also the model for compose.'}),
    env: Flags.string({char: 'e', description: 'KEY=VALUE, or KEY for the value it has here.', ...several}),
    force: Flags.boolean({description: 'Sync with an image of another branch, too.'}),
    from: Flags.string({description: "Image to run; a name without registry is one of the tap's.", helpValue: 'IMAGE'}),
    publish: Flags.string({char: 'p', description: '[[IP:]HOST:]CONTAINER[/PROTOCOL], or ranges.', ...several}),
    pull: Flags.option({description: 'When to pull (default: always).', options: PULL_POLICIES})(),
    recreate: Flags.boolean({allowNo: true, description: 'Make the container anew; --no-recreate keeps it as it is.'}),
    sync: Flags.boolean({allowNo: true, description: 'Sync the folder with the container (default: KEG_AUTO_SYNC).'}),
    wait: Flags.string({description: 'How long to wait until it answers (default: 60s).', helpValue: 'TIME'}),
  }
  static override summary = 'Start a tap: its newest image, its containers, its sync and its command.'

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TapStart)
    const ready = (result: StartResult): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else this.log(flags.quiet ? (result.container ?? result.name) : (result.url ?? result.name))
    }
    // With --json and --quiet standard output is the result alone.
    const stdout = this.jsonEnabled() || flags.quiet ? process.stderr : process.stdout
    process.exitCode = await startTap({
      ...flags,
      ...this.tapOptions(args.tap, flags),
      dryRun: flags['dry-run'],
      progress: this.progress(flags),
      publish: flags.publish ?? [],
      questions: this.questions(flags),
      ready,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
      streams: {stdin: process.stdin, stdout, stderr: process.stderr},
      variables: flags.env ?? [],
    })
  }
}
