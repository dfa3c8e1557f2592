import {readUserConfiguration} from '../../config/user-configuration.js'

/** What the words of a command line say of the tap. */
export interface TakenTapName {
  /** Undefined where the first word is no linked tap: then the tap of the current folder is meant. */
  readonly name: string | undefined
  readonly rest: string[]
}

/** Takes a tap's name off the front of a command's words, where it stands there. @throws what readUserConfiguration does */
export async function takeTapName(words: readonly string[], environment: NodeJS.ProcessEnv): Promise<TakenTapName> {
  const [first, ...rest] = words
  if (first === undefined) return {name: undefined, rest}
  const {taps} = await readUserConfiguration(environment)
  return taps.has(first) ? {name: first, rest} : {name: undefined, rest: [...words]}
}
