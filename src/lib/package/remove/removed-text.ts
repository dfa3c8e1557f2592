import {printable} from '../../terminal/text.js'
import type {RemovedPackage} from './model.js'

/** What happened to each name, one line each; what is kept is told before. */
export function removedText(packages: readonly RemovedPackage[]): string {
  return packages
    .flatMap(({outcome, reference}) =>
      outcome === 'kept' ? [] : [`${outcome === 'planned' ? 'Would remove' : 'Removed'} ${printable(reference)}`],
    )
    .join('\n')
}
