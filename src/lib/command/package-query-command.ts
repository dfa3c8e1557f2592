import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Interfaces} from '@oclif/core'
import {PULL_POLICIES} from '../registry/obtain-image.js'
import type {PackageQuery} from '../package/open-package.js'
import {KegCommand} from './keg-command.js'

/**
 * What commands that query a package share; a missing package is pulled first. Each defines its own `args` and `strict`:
 * oclif's parser does not see inherited ones.
 */
export abstract class PackageQueryCommand extends KegCommand {
  static override args: Interfaces.ArgInput = {
    reference: Args.string({
      description: 'Reference, address of a registry or package page, docker pull line, or path of a package file.',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    pull: Flags.option({default: 'missing', description: 'When to pull.', options: PULL_POLICIES})(),
  }

  /** @param words the reference; several words if a line was pasted without quotes */
  protected packageQuery(words: readonly unknown[], flags: Pick<PackageQuery, 'pull'>): PackageQuery {
    return {pull: flags.pull, reference: words.length > 0 ? words.join(' ') : undefined}
  }
}
