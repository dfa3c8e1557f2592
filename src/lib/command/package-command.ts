import * as Flags from '@oclif/core/flags'
import {isResolved} from '../process/resolved.js'
import {PAUSE_MODES, type PauseMode} from '../package/capture/pause-mode.js'
import {PathPatterns} from '../package/exclude/path-patterns.js'
import {MOUNT_POLICIES, type MountPolicy} from '../package/mount/mount-selection.js'
import {COMPRESSIONS, type CompressionName} from '../image/archive/compression.js'
import {WAYS, type Way} from '../package/target/model.js'
import type {PackageOptions} from '../package/package-options.js'
import type {PackageResult} from '../package/package-result.js'
import {projectText, type ProjectResult} from '../package/project/project-result.js'
import {planText, resultText} from '../package/package-text.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

/** The flags of commands that make packages, parsed. */
interface PackageFlags extends SharedFlags {
  readonly exclude?: readonly string[] | undefined
  readonly 'exclude-env'?: readonly string[] | undefined
  readonly 'accept-replaced': boolean
  readonly 'allow-secret'?: readonly string[] | undefined
  readonly author?: string | undefined
  readonly branch?: string | undefined
  readonly compression: CompressionName
  readonly 'compression-level'?: number | undefined
  readonly 'dry-run': boolean
  readonly 'exclude-mount'?: readonly string[] | undefined
  readonly 'exclude-service'?: readonly string[] | undefined
  readonly 'include-mount'?: readonly string[] | undefined
  readonly load: boolean
  readonly message?: string | undefined
  readonly mounts: MountPolicy
  readonly name?: string | undefined
  readonly output?: string | undefined
  readonly pause: PauseMode
  readonly 'pause-writers': boolean
  readonly project: boolean
  readonly push: boolean | undefined
  readonly registry?: string | undefined
  readonly 'replace-tag': boolean
  readonly since?: string | undefined
  readonly tag?: readonly string[] | undefined
  readonly verify: boolean
  readonly via: Way | undefined
}

/** A part of the command line, as oclif read it. */
interface CommandToken {
  readonly type: 'arg' | 'flag'
  readonly flag?: string
}

/** What commands that make packages share. Each defines its own `args`: oclif's parser does not see inherited ones. */
export abstract class PackageCommand extends KegCommand {
  static override flags = {
    'accept-replaced': Flags.boolean({
      description:
        'Package the new source of a bind mount if the old one, which the container still has, cannot be read.',
    }),
    'allow-secret': Flags.string({
      description: 'Package the secret at PATH (a file, a folder or a pattern such as /app/**/.env) without asking.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    author: Flags.string({
      char: 'a',
      description: 'Author of the package (default: the user of git).',
      helpValue: 'AUTHOR',
    }),
    branch: Flags.string({description: 'Branch to tag it with.', env: 'KEG_BRANCH', helpValue: 'BRANCH'}),
    compression: Flags.option({
      default: 'gzip',
      description:
        'How to compress the layers that keg sends straight into a registry; zstd takes Docker 23 or newer to pull.',
      options: COMPRESSIONS,
    })(),
    'compression-level': Flags.integer({
      description: 'From 1 (fast) to 9 for gzip, 19 for zstd (small).',
      helpValue: 'LEVEL',
    }),
    'dry-run': Flags.boolean({description: 'Only show what it would hold, its size and its name.'}),
    exclude: Flags.string({
      description: 'Exclude the file or folder at PATH, in a mount or not (or a pattern, such as /app/**/*.log).',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'exclude-env': Flags.string({
      description: 'Exclude the environment variable NAME.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'exclude-mount': Flags.string({
      description: 'Exclude the mount at PATH.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'exclude-service': Flags.string({
      dependsOn: ['project'],
      description: 'Leave out the service NAME of the compose project.',
      helpValue: 'NAME',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'include-mount': Flags.string({
      description: 'Include the mount at PATH, which would be excluded.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    load: Flags.boolean({
      description: 'Give it to the engine too, if keg sends it straight into a registry or writes it to a file.',
    }),
    message: Flags.string({char: 'm', description: 'Message that describes the package.', helpValue: 'TEXT'}),
    mounts: Flags.option({default: 'all', description: 'Which mounts to include.', options: MOUNT_POLICIES})(),
    name: Flags.string({
      description: 'Image name (default: tap, service, repository or container).',
      helpValue: 'NAME',
    }),
    output: Flags.string({
      char: 'o',
      description: 'Write it to a file, and neither to the engine nor to a registry; - is standard output.',
      helpValue: 'FILE',
    }),
    pause: Flags.option({
      default: 'short',
      description:
        'Pause the container until its mounts are recorded in temporary files, or, without files, until all is sent straight into a registry.',
      env: 'KEG_PAUSE',
      options: PAUSE_MODES,
    })(),
    'pause-writers': Flags.boolean({
      description: 'Also pause other containers that may write to its mounts, while these are read.',
    }),
    project: Flags.boolean({
      description:
        'Package all containers of the compose project, at one moment, as one package (default: one container).',
      exclusive: ['output', 'since'],
    }),
    push: Flags.boolean({allowNo: true, description: 'Push it (default: if a registry is set, and without --output).'}),
    registry: Flags.string({
      description: 'Registry to push it to.',
      env: 'KEG_REGISTRY',
      helpValue: 'HOST[:PORT][/NAMESPACE]',
    }),
    'replace-tag': Flags.boolean({
      description: 'Move a tag that belongs to the package of another container or branch, or to another image.',
    }),
    since: Flags.string({
      dependsOn: ['output'],
      description: 'Leave out of the file the layers that this image has: a reference, or a file written before.',
      helpValue: 'REFERENCE|FILE',
    }),
    tag: Flags.string({
      char: 't',
      description: "Tag or whole reference, instead of the branch's tag.",
      env: 'KEG_TAG',
      helpValue: 'TAG',
      multiple: true,
      multipleNonGreedy: true,
    }),
    verify: Flags.boolean({description: 'Read it back and compare it, file by file, before it gets its name.'}),
    via: Flags.option({
      description:
        'Who pushes it: the engine, or keg itself, straight into the registry (default: keg, if the engine is on this machine and keg can reach the registry).',
      env: 'KEG_VIA',
      options: WAYS,
    })(),
  }

  /** What the command line says about the package, apart from what is packaged. @param raw the parts of the command line */
  protected packageOptions(flags: PackageFlags, raw: readonly CommandToken[]): Omit<PackageOptions, 'target'> {
    // From the environment, oclif gives a single string, whatever the type says.
    const tags = [flags.tag ?? []].flat()
    // With `-t develop` on the branch develop, the user chose the tag, though it is the same.
    const tagIsTyped = raw.some((token) => token.type === 'flag' && token.flag === 'tag')
    const tagIsResolved = !tagIsTyped && isResolved(process.env, 'KEG_TAG')
    return {
      tags: tagIsResolved ? [] : tags,
      currentTag: tagIsResolved ? tags[0] : undefined,
      name: flags.name,
      registry: flags.registry,
      push: flags.push,
      replaceTag: flags['replace-tag'],
      mounts: {policy: flags.mounts, exclude: flags['exclude-mount'] ?? [], include: flags['include-mount'] ?? []},
      exclude: PathPatterns.parse('--exclude', flags.exclude ?? []),
      excludeEnvironment: flags['exclude-env'] ?? [],
      acceptReplaced: flags['accept-replaced'],
      pause: flags.pause,
      pauseWriters: flags['pause-writers'],
      allowedSecrets: PathPatterns.parse('--allow-secret', flags['allow-secret'] ?? []),
      message: flags.message,
      author: flags.author,
      branch: flags.branch,
      verify: flags.verify,
      via: flags.via,
      load: flags.load,
      compression: flags.compression,
      level: flags['compression-level'],
      dryRun: flags['dry-run'],
      output: flags.output,
      since: flags.since,
      stdout: this.jsonEnabled() ? undefined : process.stdout,
      onPlan: (plan) => this.notice(flags, planText(plan)),
    }
  }

  /** Prints what was made. */
  protected printResult<Result extends PackageResult | ProjectResult>(result: Result, flags: PackageFlags): Result {
    const text = flags.quiet ? shortest(result) : textOf(result, {isDryRun: flags['dry-run']})
    // Standard output has the package itself.
    if (flags.output === '-') this.notice(flags, text)
    else this.log(text)
    return result
  }
}

function textOf(result: PackageResult | ProjectResult, options: {readonly isDryRun: boolean}): string {
  return 'services' in result ? projectText(result) : resultText(result, options)
}

/** What `--quiet` prints. */
function shortest(result: PackageResult | ProjectResult): string {
  const file = 'file' in result ? result.file : null
  return result.pinned ?? file ?? result.reference
}
