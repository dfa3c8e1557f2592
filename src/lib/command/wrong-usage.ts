import type {Command} from '@oclif/core/command'
import {CLIError, ExitError} from '@oclif/core/errors'
import {stripVTControlCharacters} from 'node:util'
import {UsageError} from '../error/keg-error.js'
import {closestWord} from '../terminal/closest-word.js'

/** What is needed to explain a command line that cannot be parsed. */
export interface WrongUsageOptions {
  /** The command with its program, as typed: `keg docker package`. */
  readonly command: string
  readonly flags: Readonly<Record<string, Command.Flag.Cached>>
}

/** oclif's message for a value that a flag does not allow. */
const WRONG_OPTION = /^Expected (?:--(?<flag>[\w-]+)=)?(?<value>[^]*) to be one of: (?<options>.+)$/

/**
 * Turns oclif's error for a command line that it cannot parse into an error of keg, with a suggestion.
 * @returns a UsageError `usage-invalid`; every other error unchanged.
 */
export async function wrongUsage(error: unknown, {command, flags}: WrongUsageOptions): Promise<unknown> {
  if (!(error instanceof CLIError) || error instanceof ExitError) return error
  const unknown = unknownFlags(error)
  const message = unknown.length > 0 ? `Unknown flag: ${unknown.join(', ')}` : messageOf(error)
  const closest = await (unknown[0] === undefined
    ? closestOption(message)
    : closestWord(unknown[0], visibleFlags(flags)))
  return new UsageError(message, {
    code: 'usage-invalid',
    hint: `${closest === undefined ? '' : `Did you mean ${closest}? `}See all flags with: ${command} --help`,
    cause: error,
  })
}

/** One sentence, without oclif's heading and advice. */
function messageOf(error: CLIError): string {
  return stripVTControlCharacters(error.message)
    .replace(/\nSee more help with --help$/, '')
    .replace(/^The following errors? occurred:\n\s*/, '')
    .replace(/^Parsing (--[\w-]+) *\n\s*Expected /, '$1: expected ')
    .replaceAll(/\n\s+/g, '\n')
}

/** The unknown flags, without their values, which may be secret. */
function unknownFlags(error: CLIError): string[] {
  if (!('flags' in error) || !Array.isArray(error.flags)) return []
  return error.flags.flatMap((flag) => (typeof flag === 'string' ? flag.replace(/=.*$/s, '') : []))
}

async function closestOption(message: string): Promise<string | undefined> {
  const {options, value} = WRONG_OPTION.exec(message)?.groups ?? {}
  return options === undefined || value === undefined ? undefined : closestWord(value, options.split(', '))
}

/** All flags of the command as typed, without hidden ones. */
function visibleFlags(flags: WrongUsageOptions['flags']): string[] {
  return Object.entries(flags).flatMap(([name, flag]) => {
    if (flag.hidden === true) return []
    return [`--${name}`, ...(flag.type === 'boolean' && flag.allowNo ? [`--no-${name}`] : [])]
  })
}
