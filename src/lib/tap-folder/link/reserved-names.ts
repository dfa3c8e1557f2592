import {UsageError} from '../../error/keg-error.js'
import type {TapProgram} from '../plugin/tap-program.js'

/** Names of keg and its plugins, installed or not, including planned ones. */
const ALWAYS = [
  'autocomplete',
  'build',
  'clean',
  'commands',
  'config',
  'docker',
  'doctor',
  'help',
  'image',
  'keg',
  'plugins',
  'proxy',
  'search',
  'sync',
  'tap',
  'update',
  'version',
  'which',
]

/** Subcommands of these topics are used like commands: `keg start` must not be a tap. */
const TOPICS = ['build', 'tap']

/** All words that cannot be tap names: the first words of commands, and the subcommands of taps and builds. */
export function reservedNames({foreignIds}: Pick<TapProgram, 'foreignIds'>): ReadonlySet<string> {
  const words = foreignIds.flatMap((id) => {
    const parts = id.split(':')
    return TOPICS.includes(parts[0] ?? '') ? parts : parts.slice(0, 1)
  })
  return new Set([...ALWAYS, ...words])
}

/** @throws UsageError `tap-name-reserved` */
export function refuseReserved(
  name: string,
  reserved: ReadonlySet<string>,
  hint = 'Choose another name with --name.',
): void {
  if (!reserved.has(name)) return
  throw new UsageError(`A tap cannot be named ${name}: that is a command of keg.`, {
    code: 'tap-name-reserved',
    hint,
  })
}
