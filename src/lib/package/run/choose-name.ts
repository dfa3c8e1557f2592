import type {Questions} from '../../command/ask.js'
import type {Engine} from '../../engine/engine.js'
import type {ContainerRow} from '../../engine/types.js'
import {UsageError} from '../../error/keg-error.js'
import {checkContainerName, freeName} from './container-name.js'

/** What is known when a name is looked for. */
export interface ChooseNameOptions {
  readonly engine: Engine
  readonly name: string
  /** Given with `--name`, not derived. */
  readonly explicit: boolean
  /** Id of the image that is to run. */
  readonly image: string
  readonly questions: Questions
  readonly say: (line: string) => void
}

/** A name for a new container, or the container to use as it is. */
export type ChosenName =
  | {readonly kind: 'new'; readonly name: string}
  | {readonly kind: 'reuse'; readonly container: string; readonly name: string}

/**
 * Finds the container's name. One that is taken: on a terminal the user reuses, replaces or renames; without one a derived name gets a
 * number, and a name that was given is an error.
 * @throws UsageError `name-taken`.
 */
export async function chooseName(options: ChooseNameOptions): Promise<ChosenName> {
  const {engine, explicit, image, name, questions, say} = options
  const rows = await engine.containers()
  const holder = rows.find((row) => namesOf(row).includes(name))
  if (holder === undefined) return {kind: 'new', name}
  const taken = new Set(rows.flatMap(namesOf))
  if (questions.possible) return askForName(options, holder, taken)
  if (explicit) throw nameTaken(name)
  const free = freeName(name, taken)
  const same = holder.ImageID === image ? 'this image' : 'another image'
  say(`A container ${name} of ${same} exists already, so this one is called ${free}.`)
  return {kind: 'new', name: free}
}

async function askForName(
  {engine, image, name, questions}: ChooseNameOptions,
  holder: ContainerRow,
  taken: ReadonlySet<string>,
): Promise<ChosenName> {
  const isPackage = holder.Labels?.['com.keg.role'] === 'package'
  const free = freeName(name, taken)
  const reuse = {name: `Use it as it is (its ports and environment stay)`, value: 'reuse'} as const
  const replace = {
    name: isPackage ? 'Replace it: remove it with its anonymous volumes' : 'Replace it: remove it, it is not of keg',
    value: 'replace',
  } as const
  const answer = await questions.choose<'reuse' | 'replace' | 'free' | 'other'>(
    `A container ${name} exists already (${holder.State}, image ${holder.Image}). What now?`,
    [
      ...(isPackage && holder.ImageID === image ? [reuse] : []),
      {name: `Call the new one ${free}`, value: 'free'},
      {name: 'Call the new one something else', value: 'other'},
      replace,
    ],
    {flag: '--name'},
  )
  switch (answer) {
    case 'reuse':
      return {kind: 'reuse', container: holder.Id, name}
    case 'free':
      return {kind: 'new', name: free}
    case 'other': {
      const validate = (text: string): true | string => isFree(text, taken)
      return {kind: 'new', name: await questions.text('What shall it be called?', {flag: '--name', validate})}
    }
    case 'replace':
      await engine.removeContainer(holder.Id, {force: true, volumes: isPackage})
      return {kind: 'new', name}
  }
}

function isFree(text: string, taken: ReadonlySet<string>): true | string {
  try {
    return taken.has(checkContainerName(text)) ? 'That one is taken as well.' : true
  } catch (error) {
    if (error instanceof UsageError) return `${error.message}. ${error.hint ?? ''}`
    throw error
  }
}

/** The error for a name that was given and is taken. */
export function nameTaken(name: string): UsageError {
  return new UsageError(`There is a container ${name} already.`, {
    code: 'name-taken',
    hint: `Give another --name, or remove it with: docker rm -f -v ${name}`,
    data: {name},
  })
}

/** Names without the slash; what has two is a link of another container. */
function namesOf(row: ContainerRow): string[] {
  return (row.Names ?? []).flatMap((name) => (name.lastIndexOf('/') === 0 ? [name.slice(1)] : []))
}
