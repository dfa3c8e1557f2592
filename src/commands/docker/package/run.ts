import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {PULL_POLICIES} from '../../../lib/package/obtain-image.js'
import type {RunResult} from '../../../lib/package/run/run-context.js'
import {runPackage} from '../../../lib/package/run/run-package.js'
import {splitCommand} from '../../../lib/package/run/split-command.js'

const several = {multiple: true, multipleNonGreedy: true} as const

export default class DockerPackageRun extends KegCommand {
  static override args = {
    reference: Args.string({description: 'Reference, address of a registry or package page, or docker pull line.'}),
  }
  static override description = [
    'Exposed ports are published on 127.0.0.1, moved where taken. In the foreground its logs follow, Ctrl-C stops and removes',
    "it, and the exit code is the container's own. A command goes after --.",
  ].join(' ')
  static override examples = [
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x --detach --publish 9090:8080 --env MODE=review',
    '<%= config.bin %> <%= command.id %> 127.0.0.1:5000/shop:feature-x -- ls -l /',
  ]
  static override flags = {
    detach: Flags.boolean({char: 'd', description: 'Return when it is ready, and leave it running.'}),
    'dry-run': Flags.boolean({description: 'Only say what would be done.'}),
    entrypoint: Flags.string({description: 'Program to start instead of the ENTRYPOINT of the image.'}),
    env: Flags.string({char: 'e', description: 'KEY=VALUE, or KEY for the value it has here.', ...several}),
    'env-file': Flags.string({description: 'File of environment variables, one a line.', ...several}),
    name: Flags.string({description: 'Name of the container; default: keg-<name>-<tag>.'}),
    network: Flags.string({description: 'Network to connect it to.'}),
    publish: Flags.string({char: 'p', description: '[[IP:]HOST:]CONTAINER[/PROTOCOL], or ranges.', ...several}),
    pull: Flags.option({default: 'always', description: 'When to pull.', options: PULL_POLICIES})(),
    rm: Flags.boolean({allowNo: true, description: 'Remove it when it ends; in the foreground the default.'}),
    wait: Flags.string({description: 'How long to wait until it is ready; default: 60s, or 0 with a command.'}),
  }
  static override hiddenAliases = ['dpg:run']
  static override strict = false
  static override summary = 'Run a package, as the line in a pull request says.'

  async run(): Promise<void> {
    const {before, command} = splitCommand(this.argv)
    const {argv, flags} = await this.parse(DockerPackageRun, before)
    // With a command of the user's own, what that prints is the result.
    const isCommand = command.length > 0 && !flags.detach && !flags['dry-run']
    const ready = (result: RunResult): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else if (!isCommand) this.log(flags.quiet ? (result.container ?? result.name) : (result.url ?? result.name))
    }
    const stderr = flags.quiet && !isCommand ? undefined : process.stderr
    process.exitCode = await runPackage({
      ...flags,
      command,
      dryRun: flags['dry-run'],
      environment: this.environment(flags),
      environmentFiles: flags['env-file'] ?? [],
      output: {stderr, stdout: isCommand && !this.jsonEnabled() ? process.stdout : stderr},
      progress: this.progress(flags),
      publish: flags.publish ?? [],
      questions: this.questions(flags),
      ready,
      // A line that was pasted without quotes comes in words.
      reference: argv.length > 0 ? argv.join(' ') : undefined,
      remove: flags.rm,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
      variables: flags.env ?? [],
    })
  }
}
