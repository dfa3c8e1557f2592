import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Interfaces} from '@oclif/core'
import {PULL_POLICIES, type PullPolicy} from '../registry/obtain-image.js'
import type {PackageQuery} from '../package/open-package.js'
import {KegCommand} from './keg-command.js'

/**
 * What commands that query a package share: it is read from the engine, or from the registry if the engine does not have it. Each
 * defines its own `args` and `strict`: oclif's parser does not see inherited ones.
 */
export abstract class PackageQueryCommand extends KegCommand {
  static override args: Interfaces.ArgInput = {
    reference: Args.string({
      description: 'Reference, address of a registry or package page, docker pull line, or path of a package file.',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    pull: Flags.option({
      description:
        'When the engine pulls it first. Without this flag nothing is pulled: what the engine does not have is read from the registry.',
      options: PULL_POLICIES,
    })(),
    remote: Flags.boolean({
      description: 'Read it from the registry, even if the engine has it.',
      exclusive: ['pull'],
    }),
  }

  /** @param words the reference; several words if a line was pasted without quotes */
  protected packageQuery(
    words: readonly unknown[],
    {pull, remote}: {readonly pull?: PullPolicy | undefined; readonly remote: boolean},
  ): PackageQuery {
    return {pull, isRemote: remote, reference: words.length > 0 ? words.join(' ') : undefined}
  }
}
