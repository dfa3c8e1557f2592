import {open, readdir, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {stateFolder} from '../process/state-folder.js'
import {isSecretName} from '../config/schema/secret-names.js'
import {KegError} from '../error/keg-error.js'
import {makeFolder} from '../process/make-folder.js'
import {property} from '../json/json.js'
import {printable, shellLine} from '../terminal/text.js'
import {isTruthy} from '../terminal/interaction.js'

/** What a report says about the program, and where it is announced. */
export interface ReportOptions {
  /** The package.json of the program that failed, for its version and where to report bugs. */
  readonly pjson: unknown
  /** The words of the command line, without the program. */
  readonly argv: readonly string[]
  readonly environment: NodeJS.ProcessEnv
  readonly now?: Date
  /** Writes text to standard error: the trace, if it is wanted at once or cannot be kept in a file. */
  readonly write: (text: string) => void
}

/** A bug of keg: nothing that the user did or can correct. */
export class UnexpectedError extends KegError {
  readonly exitCode = 1
}

/**
 * Saves what is needed to find a bug in a file of keg's state that only its user can read, and asks for a report. The trace
 * also goes to standard error with `KEG_DEBUG` or `DEBUG`, or if no file can be written. Never fails.
 */
export async function unexpectedError(fault: unknown, options: ReportOptions): Promise<UnexpectedError> {
  const {environment, now = new Date(), pjson, write} = options
  const trace = redactPasswords(traceOf(fault))
  const file = await keepReport(reportText(trace, options, now), environment, now)
  const showTrace = isTruthy(environment.KEG_DEBUG) || isTruthy(environment.DEBUG)
  if (file === undefined || showTrace) write(`${printable(trace, {keepLines: true})}\n`)
  const issues = issueAddress(pjson)
  const name = property(pjson, 'name')
  const recipient = issues ?? `to whoever maintains ${typeof name === 'string' ? name : 'keg'}`
  const attachment = file === undefined ? 'the trace above' : `this file, once you have read it: ${file}`
  return new UnexpectedError(`This is a bug in keg: ${printable(redactPasswords(firstLine(fault)))}`, {
    code: 'unexpected',
    hint: printable(`Please report it${issues === undefined ? '' : ' at'} ${recipient} with ${attachment}`),
    cause: fault,
    data: {report: file ?? null, issues: issues ?? null},
  })
}

/** How many reports are kept. */
const MAX_REPORTS = 20
const REPORT_NAME = /^fault-[\dTZ.-]+\.txt$/

async function keepReport(text: string, environment: NodeJS.ProcessEnv, now: Date): Promise<string | undefined> {
  try {
    const folder = join(stateFolder(environment), 'faults')
    await makeFolder(folder, 0o700)
    const path = join(folder, `fault-${now.toISOString().replaceAll(':', '-')}-${process.pid}.txt`)
    const file = await open(path, 'wx', 0o600)
    try {
      await file.writeFile(text)
    } finally {
      await file.close()
    }
    const names = (await readdir(folder)).filter((name) => REPORT_NAME.test(name)).sort()
    for (const name of names.slice(0, -MAX_REPORTS)) await rm(join(folder, name), {force: true})
    return path
  } catch {
    return undefined
  }
}

function reportText(trace: string, {argv, environment, pjson}: ReportOptions, now: Date): string {
  const text = (name: string): string => {
    const value = property(pjson, name)
    return typeof value === 'string' ? value : 'unknown'
  }
  // Only names: values may be secret.
  const variables = Object.keys(environment).filter((name) => /^(?:KEG|DOCKER|MUTAGEN)_/.test(name))
  return [
    `${text('name')} ${text('version')}, Node.js ${process.version}, ${process.platform} ${process.arch}`,
    `Time: ${now.toISOString()}`,
    `Command: ${shellLine(['keg', ...redactArguments(argv)])}`,
    `Variables that are set: ${variables.length === 0 ? 'none' : variables.sort().join(', ')}`,
    '',
    trace,
    '',
  ].join('\n')
}

const MASK = '***'

/** Flags whose values are variables, which can be secret whatever their names. */
const VARIABLE_FLAG = /^(?:-e|--env)$/

/** The words of a command line without possible secrets; of a command after `--`, only its program. */
export function redactArguments(args: readonly string[]): string[] {
  const end = args.indexOf('--')
  if (end !== -1) {
    const [program, ...rest] = args.slice(end + 1)
    const command = [...(program === undefined ? [] : [program]), ...(rest.length === 0 ? [] : ['...'])]
    return [...redactArguments(args.slice(0, end)), '--', ...command]
  }
  return args.map((arg, index) => {
    const previous = args[index - 1] ?? ''
    if (VARIABLE_FLAG.test(previous) || /^(?:-e.|--env=)/.test(arg)) return redactValue(arg)
    // The value of a flag, or of `keg config set NAME VALUE`.
    if (isSecretName(variableName(previous)) && !previous.includes('=') && !arg.startsWith('--')) return MASK
    return isSecretName(variableName(arg.split('=')[0] ?? '')) ? redactValue(arg) : redactPasswords(arg)
  })
}

/** In the form of a value's name: `--api-token` and `apiToken` are API_TOKEN. */
function variableName(arg: string): string {
  return arg
    .replace(/^-+/, '')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
}

/** `NAME=***` of `NAME=VALUE`, also behind `--env=`. */
function redactValue(arg: string): string {
  return arg.replace(/^((?:--env=)?[^=]*)=.*$/s, `$1=${MASK}`)
}

/** Removes user and password from addresses. */
function redactPasswords(text: string): string {
  return text.replace(/:\/\/[^\s/@]*@/g, `://${MASK}@`)
}

function firstLine(fault: unknown): string {
  const text = fault instanceof Error ? `${fault.name}: ${fault.message}` : String(fault)
  return text.split('\n')[0] ?? ''
}

/** How deep causes are followed. */
const MAX_CAUSES = 5

/** The stack, and those of its causes; no fields of errors, which may hold what was sent to a registry. */
function traceOf(fault: unknown, depth = 0): string {
  if (!(fault instanceof Error)) return String(fault)
  const causes = [fault.cause, ...(fault instanceof AggregateError ? (fault.errors as unknown[]) : [])]
  const shownCauses = depth < MAX_CAUSES ? causes.filter((cause) => cause !== undefined) : []
  const stack = fault.stack ?? `${fault.name}: ${fault.message}`
  return [stack, ...shownCauses.map((cause) => `Caused by: ${traceOf(cause, depth + 1)}`)].join('\n')
}

/** `bugs` of a package.json: an address, or an object with one. */
function issueAddress(pjson: unknown): string | undefined {
  const bugs = property(pjson, 'bugs')
  return [bugs, property(bugs, 'url'), property(bugs, 'email')].find((each) => typeof each === 'string')
}
