import type {ContainerRow} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {printable} from '../../terminal/text.js'
import {checkContainerName, freeName} from './container-name.js'
import type {EngineWork} from '../../engine/engine-work.js'

/** `--reuse`: use it; `--replace`: remove it. */
export type TakenNameAnswer = 'reuse' | 'replace'

/** Options for choosing a name. */
export interface ChooseNameOptions {
  readonly name: string
  /** Whether it was given with `--name`, rather than derived. */
  readonly explicit: boolean
  /** Id of the image to run. */
  readonly image: string
  /** What the command line says to do with a container of that name. */
  readonly answer?: TakenNameAnswer | undefined
}

/** A name for a new container, or the container to use as it is. */
export type ChosenName =
  | {readonly kind: 'new'; readonly name: string}
  | {readonly kind: 'reuse'; readonly container: string; readonly name: string}

/**
 * Finds the container's name. If it is taken, `answer` counts; otherwise the user can reuse, replace or rename on a terminal;
 * without one a derived name gets a number, and a given name is an error.
 * @throws UsageError `name-taken`, also if a container is to be reused that is not of this package.
 */
export async function chooseName(work: EngineWork, options: ChooseNameOptions): Promise<ChosenName> {
  const {engine, prompt, notice} = work
  const {explicit, image, name} = options
  const rows = await engine.containers()
  const holder = rows.find((row) => namesOf(row).includes(name))
  if (holder === undefined) return {kind: 'new', name}
  if (options.answer === 'replace') return replace(work, options, holder)
  if (options.answer === 'reuse') return reuse(options, holder)
  const taken = new Set(rows.flatMap(namesOf))
  if (prompt.isInteractive) return askForName(work, options, holder, taken)
  if (explicit) throw nameTaken(name)
  const free = freeName(name, taken)
  const same = holder.ImageID === image ? 'this image' : 'another image'
  notice(`A container ${name} of ${same} exists already, so this one is called ${free}.`)
  return {kind: 'new', name: free}
}

function reuse({image, name}: ChooseNameOptions, holder: ContainerRow): ChosenName {
  if (!isReusable(holder, image))
    throw new UsageError(`The container ${name} does not run this package: it cannot be reused.`, {
      code: 'name-taken',
      hint: 'Remove it with --replace, or give the new one another --name.',
      data: {name},
    })
  return {kind: 'reuse', container: holder.Id, name}
}

async function replace(
  {engine, notice}: Pick<EngineWork, 'engine' | 'notice'>,
  {name}: ChooseNameOptions,
  holder: ContainerRow,
): Promise<ChosenName> {
  await engine.removeContainer(holder.Id, {force: true, volumes: isPackage(holder)})
  notice(`Removed the container ${name} that was there (image ${printable(holder.Image)}).`)
  return {kind: 'new', name}
}

function isPackage({Labels}: ContainerRow): boolean {
  return Labels?.['com.keg.role'] === 'package'
}

function isReusable(holder: ContainerRow, image: string): boolean {
  return isPackage(holder) && holder.ImageID === image
}

async function askForName(
  work: EngineWork,
  options: ChooseNameOptions,
  holder: ContainerRow,
  taken: ReadonlySet<string>,
): Promise<ChosenName> {
  const {prompt} = work
  const {image, name} = options
  const free = freeName(name, taken)
  const reuseIt = {name: `Use it as it is (its ports and environment stay)`, value: 'reuse'} as const
  const replaceIt = {
    name: isPackage(holder)
      ? 'Replace it: remove it with its anonymous volumes'
      : 'Replace it: remove it, though keg did not create it',
    value: 'replace',
  } as const
  const answer = await prompt.choose<'reuse' | 'replace' | 'free' | 'other'>(
    `A container ${name} exists already (${holder.State}, image ${holder.Image}). What now?`,
    [
      ...(isReusable(holder, image) ? [reuseIt] : []),
      {name: `Call the new one ${free}`, value: 'free'},
      {name: 'Call the new one something else', value: 'other'},
      replaceIt,
    ],
    {flag: '--name, --reuse or --replace'},
  )
  switch (answer) {
    case 'reuse':
      return reuse(options, holder)
    case 'free':
      return {kind: 'new', name: free}
    case 'other': {
      const validate = (text: string): true | string => isFree(text, taken)
      return {kind: 'new', name: await prompt.text('What should the new one be called?', {flag: '--name', validate})}
    }
    case 'replace':
      return replace(work, options, holder)
  }
}

function isFree(text: string, taken: ReadonlySet<string>): true | string {
  try {
    return taken.has(checkContainerName(text)) ? 'That name is taken too.' : true
  } catch (error) {
    if (error instanceof UsageError) return `${error.message}. ${error.hint ?? ''}`
    throw error
  }
}

/** The error for a given name that is taken. */
export function nameTaken(name: string): UsageError {
  return new UsageError(`A container ${name} exists already.`, {
    code: 'name-taken',
    hint: `Choose another --name, or remove it with --replace. Use --reuse for a container of the same package.`,
    data: {name},
  })
}

/** Names without the slash; one with two slashes is a link of another container. */
function namesOf(row: ContainerRow): string[] {
  return (row.Names ?? []).flatMap((name) => (name.lastIndexOf('/') === 0 ? [name.slice(1)] : []))
}
