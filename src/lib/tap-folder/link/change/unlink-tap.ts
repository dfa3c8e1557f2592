import {realpath} from 'node:fs/promises'
import {changeUserConfiguration} from '../../../config/change-configuration.js'
import {readUserConfiguration} from '../../../config/user-configuration.js'
import {UsageError} from '../../../error/keg-error.js'
import {CONTAINER_LABELS} from '../../../label/container-labels.js'
import {commandLine} from '../../../terminal/command-line.js'
import {printable} from '../../../terminal/text.js'
import {commandsNote, refreshTapCommands} from '../../plugin/refresh-tap-commands.js'
import type {TapProgram} from '../../plugin/tap-program.js'
import {chooseTap, unknownTap} from '../find-tap.js'
import {absolutePath} from '../linkable-folder.js'
import type {UserConfiguration} from '../../../config/model.js'
import type {Work} from '../../../work/work.js'

export interface UnlinkTapOptions {
  /** The name of a link, or the path of its folder; undefined for the current folder. */
  readonly link: string | undefined
  readonly dryRun: boolean
  readonly program: TapProgram
}

/** The removed link. */
export interface UnlinkedTap {
  /** Name of the tap. */
  readonly name: string
  /** Null for an invalid record, whose folder is unknown. */
  readonly path: string | null
  /** Whether nothing was changed. */
  readonly dryRun: boolean
}

/**
 * Removes a link: its record and its commands. Changes neither the folder nor what runs of the tap, and linking again undoes
 * it, so it does not ask.
 * @throws UsageError `tap-unknown`, `tap-ambiguous`; what changeUserConfiguration throws
 */
export async function unlinkTap(work: Work, options: UnlinkTapOptions): Promise<UnlinkedTap> {
  const {environment, notice, signal} = work
  const {dryRun, program} = options
  const configuration = await readUserConfiguration(environment)
  const {name, path} = await findLink(work, options, configuration)
  const result = {name, path, dryRun}
  if (dryRun) return result
  await changeUserConfiguration({environment, signal}, {}, (document, {invalid}) =>
    document.deleteIn(invalid.get(`taps.${name}`)?.keys ?? ['taps', name]),
  )
  const note = commandsNote(await refreshTapCommands(work, {program}), program)
  if (note !== undefined) notice(note)
  if (path === null) return result
  const list = commandLine`docker ps --all --filter label=${CONTAINER_LABELS.tap}=${name}`
  notice(`List its remaining containers and syncs with: ${list}; ${commandLine`keg sync list`}`)
  notice(`To remove them, link it again, then run: ${commandLine`keg tap destroy ${name}`}`)
  notice(`Link it again with: ${commandLine`keg tap link ${path} --name ${name}`}`)
  return result
}

async function findLink(
  {environment, folder, prompt}: Pick<Work, 'environment' | 'folder' | 'prompt'>,
  {link}: UnlinkTapOptions,
  {invalid, taps}: UserConfiguration,
): Promise<Pick<UnlinkedTap, 'name' | 'path'>> {
  if (link !== undefined && invalid.has(`taps.${link}`)) return {name: link, path: null}
  const named = link === undefined ? undefined : taps.get(link)
  if (link !== undefined && named !== undefined) return {name: link, path: named.path}
  const written = absolutePath(link ?? '.', folder, environment)
  const places = new Set([written, await realpath(written).catch(() => written)])
  const found = [...taps].filter(([, {path}]) => places.has(path))
  const [first, second] = found
  if (first === undefined && link === undefined && taps.size > 0 && prompt.isInteractive) {
    const name = await chooseTap('This folder is not linked. Unlink which tap?', taps, prompt)
    return {name, path: taps.get(name)?.path ?? written}
  }
  if (first === undefined) throw await unknownTap(link ?? written, [...taps.keys()])
  if (second === undefined) return {name: first[0], path: first[1].path}
  const names = found.map(([name]) => name)
  throw new UsageError(`The folder ${printable(written)} is linked as ${names.join(' and ')}.`, {
    code: 'tap-ambiguous',
    hint: 'Name one of them.',
    data: {taps: names},
  })
}
