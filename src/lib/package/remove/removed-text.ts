import {printable} from '../../terminal/text.js'
import type {RemovedPackage} from './model.js'

/** What happened to each name, one line each, or only the names; what is kept is told before. */
export function removedText(packages: readonly RemovedPackage[], {quiet}: {readonly quiet: boolean}): string {
  return packages
    .filter(({outcome}) => outcome !== 'kept')
    .map(({outcome, reference}) => {
      const name = printable(reference)
      return quiet ? name : `${outcome === 'planned' ? 'Would remove' : 'Removed'} ${name}`
    })
    .join('\n')
}
