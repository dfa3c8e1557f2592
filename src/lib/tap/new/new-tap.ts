import {lstat, realpath} from 'node:fs/promises'
import {basename, join} from 'node:path'
import {changeUserConfiguration} from '../../config/change-configuration.js'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {UsageError} from '../../error/keg-error.js'
import {parseReference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import {readAlias} from '../../tap-folder/alias.js'
import {plainComposeFile} from '../../tap-folder/is-tap-folder.js'
import {linkTap} from '../../tap-folder/link/change/link-tap.js'
import {absolutePath} from '../../tap-folder/link/linkable-folder.js'
import {isFolder} from '../../tap-folder/link/linked-folder.js'
import {refuseReserved, reservedNames} from '../../tap-folder/link/reserved-names.js'
import {checkTapName, cleanTapName, isTapName} from '../../reference/tap-name.js'
import type {TapProgram} from '../../tap-folder/plugin/tap-program.js'
import {composeTapFiles} from './template/compose-tap-files.js'
import type {NewFile} from './template/new-file.js'
import {tapFiles} from './template/tap-files.js'
import {refuseExisting, writeFiles} from './write-files.js'
import {refuseInvalid} from '../../config/model.js'
import type {Work} from '../../work/work.js'

/** What to create, and where. */
export interface NewTapOptions {
  readonly name: string | undefined
  /** `--path`; by default the current folder if it has a compose file, otherwise a folder in it named after the tap. */
  readonly path: string | undefined
  /** Image that the Dockerfile builds on (default: busybox:stable). */
  readonly base: string | undefined
  /** `--from`: the image to run; undefined to build one. */
  readonly from: string | undefined
  /** Port in the container (default: 8080, or the compose file's). */
  readonly port: number | undefined
  readonly link: boolean
  readonly dryRun: boolean
  readonly program: TapProgram
}

/** What was created. */
export interface NewTap {
  /** Name of the tap. */
  readonly name: string
  /** Its folder. */
  readonly folder: string
  /** Paths below the folder. */
  readonly files: readonly string[]
  /** Null if the folder's own compose file decides what is built. */
  readonly baseImage: string | null
  /** The image to run; null if the folder's own compose file decides it. */
  readonly image: string | null
  /** The folder's existing compose file, which the tap uses; null if one was created. */
  readonly composeFile: string | null
  /** Whether it is linked now. */
  readonly linked: boolean
  /** Whether `keg NAME start` works. */
  readonly isCommand: boolean
  /** Whether this was a dry run. */
  readonly dryRun: boolean
}

const DEFAULT_BASE = 'busybox:stable'
const DEFAULT_PORT = 8080

/**
 * Creates the files of a tap that can be built and started at once, and links it. A folder with a compose file at its top
 * already is a tap: only missing files are created. Overwrites no file, and leaves nothing after an error or signal.
 * @throws UsageError `tap-name-invalid`, `tap-name-reserved`, `tap-name-taken`, `reference-invalid`, `input-missing`,
 * `tap-path-missing` if the current folder is gone;
 * RefusedError `tap-file-exists`; FailedError `tap-unwritable`; what linkTap throws; the reason of the signal
 */
export async function newTap(work: Work, options: NewTapOptions): Promise<NewTap> {
  const {environment, folder: current, signal} = work
  const {base, dryRun, from} = options
  const configuration = await readUserConfiguration(environment)
  const given = absolutePath(options.path ?? '.', current, environment)
  if (`${given}/`.startsWith(`${current}/`) && !(await isFolder(current))) throw currentFolderGone(current)
  const composeFile = await plainComposeFile(given)
  const name = await chooseName(work, options, composeFile === undefined ? undefined : given)
  const isCurrentFolder = options.path !== undefined || composeFile !== undefined
  const folder = isCurrentFolder ? given : absolutePath(name, current, environment)
  if (options.link) refuseInvalid(configuration, `taps.${name}`)
  if (options.link) refuseName(name, configuration.taps.get(name)?.path, options.program)
  for (const image of [base, from]) if (image !== undefined) parseReference(image)
  const {files, ...images} =
    composeFile === undefined
      ? newFolder(name, {...options, image: from ?? `${name}:${configuration.defaultTag}`})
      : await composeFolder(work, {name, folder, composeFile}, options)
  const result = {name, files: files.map(({path}) => path), composeFile: composeFile ?? null, ...images, dryRun}
  if (dryRun) {
    await refuseExisting(folder, files)
    return {...result, folder, linked: false, isCommand: false}
  }

  const written = await writeFiles(folder, files, signal)
  const real = await realpath(folder)
  try {
    if (!options.link) return {...result, folder: real, linked: false, isCommand: false}
    const {isCommand} = await linkTap(work, {...options, path: real, name, force: false})
    return {...result, folder: real, linked: true, isCommand}
  } catch (error) {
    await written.undo()
    // The user has to know the first error.
    if (options.link) await forgetLink(name, real, environment).catch(() => undefined)
    throw error
  }
}

function currentFolderGone(folder: string): UsageError {
  return new UsageError(`The current folder ${printable(folder)} is gone.`, {
    code: 'tap-path-missing',
    hint: 'Change to another folder, or give one with --path.',
  })
}

/** The files to create, and the tap's images. */
interface TapPlan extends Pick<NewTap, 'baseImage' | 'image'> {
  readonly files: readonly NewFile[]
}

function newFolder(
  name: string,
  {base: baseImage = DEFAULT_BASE, image, port = DEFAULT_PORT}: Pick<NewTapOptions, 'base' | 'port'> & {image: string},
): TapPlan {
  return {files: tapFiles({name, baseImage, image, port}), baseImage, image}
}

async function composeFolder(
  {warn}: Work,
  {composeFile, folder, name}: {readonly name: string; readonly folder: string; readonly composeFile: string},
  {base, from: image, port}: NewTapOptions,
): Promise<TapPlan> {
  if (base !== undefined) warn(`--base has no effect: ${composeFile} says what is built.`)
  const hasFile = await lstat(join(folder, 'tap.json')).then(
    () => true,
    () => false,
  )
  const isNamed = hasFile || (await readAlias(folder, [])) !== undefined
  return {files: composeTapFiles({name, image, port, isNamed}), baseImage: null, image: image ?? null}
}

/** A signal can come after the link was made. A link of that name to another folder stays. */
async function forgetLink(name: string, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const {signal} = new AbortController()
  await changeUserConfiguration({environment, signal}, {}, (document, {taps}) => {
    if (taps.get(name)?.path === folder) document.deleteIn(['taps', name])
  })
}

/** @param tapFolder the folder that already is a tap; undefined if one is created */
async function chooseName({prompt}: Work, {name, path}: NewTapOptions, tapFolder: string | undefined): Promise<string> {
  if (name !== undefined) {
    checkTapName(name)
    return name
  }
  const alias = tapFolder === undefined ? undefined : await readAlias(tapFolder, [])
  const ofFolder = tapFolder ?? path
  const clean = cleanTapName(alias ?? '') ?? (ofFolder === undefined ? undefined : cleanTapName(basename(ofFolder)))
  if (clean !== undefined) return clean
  return prompt.text('Name of the tap', {
    flag: 'NAME',
    validate: (answer) => isTapName(answer) || 'Use lower case letters, digits and dashes, a letter first.',
  })
}

function refuseName(name: string, linked: string | undefined, program: TapProgram): void {
  refuseReserved(name, reservedNames(program), 'Choose another name.')
  if (linked === undefined) return
  throw new UsageError(`The name ${name} is linked to ${printable(linked)}.`, {
    code: 'tap-name-taken',
    hint: 'Choose another name, or create it without a link: --no-link',
  })
}
