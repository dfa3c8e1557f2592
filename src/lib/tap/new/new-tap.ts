import {realpath} from 'node:fs/promises'
import {basename} from 'node:path'
import type {Questions} from '../../command/ask.js'
import {changeUserConfiguration} from '../../config/change-configuration.js'
import {readUserConfiguration} from '../../config/user-configuration.js'
import {UsageError} from '../../error/keg-error.js'
import {parseReference} from '../../reference/reference.js'
import {printable} from '../../terminal/text.js'
import {linkTap} from '../link/change/link-tap.js'
import {absolutePath} from '../link/change/linkable-folder.js'
import {refuseReserved, reservedNames} from '../link/change/reserved-names.js'
import {checkTapName, cleanTapName, isTapName} from '../link/tap-name.js'
import type {TapProgram} from '../plugin/tap-program.js'
import {tapFiles} from './template/tap-files.js'
import {refuseExisting, writeFiles} from './write-files.js'

/** What to make, and where. */
export interface NewTapOptions {
  readonly name: string | undefined
  /** `--path`; undefined for a folder of the tap's name in the current one. */
  readonly path: string | undefined
  /** Image that the Dockerfile builds on. */
  readonly base: string
  /** `--from`: the image that is run; undefined for one that is built here. */
  readonly from: string | undefined
  /** Port in the container. */
  readonly port: number
  readonly link: boolean
  readonly dryRun: boolean
  /** The current folder. */
  readonly folder: string
  readonly environment: NodeJS.ProcessEnv
  readonly program: TapProgram
  readonly questions: Questions
  readonly say: (line: string) => void
  readonly signal: AbortSignal
}

/** What was made. */
export interface NewTap {
  readonly name: string
  readonly folder: string
  /** Paths below the folder. */
  readonly files: readonly string[]
  readonly baseImage: string
  /** The image that is run. */
  readonly image: string
  readonly linked: boolean
  /** Whether `keg NAME start` works. */
  readonly isCommand: boolean
  readonly dryRun: boolean
}

/**
 * Makes the files of a tap that builds and starts at once, and links it. No file is overwritten, and where something fails or a
 * signal comes, nothing is left.
 * @throws UsageError `tap-name-invalid`, `tap-name-reserved`, `tap-name-taken`, `reference-invalid`, `input-missing`; RefusedError
 * `tap-file-exists`; FailedError `tap-unwritable`; what linkTap throws; the reason of the signal
 */
export async function newTap(options: NewTapOptions): Promise<NewTap> {
  const {base, dryRun, environment, from, port, signal} = options
  const {defaultTag, taps} = await readUserConfiguration(environment)
  const name = await chooseName(options)
  const folder = absolutePath(options.path ?? name, options.folder, environment)
  if (options.link) refuseName(name, taps.get(name)?.path, options.program)
  for (const image of [base, ...(from === undefined ? [] : [from])]) parseReference(image)
  const image = from ?? `${name}:${defaultTag}`
  const files = tapFiles({name, baseImage: base, image, port})
  const result = {name, files: files.map(({path}) => path), baseImage: base, image, dryRun}
  if (dryRun) {
    await refuseExisting(folder, files)
    return {...result, folder, linked: false, isCommand: false}
  }

  const written = await writeFiles(folder, files, signal)
  const real = await realpath(folder)
  try {
    if (!options.link) return {...result, folder: real, linked: false, isCommand: false}
    const {isCommand} = await linkTap({...options, path: real, name, force: false})
    return {...result, folder: real, linked: true, isCommand}
  } catch (error) {
    await written.undo()
    // What went wrong first is what the user has to know.
    if (options.link) await forgetLink(name, real, environment).catch(() => undefined)
    throw error
  }
}

/** A signal may come when the link is made already. Somebody else's of the same name stays. */
async function forgetLink(name: string, folder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const {signal} = new AbortController()
  await changeUserConfiguration({environment, signal}, (document, {taps}) => {
    if (taps.get(name)?.path === folder) document.deleteIn(['taps', name])
  })
}

async function chooseName({name, path, questions}: NewTapOptions): Promise<string> {
  if (name !== undefined) {
    checkTapName(name)
    return name
  }
  const ofFolder = path === undefined ? undefined : cleanTapName(basename(path))
  if (ofFolder !== undefined) return ofFolder
  return questions.text('Name of the tap', {
    flag: 'NAME',
    validate: (answer) => isTapName(answer) || 'Lower case letters, digits and dashes, a letter first.',
  })
}

function refuseName(name: string, linked: string | undefined, program: TapProgram): void {
  refuseReserved(name, reservedNames(program))
  if (linked === undefined) return
  throw new UsageError(`The name ${name} is linked to ${printable(linked)}.`, {
    code: 'tap-name-taken',
    hint: 'Choose another name, or make it without a link: --no-link',
  })
}
