import * as Flags from '@oclif/core/flags'
import {ux} from '@oclif/core/ux'
import {KegCommand} from '../lib/command/keg-command.js'
import {canShowSymbols, problemIds, reportText} from '../lib/doctor/doctor-text.js'
import {examine, exitCodeOf, type DoctorReport} from '../lib/doctor/doctor.js'
import {property} from '../lib/json/json.js'

export default class Doctor extends KegCommand {
  static override description = [
    'Engine, known holes, compose, buildx, mutagen, git, registry login, disk, configuration, and what kegs that are gone left',
    'behind: each with the line that mends it. Ends with 0 when nothing is wrong (notices are no failure), with 4 when',
    'something needed is missing, and with 1 when something else has to be mended.',
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    {
      command: '<%= config.bin %> <%= command.id %> --fix',
      description: 'Let containers go on that a killed keg had paused, and remove what it left.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> --registry ghcr.io/acme --json',
      description: 'For scripts, with the login at another registry.',
    },
  ]
  static override flags = {
    'dry-run': Flags.boolean({dependsOn: ['fix'], description: 'Only show what --fix would do.'}),
    fix: Flags.boolean({description: 'Free and remove what kegs that are gone left, after asking.'}),
    registry: Flags.string({
      description: 'Registry to sign in to (default: KEG_REGISTRY, then the user configuration).',
      helpValue: 'HOST[:PORT][/NAMESPACE]',
    }),
  }
  static override summary = 'Look whether all is there that keg needs, and say what mends the rest.'

  async run(): Promise<DoctorReport> {
    const {flags} = await this.parse(Doctor)
    const {pjson, plugins, version} = this.config
    const own = [...plugins.values()].filter(({name, type}) => name !== pjson.name && type !== 'core')
    const report = await examine({
      environment: this.environment(flags),
      fix: !flags.fix ? 'no' : flags['dry-run'] ? 'dry-run' : 'yes',
      installation: {
        nodeRange: nodeRangeOf(pjson.engines),
        nodeVersion: process.versions.node,
        plugins: own.map((plugin) => ({name: plugin.name, version: plugin.version})),
        version,
      },
      questions: this.questions(flags),
      registry: flags.registry,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    })
    const style = {paint: ux.colorize, symbols: canShowSymbols(process.env, process.stdout.isTTY)}
    const quiet = problemIds(report)
    if (!flags.quiet) this.log(reportText(report, style))
    else if (quiet.length > 0) this.log(quiet.join('\n'))
    process.exitCode = exitCodeOf(report)
    return report
  }
}

function nodeRangeOf(engines: unknown): string | undefined {
  const range = property(engines, 'node')
  return typeof range === 'string' ? range : undefined
}
