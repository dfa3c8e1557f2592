import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {TAP_ARGUMENT, TapCommand} from '../../lib/command/tap-command.js'
import {PULL_POLICIES} from '../../lib/registry/obtain-image.js'
import {startTap} from '../../lib/tap/start/start-tap.js'

const several = {multiple: true, multipleNonGreedy: true} as const

export default class TapStart extends TapCommand {
  static override args = {tap: TAP_ARGUMENT}
  static override description = [
    'Each folder and branch has its own containers, names and ports. The folder is synced with the container, and if the',
    'container is idle, its command is run in it and followed until Ctrl-C. The container keeps running: keg tap stop stops it.',
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
    command: Flags.string({description: 'What the run script starts (KEG_EXEC_CMD).', helpValue: 'NAME'}),
    detach: Flags.boolean({char: 'd', description: 'Return when it answers, and leave its command running.'}),
    'dry-run': Flags.boolean({description: 'Only show what would be done; with --json also the compose model.'}),
    env: Flags.string({char: 'e', description: 'KEY=VALUE, or KEY to pass on its value from this shell.', ...several}),
    force: Flags.boolean({description: 'Sync even if the image is of another branch.'}),
    from: Flags.string({
      description: "Image to run; a name without a registry is in the tap's registry.",
      helpValue: 'IMAGE',
    }),
    publish: Flags.string({char: 'p', description: '[[IP:]HOST:]CONTAINER[/PROTOCOL], or ranges.', ...several}),
    pull: Flags.option({description: 'When to pull (default: always).', options: PULL_POLICIES})(),
    recreate: Flags.boolean({allowNo: true, description: 'Recreate the container; --no-recreate keeps it as it is.'}),
    sync: Flags.boolean({allowNo: true, description: 'Sync the folder with the container (default: KEG_AUTO_SYNC).'}),
    wait: Flags.string({description: 'How long to wait until it answers (default: 60s).', helpValue: 'TIME'}),
  }
  static override summary = 'Start a tap: its newest image, its containers, its sync and its command.'

  async run(): Promise<void> {
    const {args, flags} = await this.parse(TapStart)
    const ready = (result: Answers['tap:start']): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else this.log(flags.quiet ? (result.container ?? result.name) : (result.url ?? result.name))
    }
    process.exitCode = await startTap(this.work(flags), {
      ...flags,
      ...this.runOptions(args.tap, flags),
      publish: flags.publish ?? [],
      ready,
    })
  }
}
