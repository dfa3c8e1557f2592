import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type {Interfaces} from '@oclif/core'
import {PULL_POLICIES} from '../registry/obtain-image.js'
import type {PackageQuery} from '../package/open-package.js'
import {KegCommand, type SharedFlags} from './keg-command.js'

/**
 * What commands share that ask about a package, pulled first where it is not here. `args` and `strict` are named by each
 * again: oclif's parser sees those of the class itself alone.
 */
export abstract class PackageQueryCommand extends KegCommand {
  static override args: Interfaces.ArgInput = {
    reference: Args.string({
      description: 'Reference, address of a registry or package page, or docker pull line.',
      ignoreStdin: true,
    }),
  }
  static override flags = {
    pull: Flags.option({default: 'missing', description: 'When to pull.', options: PULL_POLICIES})(),
  }

  /** @param words the reference; a line that was pasted without quotes comes in several */
  protected query(words: readonly unknown[], flags: SharedFlags & Pick<PackageQuery, 'pull'>): PackageQuery {
    return {
      environment: this.environment(flags),
      progress: this.progress(flags),
      pull: flags.pull,
      questions: this.questions(flags),
      reference: words.length > 0 ? words.join(' ') : undefined,
      say: (line) => this.tell(flags, line),
      signal: this.signal,
    }
  }
}
