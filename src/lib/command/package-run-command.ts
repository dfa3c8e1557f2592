import * as Flags from '@oclif/core/flags'
import type {Answers} from './answers.js'
import {PULL_POLICIES, type PullPolicy} from '../registry/obtain-image.js'
import type {DockerFlags} from '../package/run/docker-flags.js'
import type {ProjectRunResult} from '../package/run-project/model.js'
import type {RunPackageOptions, RunResult} from '../package/run/run-context.js'
import {printable} from '../terminal/text.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

/** What is printed once a package is ready. */
function readyText(result: RunResult | ProjectRunResult, {quiet}: Pick<SharedFlags, 'quiet'>): string {
  if (!('services' in result)) return quiet ? (result.container ?? result.name) : (result.url ?? result.name)
  const urls = result.services.flatMap(({service, url}) => (url === null ? [] : [printable(`${service}: ${url}`)]))
  return quiet || urls.length === 0 ? result.project : urls.join('\n')
}

const several = {multiple: true, multipleNonGreedy: true} as const

/** Flags of `docker run`, for what the package itself does not set. */
const docker = {helpGroup: 'DOCKER RUN'} as const

/** The flags of commands that run packages, parsed. */
interface PackageRunFlags extends SharedFlags, DockerFlags {
  readonly detach: boolean
  readonly 'dry-run': boolean
  readonly entrypoint?: string | undefined
  readonly env?: readonly string[] | undefined
  readonly 'env-file'?: readonly string[] | undefined
  readonly name?: string | undefined
  readonly network?: string | undefined
  readonly 'output-compose'?: string | undefined
  readonly proxy: boolean
  readonly 'proxy-entry'?: string | undefined
  readonly 'proxy-host': string
  readonly 'proxy-network': string
  readonly publish?: readonly string[] | undefined
  readonly pull: PullPolicy
  readonly replace: boolean
  readonly reuse: boolean
  readonly rm?: boolean | undefined
  readonly 'run-settings': boolean
  readonly wait?: string | undefined
}

/**
 * What commands that run a package share. Each defines its own `args` and `strict`: oclif's parser does not see inherited
 * ones.
 */
export abstract class PackageRunCommand extends KegCommand {
  static override flags = {
    'add-host': Flags.string({
      description: 'Add a host name with its address.',
      helpValue: 'NAME:ADDRESS',
      ...docker,
      ...several,
    }),
    'cap-add': Flags.string({description: 'Add a Linux capability.', helpValue: 'CAPABILITY', ...docker, ...several}),
    cgroupns: Flags.string({description: 'Cgroup namespace.', helpValue: 'host|private', ...docker}),
    detach: Flags.boolean({char: 'd', description: 'Return when it is ready, and leave it running.'}),
    device: Flags.string({
      description: 'Add a device of the host.',
      helpValue: 'HOST[:CONTAINER][:rwm]',
      ...docker,
      ...several,
    }),
    'device-cgroup-rule': Flags.string({
      description: 'Add a cgroup rule for devices.',
      helpValue: 'RULE',
      ...docker,
      ...several,
    }),
    dns: Flags.string({description: 'DNS server.', helpValue: 'ADDRESS', ...docker, ...several}),
    'dns-option': Flags.string({description: 'DNS option.', helpValue: 'OPTION', ...docker, ...several}),
    'dns-search': Flags.string({description: 'DNS search domain.', helpValue: 'DOMAIN', ...docker, ...several}),
    'dry-run': Flags.boolean({description: 'Only show what would be done.'}),
    entrypoint: Flags.string({description: 'Program to start instead of the ENTRYPOINT of the image.'}),
    env: Flags.string({char: 'e', description: 'KEY=VALUE, or KEY to pass on its value from this shell.', ...several}),
    'env-file': Flags.string({description: 'File with environment variables, one per line.', ...several}),
    gpus: Flags.string({description: 'GPUs to add.', helpValue: 'all|NUMBER|device=ID', ...docker, ...several}),
    'group-add': Flags.string({
      description: 'Additional group of its user.',
      helpValue: 'GROUP',
      ...docker,
      ...several,
    }),
    hostname: Flags.string({description: 'Host name of the container.', helpValue: 'NAME', ...docker}),
    ipc: Flags.string({description: 'IPC namespace.', helpValue: 'MODE', ...docker}),
    name: Flags.string({description: 'Name of the container; default: keg-<name>-<tag>.'}),
    network: Flags.string({description: 'Network to connect it to.'}),
    'network-alias': Flags.string({
      description: 'Alias in the network of --network.',
      helpValue: 'NAME',
      ...docker,
      ...several,
    }),
    'output-compose': Flags.string({
      description: 'Write the compose file of a packaged project to the folder DIR, and do not run it.',
      helpValue: 'DIR',
    }),
    pid: Flags.string({description: 'PID namespace.', helpValue: 'MODE', ...docker}),
    privileged: Flags.boolean({description: 'Give it extended privileges on the host.', ...docker}),
    proxy: Flags.boolean({
      allowNo: true,
      default: false,
      description: 'Serve it by a traefik proxy at <name>-<branch>.<domain>, instead of publishing exposed ports.',
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
      description: 'Network of the proxy, created if it is missing.',
      env: 'KEG_DOCKER_NETWORK',
      helpGroup: 'PROXY',
      helpValue: 'NAME',
    }),
    publish: Flags.string({char: 'p', description: '[[IP:]HOST:]CONTAINER[/PROTOCOL], or ranges.', ...several}),
    pull: Flags.option({default: 'always', description: 'When to pull.', options: PULL_POLICIES})(),
    replace: Flags.boolean({description: 'Remove an existing container of that name.', exclusive: ['reuse']}),
    reuse: Flags.boolean({description: 'Reuse an existing container of that name, if it runs this package.'}),
    rm: Flags.boolean({
      allowNo: true,
      description: 'Remove it when it ends (default in the foreground); if given, also when it fails.',
    }),
    'run-settings': Flags.boolean({
      allowNo: true,
      default: true,
      description: 'Use the harmless run settings of the packaged container.',
    }),
    runtime: Flags.string({description: 'Runtime of the engine.', helpValue: 'RUNTIME', ...docker}),
    'security-opt': Flags.string({description: 'Security option.', helpValue: 'OPTION', ...docker, ...several}),
    'shm-size': Flags.string({description: 'Size of /dev/shm.', helpValue: 'SIZE', ...docker}),
    sysctl: Flags.string({description: 'Kernel parameter (sysctl).', helpValue: 'NAME=VALUE', ...docker, ...several}),
    tmpfs: Flags.string({description: 'Mount a tmpfs.', helpValue: 'PATH[:OPTIONS]', ...docker, ...several}),
    ulimit: Flags.string({
      description: 'Limit of its processes (ulimit).',
      helpValue: 'NAME=SOFT[:HARD]',
      ...docker,
      ...several,
    }),
    userns: Flags.string({description: 'User namespace.', helpValue: 'host', ...docker}),
    uts: Flags.string({description: 'UTS namespace.', helpValue: 'host', ...docker}),
    wait: Flags.string({description: 'How long to wait until it is ready; default: 60s, or 0 with a command.'}),
    workdir: Flags.string({char: 'w', description: 'Working directory.', helpValue: 'PATH', ...docker}),
  }

  /**
   * What the command line says about the run.
   * @param words the reference; several words if a line was pasted without quotes
   * @param command what follows `--`
   */
  protected runPackageOptions(
    words: readonly unknown[],
    command: readonly string[],
    flags: PackageRunFlags,
  ): RunPackageOptions {
    // With a command of the user, its output is the result.
    const isCommand = command.length > 0 && !flags.detach && !flags['dry-run']
    const ready = (result: Answers['docker:package:run' | 'tap:package:run']): void => {
      if (this.jsonEnabled()) this.logJson(result)
      else if (!isCommand) this.log(readyText(result, flags))
    }
    const stderr = flags.quiet && !isCommand ? undefined : process.stderr
    const {'proxy-entry': entry, 'proxy-host': host, 'proxy-network': network} = flags
    return {
      ...flags,
      command,
      docker: flags,
      dryRun: flags['dry-run'],
      onTakenName: flags.replace ? 'replace' : flags.reuse ? 'reuse' : undefined,
      environmentFiles: flags['env-file'] ?? [],
      output: {stderr, stdout: isCommand && !this.jsonEnabled() ? process.stdout : stderr},
      proxy: flags.proxy ? {entry, host, network} : undefined,
      outputCompose: flags['output-compose'],
      publish: flags.publish ?? [],
      ready,
      reference: words.length > 0 ? words.join(' ') : undefined,
      remove: flags.rm,
      runSettings: flags['run-settings'],
      variables: flags.env ?? [],
    }
  }
}
