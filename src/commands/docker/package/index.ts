import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import {KegCommand} from '../../../lib/command/keg-command.js'
import {isResolved} from '../../../lib/environment/resolved.js'
import {MOUNT_POLICIES} from '../../../lib/package/mount/mount-selection.js'
import {packageContainer} from '../../../lib/package/package-container.js'
import type {PackageResult} from '../../../lib/package/package-result.js'
import {planText, resultText} from '../../../lib/package/package-text.js'

export default class Package extends KegCommand {
  static override args = {
    target: Args.string({
      description: 'Container, service of this folder, or id; without, the container of this folder.',
    }),
  }
  static override description = [
    'The image holds exactly what the container holds: its changed files, its configuration and the contents of its mounts.',
    "It is tagged by the git branch of the container's folder and pushed where there is a registry.",
    'The container stands still only while it is read.',
  ].join(' ')
  static override examples = [
    {command: '<%= config.bin %> <%= command.id %>', description: "Package this folder's container under its branch."},
    {
      command: '<%= config.bin %> <%= command.id %> shop --registry ghcr.io/acme -m "New checkout"',
      description: 'Package the container shop and push it to ghcr.io/acme.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop --verify',
      description: 'Package it, and compare the image with the container file by file before anybody gets it.',
    },
    {
      command: '<%= config.bin %> <%= command.id %> shop -t review --dry-run',
      description: 'Show what would be in it, how big it is and how it would be called.',
    },
  ]
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
    name: Flags.string({description: 'Image name (default: service, repository or container).', helpValue: 'NAME'}),
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
  static override hiddenAliases = ['dpg']
  static override summary = 'Make an image of a running container, its mounts included, and push it.'

  async run(): Promise<PackageResult> {
    const {args, flags, raw} = await this.parse(Package)
    // From the environment oclif gives a single string, whatever the type says.
    const tags = [flags.tag ?? []].flat()
    // `-t develop` on the branch develop is the user's own word, though the tag is the same.
    const tagIsWritten = raw.some((word) => word.type === 'flag' && word.flag === 'tag')
    const tagIsResolved = !tagIsWritten && isResolved(process.env, 'KEG_TAG')
    const result = await packageContainer({
      target: args.target,
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
    })
    this.log(flags.quiet ? (result.pinned ?? result.reference) : resultText(result, {isDryRun: flags['dry-run']}))
    return result
  }
}
