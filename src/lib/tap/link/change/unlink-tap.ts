import {realpath} from 'node:fs/promises'
import type {Questions} from '../../../command/ask.js'
import {changeUserConfiguration} from '../../../config/change-configuration.js'
import {readUserConfiguration, type UserConfiguration} from '../../../config/user-configuration.js'
import {FailedError, UsageError} from '../../../error/keg-error.js'
import {CONTAINER_LABELS} from '../../../target/container-labels.js'
import {printable, shellLine} from '../../../terminal/text.js'
import {commandsNote, refreshTapCommands} from '../../plugin/refresh-tap-commands.js'
import type {TapProgram} from '../../plugin/tap-program.js'
import {unknownTap} from '../find-tap.js'
import {absolutePath} from './linkable-folder.js'

export interface UnlinkTapOptions {
  /** The name of a link, or the path of its folder; undefined for the current folder. */
  readonly link: string | undefined
  readonly dryRun: boolean
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly program: TapProgram
  readonly questions: Questions
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** The link that is no more. */
export interface UnlinkedTap {
  readonly name: string
  readonly path: string
  readonly dryRun: boolean
}

/**
 * Forgets a link: its record and its commands. Neither the folder nor what runs of the tap is touched.
 * @throws UsageError `tap-unknown`, `tap-ambiguous`, `input-missing`; FailedError `cancelled`; what changeUserConfiguration throws
 */
export async function unlinkTap(options: UnlinkTapOptions): Promise<UnlinkedTap> {
  const {dryRun, environment, program, questions, say, signal} = options
  const configuration = await readUserConfiguration(environment)
  const {name, path} = await findLink(options, configuration)
  const result = {name, path, dryRun}
  if (dryRun) return result

  const question = `Unlink ${name}? ${path} stays as it is, and so does what runs of the tap.`
  if (!(await questions.confirm(question, {flag: '--yes'})))
    throw new FailedError('Nothing was changed.', {code: 'cancelled', hint: 'With --yes keg does not ask.'})
  await changeUserConfiguration({environment, signal}, (document) => document.deleteIn(['taps', name]))
  const note = commandsNote(await refreshTapCommands({program, environment, signal}), program)
  if (note !== undefined) say(note)
  const list = shellLine(['docker', 'ps', '--all', '--filter', `label=${CONTAINER_LABELS.tap}=${name}`])
  say(`Containers and syncs that are left of it are shown by: ${list}; keg sync list`)
  say(`To end them with one command, link it again, and: keg tap destroy ${name}`)
  return result
}

async function findLink({environment, folder, link}: UnlinkTapOptions, {taps}: UserConfiguration) {
  const named = link === undefined ? undefined : taps.get(link)
  if (link !== undefined && named !== undefined) return {name: link, path: named.path}
  const written = absolutePath(link ?? '.', folder, environment)
  const places = new Set([written, await realpath(written).catch(() => written)])
  const found = [...taps].filter(([, {path}]) => places.has(path))
  const [first, second] = found
  if (first === undefined) throw await unknownTap(link ?? written, [...taps.keys()])
  if (second === undefined) return {name: first[0], path: first[1].path}
  const names = found.map(([name]) => name)
  throw new UsageError(`The folder ${printable(written)} is linked as ${names.join(' and ')}.`, {
    code: 'tap-ambiguous',
    hint: 'Name the one that is meant.',
    data: {taps: names},
  })
}
