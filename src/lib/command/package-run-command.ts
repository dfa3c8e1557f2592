import * as Flags from '@oclif/core/flags'
import {PULL_POLICIES, type PullPolicy} from '../registry/obtain-image.js'
import type {RunPackageOptions, RunResult} from '../package/run/run-context.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

const several = {multiple: true, multipleNonGreedy: true} as const

/** The flags of commands that run packages, once parsed. */
interface PackageRunFlags extends SharedFlags {
  readonly detach: boolean
  readonly 'dry-run': boolean
  readonly entrypoint?: string | undefined
  readonly env?: readonly string[] | undefined
  readonly 'env-file'?: readonly string[] | undefined
  readonly name?: string | undefined
  readonly network?: string | undefined
  readonly proxy: boolean
  readonly 'proxy-entry'?: string | undefined
  readonly 'proxy-host': string
  readonly 'proxy-network': string
  readonly publish?: readonly string[] | undefined
  readonly pull: PullPolicy
  readonly rm?: boolean | undefined
  readonly wait?: string | undefined
}

/** What the commands share that run a package. `args` and `strict` are named by each: oclif's parser sees no inherited ones. */
export abstract class PackageRunCommand extends KegCommand {
  static override flags = {
    detach: Flags.boolean({char: 'd', description: 'Return when it is ready, and leave it running.'}),
    'dry-run': Flags.boolean({description: 'Only say what would be done.'}),
    entrypoint: Flags.string({description: 'Program to start instead of the ENTRYPOINT of the image.'}),
    env: Flags.string({char: 'e', description: 'KEY=VALUE, or KEY for the value it has here.', ...several}),
    'env-file': Flags.string({description: 'File of environment variables, one a line.', ...several}),
    name: Flags.string({description: 'Name of the container; default: keg-<name>-<tag>.'}),
    network: Flags.string({description: 'Network to connect it to.'}),
    proxy: Flags.boolean({
      allowNo: true,
      default: false,
      description: 'Have a traefik proxy serve it at <name>-<branch>.<domain>, rather than publish exposed ports.',
      env: 'KEG_USE_PROXY',
    }),
    'proxy-entry': Flags.string({
      description: 'Entrypoint of the proxy.',
      env: 'KEG_PROXY_ENTRY',
      helpGroup: 'PROXY',
      helpValue: 'NAME',
    }),
    'proxy-host': Flags.string({
      default: 'localhost',
      description: 'Domain of the proxy.',
      env: 'KEG_PROXY_HOST',
      helpGroup: 'PROXY',
      helpValue: 'DOMAIN',
    }),
    'proxy-network': Flags.string({
      default: 'keg-hub-net',
      description: 'Network that the proxy is in, made where it is missing.',
      env: 'KEG_DOCKER_NETWORK',
      helpGroup: 'PROXY',
      helpValue: 'NAME',
    }),
    publish: Flags.string({char: 'p', description: '[[IP:]HOST:]CONTAINER[/PROTOCOL], or ranges.', ...several}),
    pull: Flags.option({default: 'always', description: 'When to pull.', options: PULL_POLICIES})(),
    rm: Flags.boolean({allowNo: true, description: 'Remove it when it ends; in the foreground the default.'}),
    wait: Flags.string({description: 'How long to wait until it is ready; default: 60s, or 0 with a command.'}),
  }

  /**
   * What the command line says of the run.
   * @param words of the reference: a line that was pasted without quotes comes in several
   * @param command what stands after `--`
   */
  protected running(words: readonly unknown[], command: readonly string[], flags: PackageRunFlags): RunPackageOptions {
    // With a command of the user's own, what that prints is the result.
    const isCommand = command.length > 0 && !flags.detach && !flags['dry-run']
    const ready = (result: RunResult): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else if (!isCommand) this.log(flags.quiet ? (result.container ?? result.name) : (result.url ?? result.name))
    }
    const stderr = flags.quiet && !isCommand ? undefined : process.stderr
    const {'proxy-entry': entry, 'proxy-host': host, 'proxy-network': network} = flags
    return {
      ...flags,
      command,
      dryRun: flags['dry-run'],
      environment: this.environment(flags),
      environmentFiles: flags['env-file'] ?? [],
      output: {stderr, stdout: isCommand && !this.jsonEnabled() ? process.stdout : stderr},
      progress: this.progress(flags),
      proxy: flags.proxy ? {entry, host, network} : undefined,
      publish: flags.publish ?? [],
      questions: this.questions(flags),
      ready,
      reference: words.length > 0 ? words.join(' ') : undefined,
      remove: flags.rm,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
      variables: flags.env ?? [],
    }
  }
}
