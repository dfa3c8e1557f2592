import * as Flags from '@oclif/core/flags'
import {ux} from '@oclif/core/ux'
import type {Answers} from '../lib/command/answers.js'
import {KegCommand} from '../lib/command/keg-command.js'
import {canShowSymbols, problemIds, reportText} from '../lib/doctor/doctor-text.js'
import {examine, exitCodeOf} from '../lib/doctor/doctor.js'
import {property} from '../lib/json/json.js'
import {availableColumns} from '../lib/terminal/columns.js'

export default class Doctor extends KegCommand {
  static override description = [
    'Checks the engine, its advisories, compose, buildx, mutagen, git, the registry login, disk space, the configuration, and',
    'leftovers of killed keg processes, and shows how to fix each problem. Exits with 0 if nothing is wrong (notices do not',
    'count), with 4 if something is missing, and with 1 if something else has to be fixed.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      command: '<%= config.bin %> <%= command.id %> --fix',
      description: 'Unpause containers that a killed keg left paused, and remove its leftovers.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> --registry ghcr.io/acme --json',
      description: 'Check the login of another registry too, for scripts.',
    },
  ]
  static override flags = {
    advisories: Flags.boolean({description: 'List the advisories that apply to this engine.'}),
    'dry-run': Flags.boolean({dependsOn: ['fix'], description: 'Only show what --fix would do.'}),
    fix: Flags.boolean({description: 'Resume and remove what killed keg processes left behind, after asking.'}),
    registry: Flags.string({
      description: 'Registry to sign in to (default: KEG_REGISTRY, then the user configuration).',
      helpValue: 'HOST[:PORT][/NAMESPACE]',
    }),
  }
  static override summary = 'Check what keg needs on this machine, and fix what can be fixed.'

  protected override readonly reportedInvalid = 'all'

  async run(): Promise<Answers['doctor']> {
    const {flags} = await this.parse(Doctor)
    const {pjson, plugins, version} = this.config
    const own = [...plugins.values()].filter(({name, type}) => name !== pjson.name && type !== 'core')
    const report = await examine(this.work(flags), {
      fix: !flags.fix ? 'no' : flags['dry-run'] ? 'dry-run' : 'yes',
      installation: {
        nodeRange: nodeRangeOf(pjson.engines),
        nodeVersion: process.versions.node,
        plugins: own.map((plugin) => ({name: plugin.name, version: plugin.version})),
        version,
      },
      registry: flags.registry,
    })
    const style = {paint: ux.colorize, symbols: canShowSymbols(process.env, process.stdout.isTTY)}
    const quiet = problemIds(report)
    if (!flags.quiet)
      this.log(
        reportText(report, style, {advisories: flags.advisories, width: availableColumns(process.stdout, process.env)}),
      )
    else if (quiet.length > 0) this.log(quiet.join('\n'))
    process.exitCode = exitCodeOf(report)
    return report
  }
}

function nodeRangeOf(engines: unknown): string | undefined {
  const range = property(engines, 'node')
  return typeof range === 'string' ? range : undefined
}
