import * as Flags from '@oclif/core/flags'
import {isResolved} from '../environment/resolved.js'
import {MOUNT_POLICIES, type MountPolicy} from '../package/mount/mount-selection.js'
import type {PackageOptions} from '../package/package-container.js'
import type {PackageResult} from '../package/package-result.js'
import {planText, resultText} from '../package/package-text.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

/** The flags of commands that make packages, once parsed. */
interface PackageFlags extends SharedFlags {
  readonly author?: string | undefined
  readonly branch?: string | undefined
  readonly 'dry-run': boolean
  readonly 'exclude-mount'?: readonly string[] | undefined
  readonly 'include-mount'?: readonly string[] | undefined
  readonly message?: string | undefined
  readonly mounts: MountPolicy
  readonly name?: string | undefined
  readonly push: boolean | undefined
  readonly registry?: string | undefined
  readonly tag?: readonly string[] | undefined
  readonly verify: boolean
}

/** A part of the command line, as oclif read it. */
interface CommandWord {
  readonly type: 'arg' | 'flag'
  readonly flag?: string
}

/** What the commands share that make a package. `args` are named by each: oclif's parser sees no inherited ones. */
export abstract class PackageCommand extends KegCommand {
  static override flags = {
    author: Flags.string({char: 'a', description: 'Who made it (default: user of git).', helpValue: 'AUTHOR'}),
    branch: Flags.string({description: 'Branch that it is tagged by.', env: 'KEG_BRANCH', helpValue: 'BRANCH'}),
    'dry-run': Flags.boolean({description: 'Only show what would be in it, how big, and under which name.'}),
    'exclude-mount': Flags.string({
      description: 'Leave out the mount at PATH.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    'include-mount': Flags.string({
      description: 'Take in the mount at PATH, which would be left out.',
      helpValue: 'PATH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    message: Flags.string({char: 'm', description: 'What it shows.', helpValue: 'TEXT'}),
    mounts: Flags.option({default: 'all', description: 'Which mounts go in.', options: MOUNT_POLICIES})(),
    name: Flags.string({
      description: 'Image name (default: tap, service, repository or container).',
      helpValue: 'NAME',
    }),
    push: Flags.boolean({allowNo: true, description: 'Push it (default: where there is a registry).'}),
    registry: Flags.string({
      description: 'Where it is pushed.',
      env: 'KEG_REGISTRY',
      helpValue: 'HOST[:PORT][/NAMESPACE]',
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
  }

  /** What the command line says of the package, besides what is packaged. @param raw the command line in its parts */
  protected packaging(flags: PackageFlags, raw: readonly CommandWord[]): Omit<PackageOptions, 'target'> {
    // From the environment oclif gives a single string, whatever the type says.
    const tags = [flags.tag ?? []].flat()
    // `-t develop` on the branch develop is the user's own word, though the tag is the same.
    const tagIsWritten = raw.some((word) => word.type === 'flag' && word.flag === 'tag')
    const tagIsResolved = !tagIsWritten && isResolved(process.env, 'KEG_TAG')
    return {
      folder: process.cwd(),
      environment: this.environment(flags),
      tags: tagIsResolved ? [] : tags,
      currentTag: tagIsResolved ? tags[0] : undefined,
      name: flags.name,
      registry: flags.registry,
      push: flags.push,
      mounts: {policy: flags.mounts, exclude: flags['exclude-mount'] ?? [], include: flags['include-mount'] ?? []},
      message: flags.message,
      author: flags.author,
      branch: flags.branch,
      verify: flags.verify,
      dryRun: flags['dry-run'],
      questions: this.questions(flags),
      say: (line) => this.tell(flags, line),
      onPlan: (plan) => this.tell(flags, planText(plan)),
      progress: this.progress(flags),
      signal: this.signal,
    }
  }

  /** Prints what was made. */
  protected finish(result: PackageResult, flags: PackageFlags): PackageResult {
    const isDryRun = flags['dry-run']
    this.log(flags.quiet ? (result.pinned ?? result.reference) : resultText(result, {isDryRun}))
    return result
  }
}
