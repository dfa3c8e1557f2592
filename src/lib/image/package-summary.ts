import {formatAge} from '../terminal/age.js'
import {cutColumns} from '../terminal/columns.js'
import {printable} from '../terminal/text.js'
import {PACKAGE_SCHEMA} from './labels.js'
import {readPackageFacts, type ReadFacts} from './read-labels.js'

/** The facts in a package's summary. */
export type SummaryFacts = Pick<
  ReadFacts,
  'author' | 'branch' | 'commit' | 'container' | 'created' | 'dirty' | 'message'
>

/** How many hexadecimal digits of a commit are shown, as docker does for ids. */
export const COMMIT_DIGITS = 12

const MAX_LENGTH = 200
const MAX_MESSAGE_LINES = 5

/** What an image's labels say about the package; undefined if it is not a package, or of another version of keg. */
export function summaryFacts(labels: Readonly<Record<string, string>> | null | undefined): SummaryFacts | undefined {
  const isPackage = labels?.['com.keg.role'] === 'package' && labels['com.keg.package.schema'] === PACKAGE_SCHEMA
  if (!isPackage) return undefined
  const {author, branch, commit, container, created, dirty, message} = readPackageFacts('', labels)
  return {author, branch, commit, container, created, dirty, message}
}

/**
 * Where a package comes from, in one line: `branch feature-x, commit 0123456789ab with uncommitted changes, by Ada, 3 hours ago`.
 * Leaves out what is unknown; empty if nothing is known.
 */
export function originLine(
  {author, branch, commit, created, dirty}: Omit<SummaryFacts, 'container'>,
  now: Date,
): string {
  const changes = dirty === true ? ' with uncommitted changes' : dirty === false ? ', nothing uncommitted' : ''
  const parts = [
    branch === null ? [] : `branch ${shortened(branch)}`,
    commit === null ? [] : `commit ${commit.slice(0, COMMIT_DIGITS)}${changes}`,
    author === null ? [] : `by ${shortened(author)}`,
    created === null ? [] : formatAge(new Date(created), now),
  ]
  return parts.flat().join(', ')
}

/** The origin of a package, and its message indented below; at most a few lines of it. */
export function packageSummary(name: string, facts: SummaryFacts, now: Date): string {
  const lines = (facts.message ?? '').trim().split('\n')
  const shown = lines.slice(0, MAX_MESSAGE_LINES).map((line) => shortened(line))
  const message = [...shown, ...(lines.length > shown.length ? ['...'] : [])].filter((line) => line !== '')
  const origin = originLine(facts, now)
  return [
    `Package ${printable(name)}: ${origin === '' ? 'its origin is unknown' : origin}`,
    ...message.map((line) => `  ${line}`),
  ].join('\n')
}

function shortened(text: string): string {
  return cutColumns(printable(text), MAX_LENGTH, '...')
}
