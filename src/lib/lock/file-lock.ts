import {randomUUID} from 'node:crypto'
import {readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {makeFolder} from '../process/make-folder.js'
import {stateFolder, stateUnwritable} from '../process/state-folder.js'
import {readOwner, processOwnerState, thisOwner} from './process-owner.js'
import type {Work} from '../work/work.js'

/**
 * What only one keg at a time does: find sessions and create one, read and write the user's settings, create the containers
 * of a tap.
 */
export type LockSubject = 'configuration' | 'start' | 'sync'

/**
 * What to lock: a subject, or one item of it if several can be worked on side by side; its name becomes the start of a file
 * name.
 */
export type LockTarget = LockSubject | {readonly subject: LockSubject; readonly name: string}

/**
 * Runs work under a lock, one keg of this user at a time. Every contender has its own, randomly named file, and has the lock
 * once no other file exists. So anyone can remove a dead keg's file: its name never comes back, and nobody can take a
 * running keg's lock by mistake.
 * @throws FailedError `state-unwritable`, the reason of the signal, and what the work throws
 */
export async function withLock<T>(
  {environment, signal}: Pick<Work, 'environment' | 'signal'>,
  target: LockTarget,
  work: () => Promise<T>,
): Promise<T> {
  const {name: prefix, subject} = typeof target === 'string' ? {subject: target, name: ''} : target
  const folder = join(stateFolder(environment), subject, 'turns')
  const name = `${prefix}${randomUUID()}.json`
  try {
    await waitForLock(folder, name, signal)
    return await work()
  } finally {
    await rm(join(folder, name), {force: true}).catch(() => undefined)
  }
}

async function waitForLock(folder: string, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    signal.throwIfAborted()
    await writeLockFile(folder, name)
    const others = await findOtherLocks(folder, name)
    if (others.length === 0) return
    // Of those who see each other, the first by name stays, and the others step back and try again.
    const isFirst = others.every((other) => name < other)
    if (!isFirst) await rm(join(folder, name), {force: true})
    await sleep(MIN_WAIT + Math.random() * MIN_WAIT, undefined, {signal}).catch(() => undefined)
  }
}

const MIN_WAIT = 30

/** The length of the random part of a file's name. */
const UNIQUE_LENGTH = `${'0'.repeat(36)}.json`.length

async function writeLockFile(folder: string, name: string): Promise<void> {
  // Written atomically: a half-read file would look like a dead owner's.
  const draft = join(folder, `${name}.draft`)
  try {
    await makeFolder(folder, 0o700)
    await writeFile(draft, JSON.stringify(thisOwner()), {mode: 0o600})
    await rename(draft, join(folder, name))
  } catch (cause) {
    await rm(draft, {force: true}).catch(() => undefined)
    throw stateUnwritable(folder, cause)
  }
}

/** The files of other running kegs; removes those of dead ones. */
async function findOtherLocks(folder: string, own: string): Promise<string[]> {
  const prefix = own.slice(0, -UNIQUE_LENGTH)
  const names = (await readdir(folder)).filter((name) => {
    return name.endsWith('.json') && name !== own && name.slice(0, -UNIQUE_LENGTH) === prefix
  })
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name)
      const text = await readFile(file, 'utf8').catch(() => undefined)
      if (text === undefined) return []
      const owner = readOwner(text)
      if (owner !== undefined && processOwnerState(owner) !== 'dead') return [name]
      await rm(file, {force: true})
      return []
    }),
  )
  return found.flat()
}
