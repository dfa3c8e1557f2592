import {cutColumns} from '../../terminal/columns.js'
import {printable} from '../../terminal/text.js'

type Labels = Readonly<Record<string, string>>

/**
 * Whose a package is: which container of which repository, on which branch. No folder: labels travel, and folders name people.
 */
export interface PackageOwner {
  /** Compose's `PROJECT/SERVICE`, else the container's name; undefined in packages of an older keg. */
  readonly container: string | undefined
  /** The full name; undefined without a branch. */
  readonly branch: string | undefined
  /** Web address of the repository; undefined if it has none. */
  readonly source: string | undefined
}

/** The owner that an image's labels name; undefined if it is not a package. Only a hint: anybody can write labels. */
export function ownerOf(labels: Labels | null | undefined): PackageOwner | undefined {
  if (labels?.['com.keg.role'] !== 'package' || labels['com.keg.package.schema'] === undefined) return undefined
  return {
    container: labels['com.keg.package.container'],
    branch: labels['com.keg.package.branch'],
    source: labels['org.opencontainers.image.source'],
  }
}

/** Whether two packages are of the same container: a fact that only one of them has does not count. */
export function isSameOwner(left: PackageOwner, right: PackageOwner): boolean {
  const isSameFact = (one: string | undefined, other: string | undefined): boolean =>
    one === undefined || other === undefined || one === other
  return (
    left.branch === right.branch && isSameFact(left.container, right.container) && isSameFact(left.source, right.source)
  )
}

const MAX_SHOWN = 100

/**
 * The owner of an image, for a sentence: `the package of web on feature/cart by Ann`, `an image that is no package`.
 * @param labels undefined if they cannot be read
 */
export function holderText(labels: Labels | null | undefined): string {
  if (labels === undefined) return 'an image whose labels cannot be read from here'
  const owner = ownerOf(labels)
  const labelText = (label: string, word: string): string => {
    const text = labels?.[label]
    return text === undefined || text === '' ? '' : ` ${word} ${cutColumns(printable(text), MAX_SHOWN)}`
  }
  const createdText = labelText('org.opencontainers.image.created', 'made at')
  if (owner === undefined)
    return `an image that is not a package${labelText('org.opencontainers.image.source', 'from')}${createdText}`
  const container =
    owner.container === undefined ? 'another container' : cutColumns(printable(owner.container), MAX_SHOWN)
  const from = labelText('org.opencontainers.image.source', 'from')
  return `the package of ${container}${labelText('com.keg.package.branch', 'on')}${from}${labelText('com.keg.package.author', 'by')}${createdText}`
}
