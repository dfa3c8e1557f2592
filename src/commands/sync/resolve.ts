import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Answers} from '../../lib/command/answers.js'
import {FORCE_FLAG, SyncChangeCommand} from '../../lib/command/sync-command.js'
import {resolveSyncs, type KeptSide} from '../../lib/sync/resolve/resolve-syncs.js'

const SIDES = ['folder', 'container'] as const

export default class SyncResolve extends SyncChangeCommand {
  static override args = {
    paths: Args.string({
      description: 'Path of a conflict, or a folder with several (default: all conflicts of the sync).',
      ignoreStdin: true,
      multiple: true,
    }),
  }
  static override description = [
    'Copies the files of one side to the other at these paths: there they are changed, created or deleted. keg first shows what',
    'is overwritten, and asks. Nothing else in the sync is changed.',
  ].join(' ')
  static override examples = [
    {
      command: '<%= config.bin %> <%= command.id %> src/app.js --keep folder',
      description: 'Copy the file of the folder to the container.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> --keep container --sync shop --dry-run',
      description: 'Show which conflicts of the sync shop would be resolved, and what would be overwritten.',
    },
  ]
  static override flags = {
    ...SyncChangeCommand.flags,
    ...FORCE_FLAG,
    keep: Flags.option({description: 'Which side keeps its files.', options: SIDES})(),
    sync: Flags.string({
      description: "Sync, container, folder or start of an id (default: this folder's sync).",
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
  }
  static override summary = 'Resolve conflicts of syncs with the files of one side.'

  async run(): Promise<Answers['sync:resolve']> {
    const {args, flags} = await this.parse(SyncResolve)
    const selection = this.selectionOptions(flags.sync, flags)
    const choices = SIDES.map((side) => ({name: `the ${side}`, value: side}))
    const work = this.work(flags)
    const choose = (): Promise<KeptSide> => work.prompt.choose('Which side keeps its files?', choices, {flag: '--keep'})
    // Who cannot be asked is told at once what is missing.
    const keep = flags.keep ?? (work.prompt.isInteractive ? undefined : await choose())
    const report = await resolveSyncs(work, {
      ...selection,
      targetFlag: '--sync',
      dryRun: flags['dry-run'],
      force: flags.force,
      side: async () => keep ?? choose(),
      paths: args.paths ?? [],
    })
    this.printReport(report, flags, {verb: 'resolve', done: 'Resolved', already: 'Without a conflict'})
    return report.syncs
  }
}
