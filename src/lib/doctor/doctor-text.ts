import {commandLine} from '../terminal/command-line.js'
import {columnsOf, padColumns} from '../terminal/columns.js'
import {count, printable} from '../terminal/text.js'
import {wrapText} from '../terminal/wrap-text.js'
import type {Check, CheckStatus} from './check.js'
import {ADVISORIES_CHECK, type DoctorReport} from './doctor.js'
import type {FixResult} from './model.js'

/** What the terminal can show. */
export interface TextStyle {
  /** Whether it can show symbols beyond ASCII. */
  readonly symbols: boolean
  /** Colours a text, or returns it unchanged. */
  readonly paint: (colour: 'green' | 'yellow' | 'red' | 'dim', text: string) => string
}

const MARKS = {ok: '✔', notice: '!', problem: '✘', missing: '✘', skipped: '·'} as const
const COLOURS = {ok: 'green', notice: 'yellow', problem: 'red', missing: 'red', skipped: 'dim'} as const
const OUTCOMES: Readonly<Record<FixResult['outcome'], string>> = {
  fixed: 'fixed',
  planned: 'would be fixed',
  kept: 'kept',
  failed: 'could not be fixed',
}

/** How much of a report to show, and how wide. */
export interface ReportOptions {
  /** Whether to list the advisories instead of counting them in one line. */
  readonly advisories?: boolean
  /** Columns of the terminal; undefined for no limit. */
  readonly width?: number | undefined
}

/** The report for people: one line for each check, followed by the fix. */
export function reportText({checks, fixed}: DoctorReport, style: TextStyle, options: ReportOptions = {}): string {
  const {advisories = false, width: columns = Infinity} = options
  const shown = checks.map((check) => (advisories ? check : withAdvisoriesCounted(check)))
  const titles = Math.max(...checks.map(({title}) => columnsOf(title)))
  return [
    ...shown.flatMap((check) => checkLines(check, {columns, titles}, style)),
    ...[...fixed.map(fixedLine), summary(checks)].flatMap((line) => wrapText(line, columns)),
  ].join('\n')
}

function withAdvisoriesCounted(check: Check): Check {
  if (check.id !== ADVISORIES_CHECK || check.notes.length === 0) return check
  return {
    ...check,
    detail: `${check.detail}; list them with: ${commandLine`keg doctor --advisories`}`,
    notes: [],
    remedy: null,
  }
}

/** For `--quiet`: the ids of failed checks, one a line. */
export function problemIds({checks}: DoctorReport): string[] {
  return checks.filter(({status}) => isWrong(status)).map(({id}) => id)
}

/** Whether a terminal shows symbols beyond ASCII: not without a terminal, nor if the locale is not UTF-8. */
export function canShowSymbols({LANG, LC_ALL, LC_CTYPE, TERM}: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (!isTerminal || TERM === 'dumb') return false
  // As in setlocale(3): the first that is set and not empty.
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  return process.platform === 'win32' || /utf-?8/i.test(locale ?? '')
}

/** With at least this many columns, a detail is wrapped beside its title, otherwise below it. */
const MIN_DETAIL = 24

function checkLines(
  {detail, notes, remedy, status, title}: Check,
  {columns, titles}: {columns: number; titles: number},
  style: TextStyle,
): string[] {
  const word = style.symbols ? MARKS[status] : status.padEnd(7)
  const labelColumns = columnsOf(word) + titles + 4
  const isBelow = columns - labelColumns < MIN_DETAIL
  const indent = ' '.repeat(isBelow ? 2 : labelColumns)
  const wrapped = (text: string, room = columns - indent.length): string[] => wrapText(text, Math.max(1, room))
  const [first = '', ...more] = wrapped(printable(detail))
  const head = `${style.paint(COLOURS[status], word)}  ${isBelow ? title : padColumns(title, titles)}`
  const arrow = style.symbols ? '→ ' : '-> '
  const advice = remedy === null ? [] : wrapped(printable(remedy), columns - indent.length - arrow.length)
  return [
    ...(isBelow ? [head, indent + first] : [`${head}  ${first}`]),
    ...[...more, ...notes.flatMap((note) => wrapped(printable(note)))].map((line) => indent + line),
    ...advice.map(
      (line, index) => indent + style.paint('dim', (index === 0 ? arrow : ' '.repeat(arrow.length)) + line),
    ),
  ]
}

function fixedLine({kind, name, outcome, said}: FixResult): string {
  return printable(`${kind} ${name}: ${OUTCOMES[outcome]}${said === null ? '' : ` (${said})`}`)
}

function summary(checks: readonly Check[]): string {
  const number = (wanted: (status: CheckStatus) => boolean): number =>
    checks.filter(({status}) => wanted(status)).length
  const wrong = number(isWrong)
  const notices = number((status) => status === 'notice')
  const rest = notices === 0 ? '' : `, ${count(notices, 'notice')}`
  return wrong === 0 ? `Nothing is wrong${rest}.` : `${count(wrong, 'thing')} to fix${rest}.`
}

function isWrong(status: CheckStatus): boolean {
  return status === 'problem' || status === 'missing'
}
