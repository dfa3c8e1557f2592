import {randomUUID} from 'node:crypto'
import {mkdir, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {stateFolder, stateUnwritable} from './state-folder.js'
import {readOwner, stateOf, thisOwner} from '../maintenance/owner.js'

/**
 * What one keg at a time does: to look for sessions and make one, to read what the user set and write it anew, to make the
 * containers of a tap.
 */
export type TurnSubject = 'configuration' | 'start' | 'sync'

/** Whose turn it is. */
export interface TurnOptions {
  readonly environment: NodeJS.ProcessEnv
  readonly signal: AbortSignal
  /** Which one of a subject it is about, where several can be worked at side by side; fit to begin a file's name. */
  readonly name?: string
}

/**
 * Has one keg of this user at a time do what belongs to a subject: between reading and writing nobody else may write. Everybody
 * who wants the turn has a file of his own, named by chance, and has the turn once no other file is there. So a file that a
 * dead keg left can be removed by anyone: its name never comes back, and nobody can take a living one's turn away by mistake.
 * @throws FailedError `state-unwritable`, the reason of the signal, and what the work throws
 */
export async function inTurn<T>(
  subject: TurnSubject,
  {environment, name: about = '', signal}: TurnOptions,
  work: () => Promise<T>,
): Promise<T> {
  const folder = join(stateFolder(environment), subject, 'turns')
  const name = `${about}${randomUUID()}.json`
  try {
    await waitForTurn(folder, name, signal)
    return await work()
  } finally {
    await rm(join(folder, name), {force: true}).catch(() => undefined)
  }
}

async function waitForTurn(folder: string, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    await announce(folder, name)
    const others = await livingOthers(folder, name)
    if (others.length === 0) return
    // Of those who see each other the first by name stays, until the others are through or have stood back.
    const isFirst = others.every((other) => name < other)
    if (!isFirst) await rm(join(folder, name), {force: true})
    await sleep(SHORTEST_WAIT + Math.random() * SHORTEST_WAIT, undefined, {signal}).catch(() => undefined)
  }
}

const SHORTEST_WAIT = 30

/** Of the part of a file's name that is made by chance. */
const UNIQUE_LENGTH = `${'0'.repeat(36)}.json`.length

async function announce(folder: string, name: string): Promise<void> {
  // Nobody may read half of it, and take its owner for dead.
  const draft = join(folder, `${name}.draft`)
  try {
    await mkdir(folder, {recursive: true, mode: 0o700})
    await writeFile(draft, JSON.stringify(thisOwner()), {mode: 0o600})
    await rename(draft, join(folder, name))
  } catch (cause) {
    await rm(draft, {force: true}).catch(() => undefined)
    throw stateUnwritable(folder, cause)
  }
}

/** The files of the others who are at work; those of the dead are removed. */
async function livingOthers(folder: string, own: string): Promise<string[]> {
  const about = own.slice(0, -UNIQUE_LENGTH)
  const names = (await readdir(folder)).filter((name) => {
    return name.endsWith('.json') && name !== own && name.slice(0, -UNIQUE_LENGTH) === about
  })
  const living = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name)
      const text = await readFile(file, 'utf8').catch(() => undefined)
      if (text === undefined) return []
      const owner = readOwner(text)
      if (owner !== undefined && stateOf(owner) !== 'dead') return [name]
      await rm(file, {force: true})
      return []
    }),
  )
  return living.flat()
}
