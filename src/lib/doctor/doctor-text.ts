import {count, printable} from '../terminal/text.js'
import type {Check, CheckStatus} from './check.js'
import type {DoctorReport} from './doctor.js'
import type {Mended} from './mend.js'

/** What the terminal can show. */
export interface TextStyle {
  /** Whether marks beyond ASCII can be read there. */
  readonly symbols: boolean
  /** Gives a text a colour, or returns it as it is. */
  readonly paint: (colour: 'green' | 'yellow' | 'red' | 'dim', text: string) => string
}

const MARKS = {ok: '✔', notice: '!', problem: '✘', missing: '✘', skipped: '·'} as const
const COLOURS = {ok: 'green', notice: 'yellow', problem: 'red', missing: 'red', skipped: 'dim'} as const
const OUTCOMES: Readonly<Record<Mended['outcome'], string>> = {
  mended: 'mended',
  planned: 'would be mended',
  kept: 'kept',
  failed: 'could not be mended',
}

/** The report for people: one line for each check, what mends it on the next. */
export function reportText({checks, mended}: DoctorReport, style: TextStyle): string {
  const width = Math.max(...checks.map(({title}) => title.length))
  return [
    ...checks.flatMap((check) => checkLines(check, width, style)),
    ...mended.map(mendedLine),
    summary(checks),
  ].join('\n')
}

/** For `--quiet`: the ids of what is missing or will fail, one a line. */
export function problemIds({checks}: DoctorReport): string[] {
  return checks.filter(({status}) => isWrong(status)).map(({id}) => id)
}

/** Whether a terminal shows marks beyond ASCII: none without a terminal, and none where the locale does not say UTF-8. */
export function canShowSymbols({LANG, LC_ALL, LC_CTYPE, TERM}: NodeJS.ProcessEnv, isTerminal: boolean): boolean {
  if (!isTerminal || TERM === 'dumb') return false
  // As setlocale(3) chooses: the first that is set and not empty.
  const locale = [LC_ALL, LC_CTYPE, LANG].find((value) => value !== undefined && value !== '')
  return process.platform === 'win32' || /utf-?8/i.test(locale ?? '')
}

function checkLines({detail, notes, remedy, status, title}: Check, width: number, style: TextStyle): string[] {
  const word = style.symbols ? MARKS[status] : status.padEnd(7)
  const indent = ' '.repeat((style.symbols ? 1 : 7) + width + 4)
  const arrow = style.symbols ? '→' : '->'
  return [
    `${style.paint(COLOURS[status], word)}  ${title.padEnd(width)}  ${printable(detail)}`,
    ...notes.map((note) => `${indent}${printable(note)}`),
    ...(remedy === null ? [] : [`${indent}${style.paint('dim', `${arrow} ${printable(remedy)}`)}`]),
  ]
}

function mendedLine({kind, name, outcome, said}: Mended): string {
  return printable(`${kind} ${name}: ${OUTCOMES[outcome]}${said === null ? '' : ` (${said})`}`)
}

function summary(checks: readonly Check[]): string {
  const number = (wanted: (status: CheckStatus) => boolean): number =>
    checks.filter(({status}) => wanted(status)).length
  const wrong = number(isWrong)
  const notices = number((status) => status === 'notice')
  const rest = notices === 0 ? '' : `, ${count(notices, 'notice')}`
  return wrong === 0 ? `Nothing is wrong${rest}.` : `${count(wrong, 'thing')} to mend${rest}.`
}

function isWrong(status: CheckStatus): boolean {
  return status === 'problem' || status === 'missing'
}
