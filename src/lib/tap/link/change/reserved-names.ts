import {UsageError} from '../../../error/keg-error.js'
import type {TapProgram} from '../../plugin/tap-program.js'

/** What keg and its plugins are called by, installed or not, now or with the next plugin that comes. */
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

/** Sub-commands of these topics are said like commands: `keg start` must not be a tap. */
const TOPICS = ['build', 'tap']

/** All words that no tap can be called: those that commands begin with, and the sub-commands of taps and builds. */
export function reservedNames({foreignIds}: Pick<TapProgram, 'foreignIds'>): ReadonlySet<string> {
  const words = foreignIds.flatMap((id) => {
    const parts = id.split(':')
    return TOPICS.includes(parts[0] ?? '') ? parts : parts.slice(0, 1)
  })
  return new Set([...ALWAYS, ...words])
}

/** @throws UsageError `tap-name-reserved` */
export function refuseReserved(name: string, reserved: ReadonlySet<string>): void {
  if (!reserved.has(name)) return
  throw new UsageError(`No tap can be named ${name}: that is a word of keg's own.`, {
    code: 'tap-name-reserved',
    hint: 'Choose another name with --name.',
  })
}
